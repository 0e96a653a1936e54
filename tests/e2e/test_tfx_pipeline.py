"""The whole private study on real TFX, with components of TFX' own attached."""

import importlib.util
import json
import os
import subprocess
import sys

import numpy as np
import pytest
from conftest import ROOT

from tfrwc.privacy import insecure_test_key
from tfrwc.privacy.keys import KEY_VARIABLE

pytestmark = [
    pytest.mark.skipif(
        importlib.util.find_spec("tfx") is None,
        reason="TFX is not installed here: make tfx-check",
    ),
    # Many processes that import TFX, beside whatever else the machine does.
    pytest.mark.timeout(3600),
]

KEY, GPU = insecure_test_key("tfx"), "NVIDIA_TESLA_T4"
RUN = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import kubeflow_v2_runner, local_runner
from tfrwc.studies.privacy.trial import Trial
out = Path(sys.argv[2])
for epsilon in (8.0, 4.0):
    trial = Trial(model="resnet10_tiny", epochs=4, seeds=(0,), epsilons=(epsilon,),
                  mechanisms=("shift_1",))
    local_runner.run(out, trial)
    (out / f"done_{epsilon:g}").touch()
kubeflow_v2_runner.compile_pipeline(out / "pipeline.json", trial)
"""
STEPS = {
    *("ImageExampleGen", "PrivateExampleGen-shift_1-seed-0", "ReportGen"),
    *("RWCTrainer-non_private-seed-0", "PrivacyEvaluator-non_private-seed-0"),
    *("RWCTrainer-shift_1-seed-0", "PrivacyEvaluator-shift_1-seed-0"),
    *("RWCTrainer-dp_sgd_8-seed-0", "PrivacyEvaluator-dp_sgd_8-seed-0"),
    *("ModelBlesser", "SavedModelPusher"),
    *("StatisticsGen", "SchemaGen", "Evaluator", "Pusher"),
}
BRANCH = {
    *("RWCTrainer-dp_sgd_4-seed-0", "PrivacyEvaluator-dp_sgd_4-seed-0"),
    *("ModelBlesser", "SavedModelPusher", "Evaluator", "Pusher", "ReportGen"),
}


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    """A trial, the same with another epsilon, and its specification for Kubeflow."""
    out = tmp_path_factory.mktemp("tfx") / "run"
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(ROOT / "pipelines" / "tfx"), str(out)],
        env=os.environ | {KEY_VARIABLE: KEY.hex(), "TFRWC_ACCELERATOR": GPU},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert KEY.hex() not in done.stdout + done.stderr
    return out


def executions(out):
    """State of each execution and its node, from the oldest."""
    from ml_metadata.proto.metadata_store_pb2 import Execution
    from tfx.orchestration.metadata import Metadata, sqlite_metadata_connection_config

    path = out / "metadata.sqlite"
    found = []
    with Metadata(sqlite_metadata_connection_config(str(path))) as metadata:
        store = metadata.store
        for one in sorted(store.get_executions(), key=lambda one: one.id):
            [node] = [
                context.name.partition(".")[2]
                for context in store.get_contexts_by_execution(one.id)
                if context.type == "node"
            ]
            state = Execution.State.Name(one.last_known_state)
            found.append((node, state))
    return found


def outputs(out, node, name):
    """The folders of an output, from the oldest."""
    folders = (out / "pipeline" / node / name).iterdir()
    return sorted(folders, key=lambda folder: int(folder.name))


def test_every_step_ran_and_then_one_branch(out):
    found = executions(out)
    assert {state for _, state in found} == {"COMPLETE", "CACHED"}
    first, second = found[: len(STEPS)], found[len(STEPS) :]
    assert {node for node, _ in first} == STEPS
    assert {state for _, state in first} == {"COMPLETE"}
    assert {node for node, state in second if state == "COMPLETE"} == BRANCH
    assert len(second) == len(STEPS)


def test_the_report_is_that_of_the_local_runner(out):
    for report, epsilon in zip(outputs(out, "ReportGen", "report"), "84", strict=True):
        results = json.loads((report / "results.json").read_text())
        names = [arm["name"] for arm in results["training"]["arms"]]
        assert names == ["non_private", "shift_1", f"dp_sgd_{epsilon}"]
        page = (report / "report.html").read_text()
        assert page.startswith("<!doctype html>")


def test_tfx_reads_the_examples(out):
    import tensorflow_data_validation as tfdv

    [schema] = outputs(out, "SchemaGen", "schema")
    found = tfdv.load_schema_text(str(schema / "schema.pbtxt"))
    assert {feature.name for feature in found.feature} == {"image", "label"}
    [statistics] = outputs(out, "StatisticsGen", "statistics")
    assert {path.name for path in statistics.iterdir()} == {
        *("Split-train", "Split-eval", "Split-test")
    }


def measured(result):
    """What TFMA measured on all examples, of both classes and of class 1, by name."""
    [(_, by_output)] = result.slicing_metrics
    parts = by_output[""].values()
    return {
        name: value["doubleValue"] for part in parts for name, value in part.items()
    }


def served(out, node):
    """What a trained network answers to the test images, and their labels.

    Args:
        out: folder of the runs.
        node: ending of the ids of its training and evaluation.
    """
    from tfrwc.models.saved import read_served
    from tfrwc.studies.example_sets import read_task

    [model] = outputs(out, f"RWCTrainer-{node}", "model")
    [examples] = outputs(out, "ImageExampleGen", "examples")
    images = read_task(examples).test
    return np.asarray(read_served(model)(images.x), np.float64), images.y


def ours(out, node):
    """What we measured of a trained network, by TFMA's names; as of `served`."""
    [folder] = outputs(out, f"PrivacyEvaluator-{node}", "evaluation")
    test = json.loads((folder / "evaluation.json").read_text())["test"]
    p, y = served(out, node)
    names = {
        **{"auc": "auc", "binary_accuracy": "accuracy", "recall": "sensitivity"},
        **{"sparse_categorical_accuracy": "accuracy", "specificity": "specificity"},
        "balanced_accuracy": "balanced_accuracy",
    }
    return {name: test[measure]["value"] for name, measure in names.items()} | {
        "example_count": len(p),
        "sparse_categorical_crossentropy": -np.log(p[np.arange(len(p)), y]).mean(),
        "calibration": p[:, 1].sum() / y.sum(),
        "mean_prediction": p[:, 1].mean(),
        "mean_label": y.mean(),
    }


