"""The scripts in examples/, each run as it stands."""

import subprocess
import sys

import numpy as np
import pytest
from conftest import ROOT, slow_but

from tfrwc import load_saved_model

PRINTED = {
    "layers_that_learn_alike.py": "low_records",
    "own_network.py": "[5/5] SavedModelPusher: done",
    "record_a_training.py": "dense_4/kernel: 0.",
    "train_privately.py": "40 steps on 1,797 images",
}


# The network of one's own is trained below, too.
@pytest.mark.parametrize("name", slow_but(PRINTED.keys() - {"own_network.py"}, PRINTED))
def test_an_example_runs(name, tmp_path):
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples" / name)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert PRINTED[name] in done.stdout


def test_the_network_of_ones_own_is_pushed_and_then_taken_from_the_cache(tmp_path):
    from PIL import Image

    rng = np.random.default_rng(0)
    for name, grey in (("dark", 40), ("light", 200)):
        (tmp_path / "images" / name).mkdir(parents=True)
        for i in range(160):
            pixels = np.clip(rng.normal(grey, 20, (8, 8)), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(tmp_path / "images" / name / f"{i}.png")
    command = [sys.executable, str(ROOT / "examples" / "own_network.py")]
    said = [
        subprocess.run(
            [*command, "images", "out"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for _ in range(2)
    ]
    assert said[1].count("taken from the cache") == 5
    assert "an image" in said[0]
    folder = tmp_path / "out" / "saved_models"
    manifest = load_saved_model("own", folder=folder).manifest
    assert manifest["training"]["network"] == "own_network.py:network"
    assert manifest["privacy"]["statement"]["kind"] == "training"
    assert manifest["metrics"]["auc"]["value"] > 0.9


def test_no_example_is_left_out():
    assert sorted(PRINTED) == sorted(
        path.name for path in (ROOT / "examples").glob("*.py")
    )
