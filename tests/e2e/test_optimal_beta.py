"""The study of the optimal β, and its pipeline as a person runs it."""

import json
import shutil
import subprocess
import sys

import pytest
from conftest import ROOT
from e2e.quiet import check_study, environment
from e2e.studies import check_report, kill_when

import tfrwc
from tfrwc import load_recording
from tfrwc.studies.beta import images as beta_images

SCRIPT = ROOT / "pipelines" / "optimal_beta.py"


def start(out, *options):
    return subprocess.Popen(
        [
            *(sys.executable, str(SCRIPT), "--out", str(out), "--epochs", "2"),
            *("--seeds", "0", "--worlds", "tanh", *options),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(TFRWC_DATA_DIR=""),
    )


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    """Results of a run that was killed once."""
    out = tmp_path_factory.mktemp("pipeline") / "run"
    killed = start(out)
    done = "pipeline/BetaVAEStudy-learned_decoder-0.0/evaluation/*/evaluation.json"
    kill_when(killed, lambda: list(out.glob(done)))
    last = start(out)
    said, errors = last.communicate()
    assert last.returncode == 0, errors
    check_study(said, errors)
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
    baselines = {row["baseline"] for row in images["baselines"]}
    assert baselines == {"pca", "ica", "random", "autoencoder", "supervised"}
    assert [asked["answer"] for asked in images["questions"]] == ["cannot tell"] * 3
    assert images["theory"]["betas"][0] >= 1
    for row in [*images["rows"], *images["baselines"]]:
        assert 0 <= row["recognition"] <= 1
        shares = sum(value for name, value in row.items() if name.startswith("from_"))
        assert shares == pytest.approx(1) or row.get("live_latents") == 0
    assert len(results["findings"]) >= 6
    assert len(load_recording(out / "recordings" / "collapse.parquet")) == 2
    vae = tfrwc.load_saved_model("beta_vae-sprites", folder=out / "saved_models")
    assert vae.n_latents == beta_images.LATENTS
    best = beta_images.highest(images["rows"], "mig")
    assert vae.manifest["training"]["beta"] == best
    assert vae.manifest["metrics"].keys() >= {"mig", "rate"}
    assert not list(out.glob("**/progress-*"))
    assert not list(out.glob("**/*.partial"))


@pytest.mark.slow
def test_another_encoder_repeats_only_what_is_of_images(out, tmp_path):
    copy = shutil.copytree(out, tmp_path / "run")
    process = start(copy, "--encoder", "linear")
    said, errors = process.communicate()
    assert process.returncode == 0, errors
    lines = said.splitlines()
    ran = {line.split()[1][:-1] for line in lines if line.endswith(": running")}
    assert ran == {
        *("BetaVAEStudy-images", "BetaVAEStudy-collapse"),
        *("SavedModelPusher", "ReportGen"),
    }
    assert (copy / "saved_models" / "beta_vae-sprites" / "2").exists()


def test_one_short_training_cannot_tell_which_beta_is_best(results):
    first, *lines = results["findings"]
    assert first.startswith(
        "Cannot tell which β is best for trained models: too few seeds to tell: 1 with"
    )
    for line in lines:
        assert "cannot tell" in line.lower()
    worlds = [*results["true_decoder"], *results["nonlinear"]]
    verdicts = [world["verdict"] for world in worlds] + results["images"]["verdicts"]
    assert {verdict["best_beta"] for verdict in verdicts} == {None}
    # Two epochs of images are not enough, and that is seen.
    found = results["images"]["convergence"]
    assert found["still_falling"] == found["members"] == len(results["images"]["rows"])


def test_the_report_in_a_browser(browser, out, results, tmp_path):
    # Alone in a folder: it must need nothing beside it.
    page = shutil.copy(out / "report.html", tmp_path)
    browser.get(f"file://{page}")
    assert browser.title == "Which β a β-VAE should have"
    text = browser.find_element("tag name", "body").text
    for finding in results["findings"]:
        assert finding in text
    assert text.index(results["findings"][0]) < text.index("Inference performance")
    for world in results["true_decoder"]:
        assert f"{world['optimum']['exact']:.3f}" in text
        assert f"{world['optimum']['trained']:.3f}" not in text
    check_report(browser, 8)
