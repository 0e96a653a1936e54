"""The pipeline as a person runs it: interrupted, resumed, and read in a browser."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from conftest import ROOT
from e2e.quiet import check_study, environment
from e2e.studies import check_report, kill_when

import tfrwc
from tfrwc import datasets, load_recording

SCRIPT = ROOT / "pipelines" / "learning_dynamics.py"
EPOCHS, SEEDS, MODEL = 3, (0, 7), "resnet10_tiny"


def start(out, *options):
    return subprocess.Popen(
        [
            *(sys.executable, str(SCRIPT), "--out", str(out)),
            *("--epochs", str(EPOCHS), "--seeds", "0,7", "--model", MODEL, *options),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )


def kill_after(records, out, seed):
    """Kill the pipeline as soon as it has so many records of a seed, kept to go on."""
    kept = f"pipeline/RWCTrainer-seed-{seed}/model_run/progress-*/recording.parquet"

    def there():
        return [len(load_recording(path)) for path in out.glob(kept)] or [0]

    kill_when(start(out), lambda: there() >= [records])
    [last] = there()
    assert records <= last < EPOCHS


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    """Results of a run that was killed in each of its two seeds."""
    out = tmp_path_factory.mktemp("pipeline") / "run"
    kill_after(1, out, 0)
    kill_after(2, out, 7)
    last = start(out)
    said, errors = last.communicate()
    assert last.returncode == 0, errors
    assert "RWCTrainer-seed-0: taken from the cache" in said
    assert "going on after epoch" in said
    assert "report.html" in said
    return out


@pytest.fixture(scope="module")
def results(out):
    return json.loads((out / "results.json").read_text())


def test_killed_runs_end_with_every_record_once(out):
    for seed in SEEDS:
        recording = load_recording(out / "recordings" / f"seed-{seed}.parquet")
        assert recording.epochs.tolist() == [1, 2, 3]
        assert recording.steps.tolist() == [12, 24, 36]
        assert np.isfinite(recording.values("l1_ratio")).all()
        assert len(recording.layers) == 13
    assert not list(out.glob("**/progress-*"))
    assert not list(out.glob("**/*.partial"))


def test_results_hold_every_number_of_the_report(results):
    assert results["trial"]["seeds"] == [0, 7]
    assert results["trial"]["learning_rate"] == 0.1
    assert set(results["versions"]) >= {"tfrwc", "keras", "backend", "python"}
    change = np.array(results["change"]["mean"])
    assert change.shape == (13, EPOCHS)
    runs = np.array(list(results["change"]["per_seed"].values()))
    np.testing.assert_allclose(change, runs.mean(axis=0))
    assert len(results["layers"]) == 13
    assert set(results["training"]["7"]) == {
        *("loss", "accuracy", "val_loss", "val_accuracy", "learning_rate")
    }
    assert 0 < results["accuracy"]["mean"] <= 1
    assert len(results["findings"]) == 5
    for rows in results["depth_effect"].values():
        assert len(rows) == 4
        assert all(row["resampled"] == "seeds and layers" for row in rows)
        assert all(row["adjusted_low"] <= row["adjusted_high"] for row in rows)
    for rows in results["block_effect"].values():
        assert len(rows) == 3


def test_the_saved_model_predicts(out, results):
    folder = out / "saved_models" / f"digits-{MODEL}" / "1"
    model = tfrwc.load_saved_model(f"digits-{MODEL}", folder=out / "saved_models")
    assert model.manifest["training"]["seed"] == 0
    digits = datasets.load("digits")
    probabilities = model.predict(digits.x_test, verbose=0)
    accuracy = (probabilities.argmax(axis=1) == digits.y_test).mean()
    assert accuracy == pytest.approx(results["accuracy"]["per_seed"]["0"], abs=1e-6)
    first = tf.constant(digits.x_test[:5], tf.float32)
    served = tf.saved_model.load(str(folder))  # holds the variables of `serve`
    np.testing.assert_allclose(served.serve(first), probabilities[:5], atol=1e-5)


def test_another_seed_repeats_no_other(out, tmp_path):
    copy = shutil.copytree(out, tmp_path / "run")
    process = start(copy, "--seeds", "7,0,1")
    said, errors = process.communicate()
    assert process.returncode == 0, errors
    check_study(said, errors)
    lines = said.splitlines()
    ran = {line.split()[1][:-1] for line in lines if line.endswith(": running")}
    # The network of the first seed is the one that is pushed.
    assert ran == {
        *("RWCTrainer-seed-1", "DynamicsAnalyzer", "SavedModelPusher", "ReportGen")
    }
    results = json.loads((copy / "results.json").read_text())
    assert results["trial"]["seeds"] == [7, 0, 1]
    assert len(list((copy / "recordings").iterdir())) == 3


def test_the_report_in_a_browser(browser, out, results, tmp_path):
    # Alone in a folder: it must need nothing beside it.
    page = shutil.copy(out / "report.html", tmp_path)
    browser.get(f"file://{page}")
    assert browser.title == "How the layers learned: tiny ResNet-10 on digits"
    text = browser.find_element("tag name", "body").text
    for finding in results["findings"]:
        assert finding in text
    for layer in results["layers"]:
        assert layer["name"] in text
    check_report(browser, 6)
