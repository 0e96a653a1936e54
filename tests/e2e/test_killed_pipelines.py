"""Whole pipelines that are killed at random moments, and gone on with."""

import json
import os
import random
import shutil
import subprocess
import sys
import time

import numpy as np
import pytest
from conftest import ROOT

from tfrwc import load_recording

EPOCHS, SEED = 4, 0
RECORDING = f"recordings/seed-{SEED}.parquet"
COMMAND = (
    *(sys.executable, ROOT / "pipelines" / "learning_dynamics.py"),
    *("--epochs", str(EPOCHS), "--seeds", str(SEED), "--model", "resnet10_tiny"),
    *("--images", "400", "--out"),
)
NOT_COMPARED = {"created", "seconds", "seconds_of_last_run", "versions"}


def run(out, seconds=None):
    """Returns the exit status, or None where it was killed after so many seconds."""
    process = subprocess.Popen(
        [*COMMAND, out], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        said, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return None
    assert process.returncode == 0, said
    return 0


def epochs_on_record(out):
    """Of the one recording that there is, under way or finished; each is read."""
    lengths = [0]
    for path in out.glob("**/*.parquet"):
        epochs = load_recording(path).epochs.tolist()
        assert epochs == list(range(1, len(epochs) + 1)), path
        lengths.append(len(epochs))
    return max(lengths)


def numbers(value):
    """Results without what differs between two runs of the same."""
    if isinstance(value, dict):
        return {k: numbers(v) for k, v in value.items() if k not in NOT_COMPARED}
    return [numbers(v) for v in value] if isinstance(value, list) else value


@pytest.mark.slow
def test_no_kill_loses_or_doubles_a_record_or_changes_a_result(tmp_path):
    """As many kills as TFRWC_KILLS says."""
    rng = random.Random(0)
    began = time.monotonic()
    run(tmp_path / "whole")
    whole = time.monotonic() - began
    expected = load_recording(tmp_path / "whole" / RECORDING)
    results = json.loads((tmp_path / "whole" / "results.json").read_text())
    kills, left = 0, int(os.environ.get("TFRWC_KILLS", "10"))
    while kills < left:
        out, on_record = tmp_path / "killed", 0
        # At most a few kills each, so that later steps are reached too.
        for _ in range(rng.randrange(1, 4)):
            if run(out, rng.uniform(0, whole)) is None:
                kills += 1
            after = epochs_on_record(out)
            assert after >= on_record
            on_record = after
        run(out)
        recording = load_recording(out / RECORDING)
        assert recording.epochs.tolist() == expected.epochs.tolist()
        np.testing.assert_allclose(
            recording.values(), expected.values(), rtol=1e-4, atol=1e-7
        )
        found = json.loads((out / "results.json").read_text())
        assert numbers(found).keys() == numbers(results).keys()
        assert not list(out.glob("**/*.partial")), kills
        shutil.rmtree(out)
