"""How the package finds its components."""

import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

from tfrwc import components
from tfrwc.components.engine.component import Component


def test_every_file_of_the_folder_is_a_component():
    folder = Path(components.__file__).parent
    files = {path.stem for path in folder.glob("*.py")} - {"__init__", "tfx"}
    found = {getattr(components, name) for name in components.__all__}
    assert {component.__module__.rpartition(".")[2] for component in found} == files
    assert all(isinstance(component, Component) for component in found)
    assert [getattr(components, name).name for name in components.__all__] == [
        *components.__all__
    ]


def test_the_guide_has_every_component():
    page = (ROOT / "docs" / "guides" / "pipelines.md").read_text()
    table = "".join(line for line in page.splitlines() if line.startswith("| `"))
    assert [name for name in components.__all__ if f"`{name}`" not in table] == []


def test_names_are_found_without_an_import():
    code = (
        "import sys; from tfrwc import components; assert components.__all__; "
        "print([name for name in sys.modules if name.startswith('tfrwc.components.')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_there_are_no_others():
    with pytest.raises(AttributeError, match=r"No tfrwc\.components attribute"):
        getattr(components, "Train" + "er")
