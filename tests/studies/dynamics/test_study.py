"""Claims decided from planted trials; a study of real ones, as a person runs it."""

import importlib.util
import itertools
import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT
from PIL import Image
from sklearn.metrics import adjusted_rand_score

from tfrwc import Recording, datasets, models
from tfrwc.dynamics import block_effect
from tfrwc.studies.dynamics import claims as dynamics_claims
from tfrwc.studies.dynamics import trials as dynamics_trials
from tfrwc.studies.dynamics import verdicts
from tfrwc.studies.dynamics.claims import Outcome
from tfrwc.studies.dynamics.trial import Trial, load_images
from tfrwc.studies.dynamics.trials import ACCURACY, PUBLISHED, REDUCED

LAYERS, EPOCHS, SEEDS = 24, 12, (0, 1, 2)
SIZES = np.geomspace(1e3, 1e6, LAYERS).astype(int)


def planted(rng, task="cifar10", late=0.0, error=0.3, shapes=True):
    """A trial whose late layers change exp(late) times as much as the early ones.

    Layers have one of two shapes of curve, the same for each seed if `shapes`.
    """
    trial = Trial(task, "resnet18_narrow", EPOCHS, SEEDS, images=100)
    layers = pd.DataFrame(
        {
            "name": [f"layer{i}/kernel" for i in range(LAYERS)],
            "path": "",
            "kind": "Conv2D",
            "shape": [(int(size), 1) for size in SIZES],
            "size": SIZES,
            "depth": np.arange(LAYERS),
        }
    )
    t = np.linspace(0, 1, EPOCHS)
    curves = np.array([-3 * t, -3 * (2 * t - 1) ** 2])
    kinds = rng.integers(2, size=LAYERS)
    recordings = []
    for _ in SEEDS:
        of_seed = kinds if shapes else rng.permutation(kinds)
        logs = curves[of_seed] + np.linspace(-late / 2, late / 2, LAYERS)[:, None]
        logs += 0.1 * rng.normal(size=logs.shape) - 3
        # What the coded measure reads of Gaussian weights.
        coded = logs + np.log(2 / np.pi * np.log(SIZES))[:, None]
        recording = Recording(layers, ["l1_ratio", "elementwise_mean"])
        for epoch in range(EPOCHS):
            values = np.exp([logs[:, epoch], coded[:, epoch]])
            recording.append(epoch, epoch + 1, values, np.zeros((2, LAYERS)), {})
        recordings.append(recording)
    results = {
        "accuracy": {"mean": 1 - error, "per_seed": {"0": 1 - error}},
        "data": {"majority_rate": 0.1},
        "block_effect": {"l1_ratio": block_effect(recordings).to_dict("records")},
        "trends": {"robust": {"n_clusters": 2}},
    }
    return Outcome(trial, results, recordings)


def tasks(rng, late):
    """Four tasks, from easy to hard, with so much of an effect of depth in each."""
    names = ("mnist", "fashion_mnist", "pneumoniamnist", "cifar10")
    return [
        planted(rng, name, effect, error)
        for name, effect, error in zip(names, late, (0.01, 0.1, 0.15, 0.5), strict=True)
    ]


def decided(outcomes):
    claims, _ = dynamics_claims.assess(outcomes)
    return [claim["verdict"] for claim in claims]


def test_planted_effects_are_found():
    later, easy, these, general, size, trends, groups, kinds, accuracy = decided(
        tasks(np.random.default_rng(0), (1, 2, 3, 4))
    )
    assert later == these == size == trends == "supported"
    # The late third changes more than the middle one on easy tasks too.
    assert easy == "not supported"
    # Four tasks in perfect order have p = 1/24.
    assert general == "supported"
    assert kinds == accuracy == "not testable here"
    assert groups in ("supported", "not supported")


