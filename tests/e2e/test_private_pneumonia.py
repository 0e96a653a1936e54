"""The pipeline of private images: as a person runs it, and its page in a browser."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
from conftest import ROOT
from e2e.quiet import check_study, environment
from e2e.studies import check_report, kill_when
from PIL import Image

import tfrwc
from tfrwc import components, load_recording
from tfrwc.commands import private_pneumonia
from tfrwc.components.engine.artifacts import Examples
from tfrwc.components.engine.ledger import lineage, read
from tfrwc.privacy import insecure_test_key, read_statement
from tfrwc.privacy.keys import KEY_VARIABLE
from tfrwc.privacy.release.catalogue import standard_mechanism

SCRIPT = ROOT / "pipelines" / "private_pneumonia.py"
KEY = insecure_test_key("pipeline")


TINY = ("--epochs", 1, "--seeds", 0, "--mechanisms", "shift_1", "--epsilons", 8)
TINY += ("--model", "resnet10_tiny")


def begin(*arguments):
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(**{KEY_VARIABLE: KEY.hex()}),
    )


def start(*arguments):
    process = begin(*arguments)
    out, error = process.communicate()
    return subprocess.CompletedProcess(process.args, process.returncode, out, error)


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    """Results of a run that was killed once."""
    out = tmp_path_factory.mktemp("private") / "run"
    killed = begin("--out", out, *TINY)
    done = "pipeline/PrivateExampleGen-shift_1-seed-0/private/*/about.json"
    kill_when(killed, lambda: list(out.glob(done)))
    done = start("--out", out, *TINY)
    assert done.returncode == 0, done.stderr
    check_study(done.stdout, done.stderr)
    assert KEY.hex() not in done.stdout + done.stderr
    assert "RWCTrainer-non_private-seed-0: taken from the cache" in done.stdout
    assert "RWCTrainer-shift_1-seed-0: running" in done.stdout
    return out


@pytest.fixture(scope="module")
def results(out):
    return json.loads((out / "results.json").read_text())


def test_results_hold_a_statement_for_the_release_asked_for(out, results):
    [release] = results["releases"]
    assert release["name"] == "shift_1"
    statement = standard_mechanism("shift_1", (32, 32)).statement((32, 32), delta=1e-5)
    assert release["statement"] == statement.to_dict()
    assert release["explanation"] == statement.explain()
    for path in out.rglob("*"):
        assert path.is_dir() or KEY.hex().encode() not in path.read_bytes()


def test_every_arm_is_trained_tested_and_attacked(out, results):
    training = results["training"]
    assert training["trial"]["mechanisms"] == ["shift_1"]
    assert training["trial"]["recipes"]["private"]["clip"] == 1.0
    arms = training["arms"]
    assert [arm["name"] for arm in arms] == ["non_private", "shift_1", "dp_sgd_8"]
    for arm in arms:
        assert 0 <= arm["test"]["accuracy"]["low"] <= arm["test"]["auc"]["high"] <= 1
        [row] = arm["membership"]["advantage"]
        assert row["low"] <= row["value"] <= row["high"]
        recording = load_recording(out / "recordings" / f"{arm['name']}-seed-0.parquet")
        assert len(recording) == arm["epochs"]
        np.testing.assert_allclose(arm["change"], recording.values("l1_ratio")[0])
    plain, shift, private = arms
    assert plain["statement"] is None
    assert plain["epsilon"] == shift["epsilon"] == "infinity"
    assert shift["statement"]["image_epsilon"] == "infinity"
    assert private["epsilon"] == private["statement"]["epsilon"] <= 8
    assert private["statement"]["sampling"] == "poisson"
    assert not list(out.glob("**/*.partial"))


def test_another_epsilon_repeats_only_its_branch(out, tmp_path):
    copy = shutil.copytree(out, tmp_path / "run")
    done = start("--out", copy, *TINY, "--epsilons", 4)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    ran = {line.split()[1][:-1] for line in lines if line.endswith(": running")}
    assert ran == {
        *("RWCTrainer-dp_sgd_4-seed-0", "PrivacyEvaluator-dp_sgd_4-seed-0"),
        *("ModelBlesser", "SavedModelPusher", "ReportGen"),
    }
    results = json.loads((copy / "results.json").read_text())
    names = [arm["name"] for arm in results["training"]["arms"]]
    assert names == ["non_private", "shift_1", "dp_sgd_4"]
    assert {path.name for path in (copy / "recordings").iterdir()} == {
        f"{name}-seed-0.parquet" for name in names
    }


def test_all_that_was_made_is_in_the_ledger(out):
    table = lineage(out / "pipeline").set_index("name")
    assert KEY.hex() not in table.to_csv()
    assert set(table["type"]) == {
        *("Examples", "Model", "ModelRun", "ModelEvaluation", "ModelBlessing"),
        *("PushedModel", "tfrwc.TfrwcRecording", "tfrwc.TfrwcPrivacyStatement"),
    }


def test_all_that_is_stated_was_planned(out):
    root = out / "pipeline"
    executions = [one for one in read(root) if one.state == "complete"]
    stated = [one for one in executions if "statement" in one.key["outputs"]]
    assert len(stated) == 4
    for one in stated:
        component = getattr(components, one.key["component"].rpartition(".")[2])
        inputs = dict.fromkeys(component.inputs)
        inputs["examples"] = Examples(str(root / one.key["inputs"]["examples"][0]))
        planned = component.plan(**inputs, **one.key["parameters"])
        assert planned == read_statement(root / one.uri("statement"))


def test_a_good_model_is_pushed_with_what_is_known_of_it(out, results):
    *_, private = results["training"]["arms"]
    good = private["test"]["balanced_accuracy"]["low"] > 0.5
    home = out / "saved_models" / "private-digits"
    assert home.exists() == good
    path = results["training"]["model"]["path"]
    assert path == (str(home / "1") if good else None)
    if good:
        model = tfrwc.load_saved_model("private-digits", folder=out / "saved_models")
        assert model.manifest["privacy"]["statement"]["epsilon"] == private["epsilon"]
        metrics = model.manifest["metrics"]["auc"]
        assert metrics["value"] == private["test"]["auc"]["value"]


def test_the_page_in_a_browser(browser, out, results, tmp_path):
    browser.set_window_size(1200, 900)
    page = shutil.copy(out / "report.html", tmp_path)
    browser.get(f"file://{page}")
    assert browser.title == "Is the model private, and how good is it?"
    text = browser.find_element("tag name", "body").text
    for finding in results["findings"] + results["training"]["findings"]:
        assert finding in text
    answer = browser.find_element("css selector", ".sentence")
    assert answer.text == results["training"]["findings"][0]
    assert answer.text.startswith("The model is private")
    path = results["training"]["model"]["path"]
    assert (path or "It was not put where models are served from") in answer.text
    tables = browser.find_elements("css selector", "main > .scroll table")
    trained, published, released = (
        table.find_elements("css selector", "tbody tr") for table in tables
    )
    names = ["no privacy", "images with brightness shift", "DP-SGD, epsilon 8"]
    arms = results["training"]["arms"]
    for row, name, arm in zip(trained, names, arms, strict=True):
        assert row.text.startswith(name)
        assert f"{arm['test']['auc']['value']:.3f}" in row.text
    assert len(published) == len(results["training"]["published"])
    [row] = released
    assert row.text.startswith("brightness shift, claimed epsilon 1 none")
    details = browser.find_elements("tag name", "details")
    statements = [one for one in details if "Privacy statement" in one.text]
    for one, words in zip(
        statements,
        ("The gradient of each image was scaled down", "A whole image (any two images"),
        strict=True,
    ):
        one.find_element("tag name", "summary").click()
        assert words in one.text
    check_report(browser, 3 + 1)


def test_sets_are_built_from_a_folder(tmp_path):
    rng = np.random.default_rng(0)
    for split in ("train", "val", "test"):
        for label, name in (("NORMAL", "IM-1-1"), ("PNEUMONIA", "person1_virus_1")):
            folder = tmp_path / "chest_xray" / split / label
            folder.mkdir(parents=True)
            for i in range(4):
                image = Image.fromarray(rng.integers(0, 256, (64, 64), np.uint8))
                image.save(folder / f"{name}{i}.jpeg")
    done = start(
        "--out", tmp_path / "out", "--xrays", tmp_path, "--build", "dppix_4,shift_1"
    )
    assert done.returncode == 0, done.stderr
    for name in ("dppix_4", "shift_1"):
        built = tmp_path / "out" / "data" / "private_pneumonia" / name / "1.0.0"
        assert json.loads((built / "privacy_statement.json").read_text())
    (tmp_path / "chest_xray" / "val" / "NORMAL" / "IM-9-9.jpeg").write_bytes(b"")
    done = start("--out", tmp_path / "2", "--xrays", tmp_path, "--build", "dppix_4")
    assert done.returncode == 1
    assert "val/NORMAL/IM-9-9.jpeg is empty" in done.stderr
    assert "Traceback" not in done.stderr
    (tmp_path / "chest_xray" / "train" / "NORMAL" / "IM-8-8.jpeg").write_bytes(b"")
    done = start(
        *("--out", tmp_path / "3", "--xrays", tmp_path, "--build", "dppix_4"),
        *("--bad-files", "skip"),
    )
    assert done.returncode == 0, done.stderr
    assert "not in the report: train/NORMAL/IM-8-8.jpeg is empty" in done.stdout
    built = tmp_path / "3" / "data" / "private_pneumonia" / "dppix_4" / "1.0.0"
    assert json.loads((built / "build_report.json").read_text())["skipped"] == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--build", "all"), "--build needs --xrays"),
        (("--runner", "Flink"), "without --engine beam"),
        (("--engine", "beam"), "--engine beam is for --build"),
        (("--xrays", ".", "--build", "laplace"), "There is no release laplace"),
        (("--xrays", "."), "There are no X-rays in"),
        (("--xrays", ".", "--dataset", "digits"), "leave out --dataset"),
        (("--dataset", "mnist"), "There is no dataset 'mnist'. Choose one of digits"),
        (("--mechanisms", "laplace"), "There is no release laplace"),
        (("--epsilons", "1,1"), "epsilons must be different"),
    ],
)
def test_mistakes_are_named(arguments, message, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv(KEY_VARIABLE, KEY.hex())
    with pytest.raises(SystemExit) as ended:
        private_pneumonia.main(["--out", str(tmp_path / "out"), *arguments])
    # A text is what Python prints to standard error, with status 1.
    assert ended.value.code not in (None, 0)
    said = f"{ended.value.code}\n{capsys.readouterr().err}"
    assert message in said
    assert "Traceback" not in said
    assert not (tmp_path / "out").exists()


def test_the_script_names_a_mistake(tmp_path):
    done = start("--out", tmp_path / "out", "--build", "all")
    assert done.returncode == 2
    assert "--build needs --xrays" in done.stderr
    assert "Traceback" not in done.stderr
