"""Recording on every backend, in distributed training and through every fault.

The cases are in `battery`. Each backend runs them in a process of its own, since
Keras takes one backend per process; JAX has four virtual devices there, TensorFlow
two.
"""

import importlib.util
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT
from recording.battery import BACKENDS, CASES

from tfrwc import load_recording

HERE = Path(__file__).parent
TESTS = ROOT / "tests"


def run(arguments, **environment):
    return subprocess.Popen(
        [sys.executable, *map(str, arguments)],
        cwd=HERE,
        env=os.environ | {"PYTHONPATH": f"{TESTS}{os.pathsep}{ROOT}"} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """The results of all cases on one backend, each backend run once."""
    known = {}

    def of(backend):
        if importlib.util.find_spec(backend) is None:
            pytest.skip(f"{backend} is not installed")
        if backend not in known:
            path = tmp_path_factory.mktemp("battery") / f"{backend}.json"
            process = run(
                ["-m", "recording.battery", path],
                KERAS_BACKEND=backend,
                XLA_FLAGS="--xla_force_host_platform_device_count=4",
            )
            output, _ = process.communicate()
            assert process.returncode == 0, output
            known[backend] = json.loads(path.read_text())
        return known[backend]

    return of


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("backend", "name"),
    [
        (backend, name)
        for backend in BACKENDS
        for name, (_, backends) in CASES.items()
        if backend in backends
    ],
)
def test_case(results, backend, name):
    failure = results(backend)[name]
    assert not isinstance(failure, str) or not failure, failure


def test_the_same_numbers_for_the_same_weights_on_all_backends(results):
    here = [b for b in BACKENDS if importlib.util.find_spec(b) is not None]
    assert "jax" in here
    first, *others = [results(backend)["fixed_weights"] for backend in here]
    for other in others:
        for measure, values in first.items():
            np.testing.assert_allclose(other[measure], values, rtol=1e-5)


def test_two_workers_on_loopback(tmp_path):
    """MultiWorkerMirroredStrategy: both record the same, only the chief writes."""
    sockets = [socket.socket() for _ in range(2)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    workers = [f"127.0.0.1:{one.getsockname()[1]}" for one in sockets]
    for one in sockets:
        one.close()
    processes = [
        run(
            ["multi_worker.py", tmp_path / f"worker{i}"],
            KERAS_BACKEND="tensorflow",
            TF_CONFIG=json.dumps(
                {"cluster": {"worker": workers}, "task": {"type": "worker", "index": i}}
            ),
        )
        for i in range(2)
    ]
    outputs = [process.communicate(timeout=300)[0] for process in processes]
    for process, output in zip(processes, outputs, strict=True):
        assert process.returncode == 0, output
    chief, other = (np.load(tmp_path / f"worker{i}" / "values.npy") for i in range(2))
    np.testing.assert_array_equal(chief, other)
    written = load_recording(tmp_path / "worker0" / "run.parquet")
    np.testing.assert_array_equal(written.values(), chief)
    assert written.steps.tolist() == [2, 4, 6]
    assert [p.name for p in (tmp_path / "worker1").iterdir()] == ["values.npy"]


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_killed_process_loses_and_doubles_no_record(tmp_path, backend):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    command = ["killed_training.py", tmp_path]
    killed = run([*command, "--kill-at", "11"], KERAS_BACKEND=backend)
    output, _ = killed.communicate(timeout=300)
    assert killed.returncode == -9, output
    # Step 11 is on record although no epoch ended there; the backup is of step 9.
    assert load_recording(tmp_path / "run.parquet").steps.tolist() == [*range(1, 12)]
    again = run(command, KERAS_BACKEND=backend)
    output, _ = again.communicate(timeout=300)
    assert again.returncode == 0, output
    recording = load_recording(tmp_path / "run.parquet")
    assert recording.steps.tolist() == [*range(1, 14)]
    assert (recording.values() > 0).all()