def test_the_opposite_effects_are_found():
    outcomes = tasks(np.random.default_rng(1), (-1, -2, -3, -4))
    later = dynamics_claims.later_layers(outcomes)
    assert {case["shows"] for case in later["cases"]} == {"opposite"}
    assert dynamics_claims.easy_tasks(outcomes)["verdict"] == "supported"
    comparisons = dynamics_claims.compare_tasks(outcomes)
    harder = dynamics_claims.harder_tasks(outcomes, comparisons, "these tasks")
    assert [case["shows"] for case in harder["cases"]] == ["opposite"]


def test_no_claim_of_depth_is_supported_without_an_effect():
    # Each of 20 sets errs with a probability of at most 0.05 by Holm's method; more
    # than 4 of them with one of at most 0.0026.
    wrong = [
        dynamics_claims.later_layers(tasks(np.random.default_rng(seed), (0, 0, 0, 0)))
        for seed in range(100, 120)
    ]
    shows = [any(c["shows"] != "unclear" for c in claim["cases"]) for claim in wrong]
    assert sum(shows) <= 4
    assert {claim["verdict"] for claim in wrong} == {"not supported"}


def test_trends_of_the_seed_alone_are_no_trends_of_the_network():
    found = dynamics_claims.same_trends(
        [planted(np.random.default_rng(seed), shapes=False) for seed in range(4)]
    )
    assert found["verdict"] == "not supported"


def test_agreement_errs_at_its_rate():
    rng = np.random.default_rng(0)
    p_values = [
        verdicts.agreement([rng.integers(3, size=30) for _ in range(3)], seed)[1]
        for seed in range(60)
    ]
    # Binomial with 60 draws of 0.05: 8 or more have a probability of 0.013.
    assert np.mean(np.array(p_values) <= 0.05) < 8 / 60
    several = [rng.integers(k, size=30) for k in (2, 3, 5)]
    pairs = itertools.combinations(several, 2)
    expected = np.mean([adjusted_rand_score(a, b) for a, b in pairs])
    assert verdicts.agreement(several)[0] == pytest.approx(expected)
    labels = rng.integers(3, size=30)
    assert verdicts.agreement([labels, (labels + 1) % 3]) == (1.0, 0.001)
    # All layers in one group say nothing of which belong together.
    assert verdicts.agreement([np.zeros(30), np.zeros(30)]) == (0.0, 1.0)


def test_networks_that_learned_nothing_say_nothing():
    outcomes = tasks(np.random.default_rng(0), (1, 2, 3, 4))
    for outcome in outcomes:
        outcome.results["accuracy"]["per_seed"]["1"] = 0.15
    assert not dynamics_claims.compare_tasks(outcomes)
    for claim in (
        dynamics_claims.later_layers(outcomes),
        dynamics_claims.easy_tasks(outcomes),
        dynamics_claims.harder_tasks(outcomes, {}, "these tasks"),
        dynamics_claims.size_of_layers(outcomes),
    ):
        assert claim["verdict"] == "not testable here"


@pytest.mark.parametrize(
    ("shows", "verdict"),
    [
        (["claim", "claim", "unclear"], "supported"),
        (["claim", "unclear"], "not supported"),
        (["claim", "claim", "opposite"], "not supported"),
        (["claim", "not testable"], "supported"),
        (["not testable"], "not testable here"),
        ([], "not testable here"),
    ],
)
def test_rule_of_verdicts(shows, verdict):
    assert verdicts.verdict([{"shows": one} for one in shows]) == verdict


def test_freezing_decides_whether_low_change_means_near_an_optimum():
    def verdict(low, high, frozen=(4, 5)):
        lost = {"mean": (low + high) / 2, "low": low, "high": high}
        arm = {"accuracy_lost": lost, "frozen_kernels": list(frozen)}
        found = {"network": "n", "dataset": "d"}
        found["against_nothing"] = {"suggested": arm, "random": arm}
        return dynamics_claims.near_optimum(found)["verdict"]

    assert verdict(-0.01, 0.005) == "supported"
    assert verdict(0.02, 0.05) == verdict(-0.01, 0.05) == "not supported"
    assert verdict(0, 0, (0, 0)) == "not testable here"


