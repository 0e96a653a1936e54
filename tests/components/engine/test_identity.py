"""Code as part of what a step is known by."""

import importlib
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tfrwc.components.engine import identity, local
from tfrwc.components.engine.identity import UNKNOWN, package

STEP = """
from pathlib import Path
from tfrwc.components.engine.artifacts import Examples
from tfrwc.components.engine.component import OutputArtifact, component
{more}

@component
def Source(examples: OutputArtifact[Examples]):
    Path(examples.uri, "text").write_text({value})
"""


@pytest.fixture
def imported(tmp_path, monkeypatch):
    """Writes a module's file, and imports it anew."""
    monkeypatch.syspath_prepend(tmp_path / "sources")
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def write_and_import(files, name):
        for file, text in files.items():
            path = tmp_path / "sources" / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        for loaded in [m for m in sys.modules if m.partition(".")[0] == "my_steps"]:
            del sys.modules[loaded]
        importlib.invalidate_caches()
        return importlib.import_module(name).Source

    return write_and_import


def text_of(source, root):
    """What a step made, and whether it ran."""
    lines = []
    made = local.run([source()], root, say=lines.append)
    uri = made["Source"]["examples"].uri
    return Path(uri, "text").read_text(), any("running" in line for line in lines)


def test_a_module_of_its_own(imported, tmp_path):
    found = []
    for value in ("'a'", "'a'", "'b'"):
        files = {"my_steps.py": STEP.format(more="", value=value)}
        found.append(text_of(imported(files, "my_steps"), tmp_path / "root"))
    assert found == [("a", True), ("a", False), ("b", True)]


def test_what_a_component_calls_in_its_package(imported, tmp_path):
    step = STEP.format(more="from my_steps.deep.values import VALUE", value="VALUE")
    found = []
    for value in "aab":
        files = {
            "my_steps/__init__.py": "",
            "my_steps/deep/values.py": f"VALUE = '{value}'",
            "my_steps/steps.py": step,
        }
        found.append(text_of(imported(files, "my_steps.steps"), tmp_path / "root"))
    assert found == [("a", True), ("a", False), ("b", True)]


def test_the_code_is_that_which_was_imported(imported, tmp_path):
    old, new = (STEP.format(more="", value=f"'{value}'") for value in "ab")
    source = imported({"my_steps.py": old}, "my_steps")
    (tmp_path / "sources" / "my_steps.py").write_text(new)
    assert text_of(source, tmp_path / "root") == ("a", True)
    again = imported({"my_steps.py": new}, "my_steps")
    assert text_of(again, tmp_path / "root") == ("b", True)


def test_code_does_not_depend_on_how_its_package_was_imported(imported, monkeypatch):
    """Test runners put packages without a path above the modules that they import."""
    step = STEP.format(more="", value="'a'")
    files = {"my_steps/deep/steps.py": step, "my_steps/deep/other.py": ""}
    known = imported(files, "my_steps.deep.steps").code
    for name in ("my_steps", "my_steps.deep"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    assert identity.code(sys.modules["my_steps.deep.steps"].Source.function) == known
    files["my_steps/deep/other.py"] = "VALUE = 1"
    assert imported(files, "my_steps.deep.steps").code != known


def test_what_is_in_no_file_is_never_taken_from_the_cache(tmp_path):
    names = {"__name__": "typed_by_hand"}
    exec(STEP.format(more="", value="'a'"), names)
    source = names["Source"]
    assert source.code.startswith(UNKNOWN)
    assert text_of(source, tmp_path) == ("a", True)
    exec(STEP.format(more="", value="'b'"), names)
    assert text_of(names["Source"], tmp_path) == ("b", True)


def test_of_components_of_this_package_it_is_the_whole_package():
    from tfrwc.components import ImageExampleGen, RWCTrainer

    assert ImageExampleGen.code == RWCTrainer.code == package()


def test_any_file_of_the_package_counts(tmp_path, monkeypatch):
    known = set()
    for name, text in (("a.py", "1"), ("a.py", "2"), ("b/page.jinja", "1")):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        (tmp_path / "__pycache__").mkdir(exist_ok=True)
        (tmp_path / "__pycache__" / "a.pyc").write_text(f"{len(known)}")
        monkeypatch.setattr(identity, "_ROOT", tmp_path)
        known |= {package.__wrapped__(), package.__wrapped__()}
    assert len(known) == 3