def test_tfma_measures_what_we_do(out, tmp_path, monkeypatch):
    import tensorflow_model_analysis as tfma

    monkeypatch.syspath_prepend(ROOT / "pipelines" / "tfx")
    from evaluation import eval_config

    config = eval_config()
    [auc] = [m for m in config.metrics_specs[1].metrics if m.class_name == "AUC"]
    [folder] = outputs(out, "PrivacyEvaluator-non_private-seed-0", "evaluation")
    p = np.unique(np.load(folder / "predictions.npz")["test"].astype(np.float64))
    # One threshold between each two answers, so that no pair is in doubt.
    between = [-0.1, *((p[1:] + p[:-1]) / 2).tolist(), 1.1]
    auc.config = json.dumps({"thresholds": between})
    [model] = outputs(out, "RWCTrainer-non_private-seed-0", "model")
    [examples] = outputs(out, "ImageExampleGen", "examples")
    result = tfma.run_model_analysis(
        tfma.default_eval_shared_model(
            str(model / "Format-Serving"), eval_config=config
        ),
        config,
        data_location=str(examples / "Split-test" / "*"),
        output_path=str(tmp_path),
    )
    found, expected = measured(result), ours(out, "non_private-seed-0")
    # A network that has learned so little answers alike to images of both classes, and
    # rounding, which differs by the batch, decides which of some pairs is above.
    assert found.pop("auc") == pytest.approx(expected.pop("auc"), abs=1e-3)
    assert found == pytest.approx(expected, rel=0, abs=1e-6)


