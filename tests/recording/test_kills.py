"""Trainings and pipelines that are killed at random moments; see `kills`."""

import importlib.util
import json
import os
import subprocess
import sys

import pytest
from conftest import ROOT


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_no_kill_loses_or_doubles_a_record_or_the_training(tmp_path):
    """As many kills as TFRWC_KILLS says, 300 for the whole battery."""
    if importlib.util.find_spec("jax") is None:
        pytest.skip("jax is not installed")
    kills = os.environ.get("TFRWC_KILLS", "20")
    done = subprocess.run(
        [sys.executable, "-m", "recording.kills", "--kills", kills, "--seed", "0"],
        env=os.environ
        | {"PYTHONPATH": f"{ROOT / 'tests'}{os.pathsep}{ROOT}"}
        | {"KERAS_BACKEND": "jax", "TF_CPP_MIN_LOG_LEVEL": "3"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    counts = json.loads(done.stdout.splitlines()[-1])
    for scenario, found in counts.items():
        assert set(found) == {"kills", "trainings"}, (scenario, done.stdout)
    assert sum(found["kills"] for found in counts.values()) >= int(kills)
