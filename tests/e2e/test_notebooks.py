"""The notebooks: every cell runs, and what is kept shows results."""

import json
import os
import subprocess
import sys

import pytest
from conftest import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def code_cells(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_cells_run(path):
    lines = [
        line
        for cell in code_cells(path)
        for line in [*"".join(cell["source"]).splitlines(), ""]
        if not line.startswith("%")  # only a notebook knows magics
    ]
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", "-c", "\n".join(lines)],
        cwd=path.parent,
        env={k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == "", "nothing but results is seen below a cell"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_outputs_are_kept(path):
    kinds = [output for cell in code_cells(path) for output in cell["outputs"]]
    assert not [output for output in kinds if output["output_type"] == "error"]
    pictures = [output for output in kinds if "image/png" in output.get("data", {})]
    assert len(pictures) >= 3
    for cell in code_cells(path)[1:]:  # the first has nothing to show
        assert cell["outputs"], "".join(cell["source"])


def test_there_are_notebooks():
    assert NOTEBOOKS