@pytest.mark.parametrize(("number", "epsilon"), [(0, 8), (1, 4)])
def test_the_evaluator_of_tfx_measures_what_we_do(out, number, epsilon):
    import tensorflow_model_analysis as tfma

    folder = outputs(out, "Evaluator", "evaluation")[number]
    found = measured(tfma.load_eval_result(str(folder)))
    expected = ours(out, f"dp_sgd_{epsilon}-seed-0")
    assert found.pop("auc") == pytest.approx(expected.pop("auc"), abs=1e-3)
    assert found == pytest.approx(expected, rel=0, abs=1e-6)


def test_tfx_pushes_what_is_blessed_and_nothing_else(out):
    blessed = [
        (folder / "BLESSED").exists()
        for folder in outputs(out, "ModelBlesser", "blessing")
    ]
    pushed = list((out / "saved_models" / "tfx").glob("*/saved_model.pb"))
    assert len(pushed) == sum(blessed)
    ours = list((out / "saved_models" / "tfrwc").glob("*/*/saved_model.pb"))
    assert len(ours) == sum(blessed)


def test_the_key_is_nowhere(out):
    for path in out.rglob("*"):
        assert path.is_dir() or KEY.hex().encode() not in path.read_bytes()


def test_the_pipeline_compiles_for_kubeflow(out):
    specification = json.loads((out / "pipeline.json").read_text())["pipelineSpec"]
    tasks = specification["root"]["dag"]["tasks"]
    assert set(tasks) == STEPS - {
        *("RWCTrainer-dp_sgd_8-seed-0", "PrivacyEvaluator-dp_sgd_8-seed-0")
    } | {node for node in BRANCH if "dp_sgd_4" in node}


def test_steps_have_the_machines_that_are_configured(out):
    specification = json.loads((out / "pipeline.json").read_text())["pipelineSpec"]
    executors = specification["deploymentSpec"]["executors"]
    found = {
        name.removesuffix("_executor"): executor["container"].get("resources")
        for name, executor in executors.items()
    }
    gpu = {"type": GPU, "count": "1"}
    trainer = {"cpuLimit": 8.0, "memoryLimit": 32.0, "accelerator": gpu}
    evaluator = {"cpuLimit": 4.0, "memoryLimit": 16.0}
    for name, resources in found.items():
        expected = {"RWCTrainer": trainer, "PrivacyEvaluator": evaluator}
        assert resources == expected.get(name.partition("-")[0]), name
    assert len([one for one in found.values() if one == trainer]) == 3


def test_data_budgets_and_folders_are_asked_for_at_run_time(out):
    job = json.loads((out / "pipeline.json").read_text())
    root = job["pipelineSpec"]["root"]
    asked = root["inputDefinitions"]["parameters"]
    defaults = job["runtimeConfig"]["parameters"]
    assert set(asked) == set(defaults)
    assert defaults == {
        "dataset": {"stringValue": "digits"},
        "data_folder": {"stringValue": ""},
        "serving_folder": {"stringValue": "/gcs/bucket/saved_models/tfrwc"},
        "epsilon_4": {"doubleValue": 4.0},
    }
    [task] = [
        t
        for n, t in root["dag"]["tasks"].items()
        if n.endswith("dp_sgd_4-seed-0") and n.startswith("RWCTrainer")
    ]
    epsilon = task["inputs"]["parameters"]["epsilon"]
    assert epsilon == {"componentInputParameter": "epsilon_4"}


def test_containers_find_executors_and_types_by_their_names(out):
    specification = json.loads((out / "pipeline.json").read_text())["pipelineSpec"]
    names = set()
    for executor in specification["deploymentSpec"]["executors"].values():
        arguments = executor["container"]["args"]
        names.add(arguments[arguments.index("--executor_class_path") + 1])
    names |= {
        f"tfrwc.{kind}"
        for kind in ("TfrwcRecording", "TfrwcTrends", "TfrwcPrivacyStatement")
    }
    ours = sorted(name for name in names if name.startswith("tfrwc"))
    assert len(ours) >= 8
    script = (
        "import sys; from tfx.utils.import_utils import import_class_by_path as found\n"
        "for name in sys.argv[1:]: print(found(name).__module__)"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script, *ours],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    executors = len(ours) - 3
    assert done.stdout.split() == [
        *["tfrwc.components.engine.tfx"] * 3,
        *["tfrwc.components.pipelines.tfx"] * executors,
    ]
