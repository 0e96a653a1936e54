"""The whole private study on real TFX, with components of TFX' own attached."""

import importlib.util
import json
import os
import subprocess
import sys

import pytest
from conftest import ROOT

from tfrwc.privacy import insecure_test_key
from tfrwc.privacy.keys import KEY_VARIABLE

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("tfx") is None,
    reason="TFX is not installed here: make tfx-check",
)

KEY = insecure_test_key("tfx")
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
    *("StatisticsGen", "SchemaGen", "Pusher"),
}
BRANCH = {
    *("RWCTrainer-dp_sgd_4-seed-0", "PrivacyEvaluator-dp_sgd_4-seed-0"),
    *("ModelBlesser", "SavedModelPusher", "Pusher", "ReportGen"),
}


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    """A trial, the same with another epsilon, and its specification for Kubeflow."""
    out = tmp_path_factory.mktemp("tfx") / "run"
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(ROOT / "pipelines" / "tfx"), str(out)],
        env=os.environ | {KEY_VARIABLE: KEY.hex()},
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


def test_data_budgets_and_folders_are_asked_for_at_run_time(out):
    root = json.loads((out / "pipeline.json").read_text())["pipelineSpec"]["root"]
    asked = root["inputDefinitions"]["parameters"]
    names = {"dataset", "data_folder", "serving_folder", "epsilon_4"}
    assert names <= set(asked)
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
