"""A private training that is killed and goes on counts every step that was done."""

import signal
import subprocess
import sys

import pytest
from conftest import ROOT, slow_but

SCRIPT = ROOT / "tests" / "privacy" / "sgd" / "killed_training.py"


SEVERAL = pytest.param((6, 9, 12, 16), marks=pytest.mark.slow)


@pytest.mark.parametrize("kind", slow_but(["ours"], ["keras", "ours", "model"]))
@pytest.mark.parametrize("kills", [(8,), SEVERAL], ids=str)
def test_steps_after_the_last_backup_are_counted(kind, kills, tmp_path):
    command = [sys.executable, SCRIPT, tmp_path, kind, *map(str, kills)]
    for _ in kills:
        run = subprocess.run(command, capture_output=True, text=True, timeout=600)
        assert run.returncode == -signal.SIGKILL, run.stderr
    run = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert run.returncode == 0, run.stderr
    steps, *rests_on = run.stdout.split("\n")[:-1]
    done = len((tmp_path / "done").read_bytes())
    assert done > 20
    assert int(steps) == done
    assert rests_on == []
    if kind != "model":  # nothing is left behind, as without privacy
        assert [path.name for path in tmp_path.iterdir()] == ["done"]
