"""What TensorFlow writes past Python is held back, and nothing else is."""

import os
import subprocess
import sys

import pytest

QUIET = "from tfrwc.compat.quiet import quiet_backends\nquiet_backends()\n"
LOG = """\
WARNING: All log messages before absl::InitializeLog() is called are written to STDERR
I0000 00:00:1795970719.809240   11137 port.cc:153] oneDNN custom operations are on. You
E0000 00:00:1795970726.390358   11137 cuda_platform.cc:52] failed call to cuInit
W1129 17:00:01.123456       7 computation_placer.cc:177] already registered
"""
OTHERS = """\
F0000 00:00:1795970726.390358   11137 port.cc:1] This CPU cannot run TensorFlow.
Illegal instruction
x.py:3: UserWarning: I0000 is no log
"""
BACKENDS = {
    "tensorflow": (
        "import tensorflow as tf\n"
        "tf.function(lambda x: x + 1, jit_compile=True)(tf.ones(3))\n"
    ),
    "jax": "import jax\njax.jit(lambda x: x + 1)(jax.numpy.ones(3))\n",
    "torch": "import torch\ntorch.ones(3) + 1\n",
}


def run(code, **environment):
    """The finished process of code; TF_CPP_MIN_LOG_LEVEL is as given here."""
    variables = {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"}
    return subprocess.run(
        [sys.executable, "-c", code],
        env=variables | environment,
        capture_output=True,
        text=True,
    )


@pytest.fixture
def talking(tmp_path):
    """A path to a TensorFlow that writes as the real one does, and then more."""
    (tmp_path / "tensorflow.py").write_text(
        "import contextlib, os\n"
        "with contextlib.suppress(OSError):\n"
        f"    os.write(2, {LOG.encode()!r} + {OTHERS.encode()!r})\n"
        "os.environ['NO_SUCH']\n"
    )
    return os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])


@pytest.mark.parametrize("backend", BACKENDS)
def test_no_backend_says_a_word_and_a_warning_is_seen(backend):
    pytest.importorskip(backend)
    code = BACKENDS[backend] + "import warnings\nwarnings.warn('real')\n"
    done = run(QUIET + code)
    assert done.returncode == 0, done.stderr
    first, *rest = done.stderr.splitlines()
    assert first.endswith("UserWarning: real")
    assert len(rest) <= 1  # the line of code, in newer Pythons


def test_only_lines_of_the_log_are_held_back(talking):
    done = run(QUIET + "import tensorflow", PYTHONPATH=talking)
    assert done.stderr.startswith(OTHERS)
    assert done.stderr.splitlines()[-1] == "KeyError: 'NO_SUCH'"


def test_a_level_that_the_user_has_set_is_kept(talking):
    code = f"import os\n{QUIET}print(os.environ['TF_CPP_MIN_LOG_LEVEL'])\n"
    done = run(code + "import tensorflow", PYTHONPATH=talking, TF_CPP_MIN_LOG_LEVEL="0")
    assert done.stdout == "0\n"
    assert done.stderr.startswith(LOG + OTHERS)


def test_a_process_without_stderr_imports_tensorflow_too(talking):
    code = "import os\nos.close(2)\ntry: import tensorflow\nexcept KeyError: print(1)"
    assert run(QUIET + code, PYTHONPATH=talking).stdout == "1\n"


def test_the_package_alone_changes_nothing(talking):
    code = (
        "import os, sys\nbefore = [*sys.meta_path]\nimport tfrwc, tfrwc.studies\n"
        "print('TF_CPP_MIN_LOG_LEVEL' in os.environ, sys.meta_path == before)\n"
    )
    assert run(code).stdout == "False True\n"
