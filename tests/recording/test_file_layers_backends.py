"""Layers of weights files on each backend, each in a process of its own."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

HERE = Path(__file__).parent
NAMES = ("file_layers", "roles", "networks", "networks_in_calls")


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
def test_files_and_roles(backend):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    files = [HERE / f"test_{name}.py" for name in NAMES]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *map(str, files)],
        cwd=ROOT,
        env=os.environ | {"KERAS_BACKEND": backend, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
