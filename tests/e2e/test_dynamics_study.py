"""A study of several trials, as a person runs it, and its page."""

import json
import subprocess
import sys

import numpy as np
import pytest
from conftest import ROOT
from PIL import Image

from tfrwc import datasets
from tfrwc.commands import learning_dynamics
from tfrwc.studies.dynamics import outcome
from tfrwc.studies.dynamics import trials as dynamics_trials
from tfrwc.studies.dynamics.trial import Trial


@pytest.fixture(scope="module")
def trials(tmp_path_factory):
    """Two tasks for one small network: digits, and digits with much noise."""
    digits = datasets.load("digits")
    noise = np.random.default_rng(0).integers(-90, 91, digits.x_train.shape)
    noisy = np.clip(digits.x_train + noise, 0, 255).astype(np.uint8)
    folder = tmp_path_factory.mktemp("noisy")
    for i in range(300):
        path = folder / str(digits.y_train[i]) / f"{i}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(noisy[i, ..., 0]).save(path)
    return tuple(
        Trial(dataset, "resnet10_tiny", 4, (0, 1), images=200)
        for dataset in ("digits", str(folder))
    )


def test_a_study_runs_and_goes_on_where_it_stopped(
    trials, tmp_path, browser, monkeypatch, capsys
):
    # Eight steps teach a network nothing; the page is drawn as if they did.
    monkeypatch.setattr(outcome, "LEARNED", -1)
    monkeypatch.setitem(dynamics_trials.STUDIES, "reduced", trials)
    command = ["--out", str(tmp_path), "--study", "reduced"]
    learning_dynamics.main([*command, "--trial", "1"])
    first = tmp_path / trials[0].name
    assert f"{first / 'report.html'} after" in capsys.readouterr().out
    assert not (first / "saved_models").exists()
    learning_dynamics.main(command)
    said = capsys.readouterr().out
    assert said.count("RWCTrainer-seed-0: taken from the cache") == 1
    assert said.count("RWCTrainer-seed-0: running") == 1
    one, results = (
        json.loads((folder / "results.json").read_text())
        for folder in (first, tmp_path)
    )
    assert results["trials"][0]["seconds"] == sum(one["seconds"].values())
    assert len(results["findings"]) == 1 + len(results["claims"]) == 10
    assert list(results["comparisons"]) == ["resnet10_tiny"]
    with pytest.raises(SystemExit, match=r"trials 1 to 2\. Received: 3"):
        learning_dynamics.main([*command, "--trial", "3"])

    page = tmp_path / "report.html"
    browser.set_window_size(1200, 900)
    browser.get(f"file://{page}")
    text = browser.find_element("tag name", "body").text
    for claim in results["claims"]:
        assert claim["claim"] in text
    assert "earlier version" not in text
    widths = browser.execute_script(
        "return [...document.images].map(i => i.complete ? i.naturalWidth : 0)"
    )
    assert len(widths) == 4
    assert min(widths) > 500
    assert browser.get_log("browser") == []


def test_the_script_refuses_a_trial_without_a_study():
    script = ROOT / "pipelines" / "learning_dynamics.py"
    command = [sys.executable, str(script), "--out", "x", "--trial", "2"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2
    assert "--trial is a number in a --study" in done.stderr
