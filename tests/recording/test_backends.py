"""The backends of Keras that recording knows."""

import os
import subprocess
import sys


def test_a_backend_without_training_is_named():
    done = subprocess.run(
        [sys.executable, "-c", "from tfrwc import RWCCallback"],
        env=os.environ | {"KERAS_BACKEND": "numpy"},
        capture_output=True,
        text=True,
    )
    assert "tensorflow, jax and torch. Received: 'numpy'. Set KERAS_BACKEND" in (
        done.stderr
    )
