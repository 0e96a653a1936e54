"""The examples in docstrings: each does what it says."""

import contextlib
import doctest
import gc
import importlib
import io

import pytest
from conftest import ROOT
from house.source import Source

from tfrwc._common.registry import Registry

FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE

MODULES = [
    name
    for name, module in Source(ROOT / "tfrwc").modules.items()
    if ">>> " in (ROOT / module.file).read_text(encoding="utf-8")
]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    report = io.StringIO()
    runner = doctest.DocTestRunner(optionflags=FLAGS)
    module = import_or_skip(name)
    with contextlib.ExitStack() as stack:
        # An example may register something, which other tests must not see.
        for registry in registries():
            stack.enter_context(registry.preserved())
        for test in doctest.DocTestFinder().find(module):
            runner.run(test, out=report.write)
    assert not runner.failures, report.getvalue()


def registries():
    """All of the process, also those that are left out of collections."""
    gc.unfreeze()
    everything = gc.get_objects()
    gc.freeze()
    return [thing for thing in everything if type(thing) is Registry]


def import_or_skip(name):
    """A module of the package, unless a package of somebody else's is missing."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name and error.name.split(".")[0] != "tfrwc":
            pytest.skip(f"{error.name} is not installed")
        raise


def test_there_are_examples():
    assert "tfrwc" in MODULES