def test_published_trials_are_the_papers():
    assert len(PUBLISHED) == 18
    assert all(trial.images is None for trial in PUBLISHED)
    assert [(t.epochs, t.training.learning_rate) for t in PUBLISHED[:4]] == [
        *((20, 0.1), (20, 0.1), (150, 0.1), (150, 0.1))
    ]
    assert {t.training.momentum for t in PUBLISHED[12:]} == {None}
    assert {t.epochs for t in PUBLISHED[12:]} == {25}
    assert ACCURACY["vgg19", "fashion_mnist"] == 0.916
    assert set(ACCURACY) == {(t.model, t.dataset) for t in PUBLISHED[:12]}


def test_reduced_trials_differ_in_the_task_only():
    for network in ("resnet18_narrow", "vgg19_narrow", "alexnet_narrow"):
        mine = [t for t in REDUCED if t.model == network]
        assert len(mine) == 4
        assert len({(t.images, t.epochs, t.training) for t in mine}) == 1


def test_images_of_a_trial():
    some = load_images("digits", 100)
    assert (len(some.x_train), len(some.x_test)) == (100, 25)
    whole = datasets.load("digits")
    assert some.majority_rate != whole.majority_rate
    again = load_images("digits", 100)
    np.testing.assert_array_equal(some.x_train, again.x_train)
    with pytest.raises(
        ValueError, match=r"1437 training images\. Received: images=9999"
    ):
        load_images("digits", 9999)
    with pytest.raises(ValueError, match="1 image or more"):
        Trial("digits", "alexnet_narrow", 2, (0,), images=0)


def test_a_learning_rate_of_its_own():
    trial = Trial("cifar10", "alexnet", 3, (0,), learning_rate=0.1)
    assert trial.training == models.Settings(0.1, 1e-4, epochs=3)
    assert trial.settings()["learning_rate"] == 0.1
    assert Trial("cifar10", "alexnet", 3, (0,)).training.learning_rate == 0.001


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


@pytest.fixture(scope="module")
def script():
    path = ROOT / "pipelines" / "learning_dynamics.py"
    spec = importlib.util.spec_from_file_location("learning_dynamics", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_study_runs_and_goes_on_where_it_stopped(
    trials, script, tmp_path, browser, monkeypatch, capsys
):
    # Eight steps teach a network nothing; the page is drawn as if they did.
    monkeypatch.setattr(dynamics_claims, "LEARNED", -1)
    monkeypatch.setitem(dynamics_trials.STUDIES, "reduced", trials)
    command = ["--out", str(tmp_path), "--study", "reduced"]
    script.main([*command, "--trial", "1"])
    first = tmp_path / trials[0].name
    assert f"{first / 'report.html'} after" in capsys.readouterr().out
    assert not (first / "saved_models").exists()
    script.main(command)
    said = capsys.readouterr().out
    assert said.count("RWCTrainer-seed-0: taken from the cache") == 1
    assert said.count("RWCTrainer-seed-0: running") == 1
    one, results = (
        json.loads((folder / "results.json").read_text())
        for folder in (first, tmp_path)
    )
    assert results["trials"][0]["seconds"] == sum(one["seconds"].values())
    assert len(results["findings"]) == len(results["claims"]) == 9
    assert list(results["comparisons"]) == ["resnet10_tiny"]
    with pytest.raises(SystemExit, match=r"trials 1 to 2\. Received: 3"):
        script.main([*command, "--trial", "3"])

    page = tmp_path / "report.html"
    browser.set_window_size(1200, 900)
    browser.get(f"file://{page}")
    text = browser.find_element("tag name", "body").text
    for claim in results["claims"]:
        assert claim["claim"] in text
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
