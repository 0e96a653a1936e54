"""The scripts in examples/, each run as it stands."""

import subprocess
import sys

import pytest
from conftest import ROOT

PRINTED = {
    "layers_that_learn_alike.py": "low_records",
    "record_a_training.py": "dense_4/kernel: 0.",
    "train_privately.py": "40 steps on 1,797 images",
}


@pytest.mark.parametrize("name", PRINTED)
def test_an_example_runs(name, tmp_path):
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples" / name)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert PRINTED[name] in done.stdout


def test_no_example_is_left_out():
    assert sorted(PRINTED) == sorted(
        path.name for path in (ROOT / "examples").glob("*.py")
    )
