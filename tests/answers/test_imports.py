"""Each module of the room can be the first of the package that is imported."""

import subprocess
import sys

CODE = """
import importlib, pkgutil, sys
import tfrwc.answers
found = pkgutil.walk_packages(tfrwc.answers.__path__, "tfrwc.answers.")
for name in sorted(module.name for module in found):
    for loaded in [one for one in sys.modules if one.split(".")[0] == "tfrwc"]:
        del sys.modules[loaded]
    importlib.import_module(name)
print(name)
"""


def test_no_module_needs_another_to_be_imported_first():
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip() == "tfrwc.answers.wrong"
