"""Python code that runs as if packages were not installed, in a process of its own."""

import os
import subprocess
import sys

OF_EXTRAS = (
    "apache_beam",
    "cryptography",
    "dp_accounting",
    "skimage",
    "tensorflow",
    "tensorflow_datasets",
    "tensorflow_privacy",
    "tensorflow_probability",
    "tf_keras",
)
_HIDE = """
import sys
from importlib.machinery import PathFinder
find_spec = PathFinder.find_spec
def find_others(name, path=None, target=None):
    hidden = name.partition(".")[0] in {missing!r}
    return None if hidden else find_spec(name, path, target)
PathFinder.find_spec = find_others
"""


def run_without(missing, code, folder, backend="jax"):
    """The finished process of code that cannot import the packages in `missing`."""
    return subprocess.run(
        [sys.executable, "-c", _HIDE.format(missing=missing) + code],
        cwd=folder,
        env=os.environ | {"KERAS_BACKEND": backend},
        capture_output=True,
        text=True,
    )
