"""The Python examples of the README, each run as it stands."""

import subprocess
import sys

from conftest import ROOT
from house import texts

import tfrwc

README = ROOT / "README.md"


def run_example(part, folder):
    """What the only Python example of the README with this in it prints."""
    (code,) = [code for _, code in texts.blocks(README) if part in code]
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_the_first_example(tmp_path):
    assert "dense_4/kernel" in run_example('RWCCallback("run.parquet")', tmp_path)
    assert len(tfrwc.load_recording(tmp_path / "run.parquet")) == 10


def test_checkpoints(tmp_path):
    printed = run_example("from_checkpoints(", tmp_path)
    assert "dense_4/kernel" in printed
    assert len(list((tmp_path / "checkpoints").iterdir())) == 5


def test_following_a_training(tmp_path):
    printed = run_example("TrendsToTensorBoard(", tmp_path)
    assert "low_records" in printed
    assert list((tmp_path / "logs" / "trends").glob("events.out.tfevents.*"))


def test_private_images(tmp_path):
    assert "A patient with 3 images" in run_example("PixelLaplace.for_budget", tmp_path)


def test_private_training(tmp_path):
    printed = run_example("make_private(", tmp_path)
    assert "EpsilonDelta(epsilon=2.99" in printed
    assert "160 steps on 1,797 images" in printed


def test_a_sweep(tmp_path):
    printed = run_example("BetaSweep(", tmp_path)
    assert "active_latents=2" in printed
    assert "best beta: 1.21" in printed


def test_a_saved_model():
    # In the folder that has saved_models/.
    assert "epsilon" in run_example("load_saved_model(", ROOT)


def test_no_example_is_left_out():
    assert len(texts.blocks(README)) == 7
