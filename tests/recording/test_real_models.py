"""Recordings of real models, against a calculation of their own.

The models are in `real_models`. Some of them are run here, and all on each backend in
a process of its own, which takes long.
"""

import importlib.util
import json
import os
import subprocess
import sys

import keras
import pytest
from conftest import ROOT
from recording.real_models import MODELS
from recording.real_models.applications import NAMES
from recording.real_models.runs import run

BACKENDS = ["tensorflow", "jax", "torch"]
SOME = [
    *("MobileNet", "lenet", "spectral_critic", "networks_side_by_side"),
    *("both_ways", "transformer", "gated_attention", "containers", "target_network"),
    *("gan", "mixture_of_stacked_experts", "lora", "eight_bits_in_one_layer"),
    *("several_optimizers", "weights_of_sixteen_bits"),
]


@pytest.mark.parametrize("name", [name for name in SOME if name in MODELS])
def test_a_model(name):
    run(MODELS[name])


def test_all_networks_of_keras_are_there():
    public = {name for name in dir(keras.applications) if name[0].isupper()}
    assert {*NAMES} == public
    assert len(NAMES) >= 38
    assert len(MODELS) >= len(NAMES) + 60


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("backend", BACKENDS)
def test_all_models(backend, tmp_path):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    path = tmp_path / "results.json"
    paths = f"{ROOT / 'tests'}{os.pathsep}{ROOT}"
    done = subprocess.run(
        [sys.executable, "-m", "recording.real_models", path],
        env=os.environ | {"KERAS_BACKEND": backend, "PYTHONPATH": paths},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert {*json.loads(path.read_text())} == {*MODELS}
