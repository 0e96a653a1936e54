"""The study of the optimal β, and its pipeline as a person runs it."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from conftest import ROOT

import tfrwc
from tfrwc import load_recording
from tfrwc.datasets import sprites
from tfrwc.disentangle import theory
from tfrwc.report import beta_figures
from tfrwc.studies.beta import images as beta_images
from tfrwc.studies.beta import study, worlds
from tfrwc.studies.beta.study import Trial

SCRIPT = ROOT / "pipelines" / "optimal_beta.py"


@pytest.mark.parametrize("cosine", worlds.COSINES)
def test_the_best_beta_of_trained_encoders_is_the_exact_one(cosine):
    """Within 5 %, with the true decoder; in practice within 1 %."""
    found = worlds.true_decoder(cosine, (0, 1), 30, None, 0)
    optimum = found["optimum"]
    assert optimum["exact"] == theory.optimal_beta(theory.mixing(cosine), 0.5).beta
    assert optimum["relative_error"] < 0.05
    assert optimum["low"] < optimum["trained"] < optimum["high"]
    assert optimum["high"] / optimum["low"] < 1.2
    assert optimum["non_monotonic"]
    reference = dict(
        zip(found["reference"]["beta"], found["reference"]["log_q"], strict=True)
    )
    for row in found["trained"]:
        # Below the optimum q is narrow, and magnifies what is left of the errors.
        if row["beta"] >= optimum["exact"]:
            assert row["log_q"] == pytest.approx(reference[row["beta"]], abs=0.01)


def test_errors_of_means():
    exact = [
        {"beta": beta, "objective": -4.0, "rate": rate, "distortion": 2.0}
        for beta, rate in ((0.25, 9.0), (0.5, 1.0), (8.0, 0.01), (16.0, 0.0))
    ]
    trained = [
        row | {"seed": seed, "rate": rate, "objective": -4.4 + seed}
        for row, rates in zip(
            exact, ([5, 6], [0.9, 1.2], [0.008, 0.013], [0.1, 0.3]), strict=True
        )
        for seed, rate in enumerate(rates)
    ]
    found = worlds.errors_of_means(exact, trained)
    # Means 1.05 and 0.0105; at 0.25 and where the rate is 0 there is none.
    assert found == pytest.approx({"objective": 0.025, "rate": 0.05, "distortion": 0})


def test_samples_have_the_covariance_asked_for():
    A = theory.mixing(0.6, n=5)
    x = worlds._matched(A)
    np.testing.assert_allclose(
        np.cov(x.T, bias=True), A @ A.T + 0.25 * np.eye(5), atol=1e-5
    )
    np.testing.assert_allclose(x.mean(axis=0), 0, atol=1e-6)


def test_the_peak_between_the_points():
    betas = 2.0 ** np.arange(-2, 5.5, 0.5)
    best = np.array([0.9, 1.3, 7.0])
    values = -((np.log(betas)[:, None] - np.log(best)) ** 2)
    np.testing.assert_allclose(worlds.peak(betas, values), best, rtol=2e-3)


def test_the_interval_holds_the_truth_as_often_as_it_says():
    """Noise as of held-out data; 100 repeats, below 88 % has a chance under 0.5 %."""
    betas = 2.0 ** np.arange(-2, 5.5, 0.5)
    truth = -0.1 * (np.log(betas) - np.log(1.5)) ** 2
    rng = np.random.default_rng(0)
    held = []
    for _ in range(100):
        tilt = rng.normal(0, 0.02, (1, 3, 64)) * np.log(betas)[:, None, None]
        blocks = truth[:, None, None] + tilt
        found = worlds._Inference(betas, [], blocks).optimum(1.5)
        held.append(found["contains_exact"])
        assert found["non_monotonic"]
    assert np.mean(held) >= 0.88


def rows_of(values, live):
    return [
        {"beta": 2.0**i, "seed": seed, "mig": value + 0.001 * seed, "live_latents": n}
        for i, (value, n) in enumerate(zip(values, live, strict=True))
        for seed in (0, 1, 2)
    ]


@pytest.mark.parametrize(
    ("values", "live", "kind", "inside"),
    [
        ([0.1, 0.2, 0.3, 0.2], [5, 5, 5, 2], "finite optimum", 1.0),
        ([0.1, 0.2, 0.3, 0.2], [5, 5, 4, 2], "peaks as latents die", 1.0),
        ([0.3, 0.2, 0.1, 0.0], [5, 5, 5, 5], "best at an end", 0.0),
        ([0.0, 0.1, 0.2, 0.3], [5, 5, 5, 5], "best at an end", 0.0),
    ],
)
def test_verdicts(values, live, kind, inside):
    found = beta_images.verdict(rows_of(values, live), "mig")
    assert found["kind"] == kind
    assert found["inside"] == inside
    assert found["best_beta"] == 2.0 ** np.argmax(values)


def test_a_latent_that_dies_with_one_seed_is_no_finite_optimum():
    rows = rows_of([0.1, 0.2, 0.3, 0.2], [5, 5, 5, 2])
    [row] = [r for r in rows if (r["beta"], r["seed"]) == (4.0, 1)]
    row["live_latents"] = 4
    found = beta_images.verdict(rows, "mig")
    assert found["kind"] == "peaks as latents die"
    assert found["live_at_best"] == pytest.approx(14 / 3)


def test_latents_collapse_as_beta_rises(tmp_path):
    data = sprites.generate()
    found = beta_images.collapse(data, "dense", 0, 12, tmp_path / "r.parquet", 0)
    assert found["beta"][0] == pytest.approx(0.25)
    assert found["beta"][-1] == pytest.approx(16)
    rates = np.array(found["rates"])
    assert rates.shape == (12, beta_images.LATENTS)
    assert (rates[2] > beta_images.LIVE).sum() >= 4
    assert (rates[-1] < beta_images.LIVE).all()
    recording = load_recording(tmp_path / "r.parquet")
    np.testing.assert_allclose(found["change"], recording.values("l1_ratio").T)
    assert found["layers"][2] == "posterior/kernel"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"dataset": "digits"}, "no dataset 'digits'. Choose one of sprites"),
        ({"encoder": "deep"}, "Choose one of linear, dense, conv"),
        ({"worlds": ("moon",)}, "Choose one of tanh"),
        ({"epochs": 1}, "epochs must be 2 or more"),
        ({"seeds": ()}, "different seeds"),
        ({"seeds": (1, 1)}, "different seeds"),
    ],
)
def test_trials_are_checked_when_made(settings, message):
    with pytest.raises(ValueError, match=message):
        Trial(**settings)


def start(out, *options):
    return subprocess.Popen(
        [
            *(sys.executable, str(SCRIPT), "--out", str(out), "--epochs", "2"),
            *("--seeds", "0", "--worlds", "tanh", *options),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"TFRWC_DATA_DIR": ""},
    )


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    """Results of a run that was killed once."""
    out = tmp_path_factory.mktemp("pipeline") / "run"
    killed = start(out)
    deadline = time.monotonic() + 240
    done = "pipeline/BetaVAEStudy-learned_decoder-0.0/evaluation/*/evaluation.json"
    while not list(out.glob(done)):
        assert killed.poll() is None, killed.stdout.read()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    last = start(out)
    said, _ = last.communicate()
    assert last.returncode == 0, said
    assert "BetaVAEStudy-true_decoder-0.0: taken from the cache" in said
    assert "BetaVAEStudy-learned_decoder-0.9: running" in said
    assert "report.html" in said
    return out


@pytest.fixture(scope="module")
def results(out):
    return json.loads((out / "results.json").read_text())


def test_the_pipeline_leaves_everything(out, results):
    assert results["trial"]["seeds"] == [0]
    assert [w["cosine"] for w in results["true_decoder"]] == [0.0, 0.6, 0.9]
    assert [w["world"] for w in results["nonlinear"]] == ["tanh"]
    images = results["images"]
    assert "generated" in images["origin"] or "drawn" in images["origin"]
    assert len(images["rows"]) == len(beta_images.BETAS["sprites"])
    assert len(images["verdicts"]) == len(beta_images.MEASURES)
    assert len(results["findings"]) >= 6
    assert len(load_recording(out / "recordings" / "collapse.parquet")) == 2
    vae = tfrwc.load_saved_model("beta_vae-sprites", folder=out / "saved_models")
    assert vae.n_latents == beta_images.LATENTS
    [mig] = [v for v in images["verdicts"] if v["measure"] == "mig"]
    assert vae.manifest["training"]["beta"] == mig["best_beta"]
    assert vae.manifest["metrics"].keys() >= {"mig", "rate"}
    assert not list(out.glob("**/progress-*"))
    assert not list(out.glob("**/*.partial"))


@pytest.mark.slow
def test_another_encoder_repeats_only_what_is_of_images(out, tmp_path):
    copy = shutil.copytree(out, tmp_path / "run")
    process = start(copy, "--encoder", "linear")
    said, _ = process.communicate()
    assert process.returncode == 0, said
    lines = said.splitlines()
    ran = {line.split()[1][:-1] for line in lines if line.endswith(": running")}
    assert ran == {
        *("BetaVAEStudy-images", "BetaVAEStudy-collapse"),
        *("SavedModelPusher", "ReportGen"),
    }
    assert (copy / "saved_models" / "beta_vae-sprites" / "2").exists()


def test_findings_of_images_say_how_many_latents_live(results):
    said = " ".join(results["findings"])
    for v in results["images"]["verdicts"]:
        assert (
            f"{v['measure']} (β = {v['best_beta']:g}, {v['live_at_best']:.1f} of 10 "
            "latents live)" in said
        )


def test_findings_say_what_was_found():
    optimum = {
        "exact": 1.2,
        "trained": 1.25,
        "low": 1.1,
        "high": 1.15,
        "contains_exact": False,
        "non_monotonic": False,
    }
    said = study._optimum(optimum, "the exact")
    assert "is monotonic" in said
    assert "does not contain the exact 1.200" in said
    collapse = {
        "beta": [1, 2, 4],
        "rates": [[1, 1], [1, 1], [0.5, 0.05]],
        "layers": ["a", "b"],
        "change": [[9, 0.1, 0.2], [0, 0.01, 0.02]],
    }
    said = study._collapsing(collapse)
    assert (
        "from 2 to 4 and live latents fell from 2 to 1, a changed most (15.0%" in said
    )


def test_the_figure_shows_the_curve_that_is_not_monotonic(results):
    figure = beta_figures.inference(results)
    assert len(figure.axes) == 6
    for axis, world in zip(figure.axes, results["true_decoder"], strict=False):
        line, points = axis.lines[:2]
        np.testing.assert_array_equal(line.get_ydata(), world["reference"]["log_q"])
        np.testing.assert_array_equal(line.get_xdata(), world["reference"]["beta"])
        trained = [row["log_q"] for row in world["trained"]]
        np.testing.assert_array_equal(points.get_ydata(), trained)
        low, high = axis.get_ylim()
        peak = np.argmax(line.get_ydata())
        assert 0 < peak < len(line.get_ydata()) - 1
        assert low < line.get_ydata()[-1] < line.get_ydata()[peak] < high


def test_the_report_in_a_browser(browser, out, results, tmp_path):
    # Alone in a folder: it must need nothing beside it.
    page = shutil.copy(out / "report.html", tmp_path)
    browser.get(f"file://{page}")
    assert browser.title == "Which β a β-VAE should have"
    text = browser.find_element("tag name", "body").text
    for finding in results["findings"]:
        assert finding in text
    for world in results["true_decoder"]:
        assert f"{world['optimum']['trained']:.3f}" in text
    widths = browser.execute_script(
        "return [...document.images].map(i => i.complete ? i.naturalWidth : 0)"
    )
    assert len(widths) == 7
    assert min(widths) > 500
    loaded = browser.execute_script(
        "return performance.getEntriesByType('resource').map(e => e.name)"
        ".filter(name => !name.startsWith('data:'))"
    )
    assert loaded == []
    assert browser.get_log("browser") == []


@pytest.mark.parametrize("width", [400, 1200])
def test_the_report_fits_the_window(browser, out, width):
    browser.set_window_size(width, 900)
    browser.get(f"file://{out / 'report.html'}")
    overflow = browser.execute_script(
        "return document.documentElement.scrollWidth - window.innerWidth"
    )
    assert overflow <= 0
