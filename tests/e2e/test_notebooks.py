"""The notebooks: every cell runs and shows itself, and what is kept is results.

Cells are run one after the other in one namespace, as Jupyter does, and the last value
of each is shown. The constants of the cell tagged ``parameters`` are made small.
"""

import ast
import importlib
import json
import re

import matplotlib
import pytest
from conftest import ROOT

matplotlib.use("Agg")

from matplotlib import pyplot

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SMALL = {
    "EPOCHS": 2,
    "NAMES": ("third",),
    "HIDDEN": 2,
    "SEEDS": (1,),
    "OTHER_SEEDS": (4,),
    "BLOCKS": ("a",),
    "EPSILONS": (3,),
    "TRIALS": 400,
}

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def cells_of(path, kind="code"):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == kind]


def run(cell, names):
    """Run a cell as a notebook does: its last expression is shown."""
    tree = ast.parse("".join(cell["source"]))
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, cell["id"], "exec"), names)
    if last is not None:
        shown = eval(compile(ast.Expression(last.value), cell["id"], "eval"), names)
        getattr(shown, "_repr_html_", shown.__repr__)()
    if "parameters" in cell["metadata"].get("tags", ()):
        names |= {name: SMALL[name] for name in names.keys() & SMALL.keys()}


@each_notebook
def test_cells_run(path, tmp_path, monkeypatch):
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "benchmarks").symlink_to(ROOT / "benchmarks")
    monkeypatch.chdir(tmp_path / "notebooks")
    names = {"__name__": "__main__"}
    for cell in cells_of(path):
        run(cell, names)
    pyplot.close("all")
    assert names.keys() & SMALL.keys(), "no constant was made small"


@each_notebook
def test_outputs_are_kept(path):
    assert path.stat().st_size < 1_000_000
    cells = cells_of(path)
    assert [c["execution_count"] for c in cells] == [*range(1, len(cells) + 1)]
    outputs = [output for cell in cells for output in cell["outputs"]]
    assert {output["output_type"] for output in outputs} <= {
        "display_data",
        "execute_result",
        "stream",
    }
    assert [o["name"] for o in outputs if o.get("name") == "stderr"] == []
    pictures = [o for o in outputs if "image/png" in o.get("data", {})]
    assert len(pictures) >= 2
    said = json.dumps([o for o in outputs if o not in pictures])
    assert not re.search(r"/(work|tmp|home|root|usr)/", said), "a path of a machine"
    assert all(len(o.get("text", ())) <= 40 for o in outputs), "a long log"


@each_notebook
def test_the_reader_is_told_what_comes(path):
    first = "".join(json.loads(path.read_text(encoding="utf-8"))["cells"][0]["source"])
    title, paragraph = first.split("\n\n")
    assert title.startswith("# ")
    for promise in ("You will learn", "It takes", "minutes to read"):
        assert promise in paragraph
    assert re.search(r"about \d+ seconds", paragraph)


@each_notebook
def test_names_are_public(path):
    trees = [ast.parse("".join(cell["source"])) for cell in cells_of(path)]
    imports = [n for tree in trees for n in tree.body if isinstance(n, ast.ImportFrom)]
    ours = [node for node in imports if node.module.split(".")[0] == "tfrwc"]
    assert ours
    for node in ours:
        public = importlib.import_module(node.module).__all__
        assert {name.name for name in node.names} <= set(public), node.module


def test_links_lead_somewhere():
    for path in NOTEBOOKS:
        text = "\n".join("".join(cell["source"]) for cell in cells_of(path, "markdown"))
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", text):
            assert (path.parent / target).exists(), f"{path.name}: {target}"


def test_there_are_notebooks():
    assert {path.stem for path in NOTEBOOKS} >= {
        "your_own_model",
        "compare_two_runs",
        "learning_dynamics",
        "private_images",
        "private_pneumonia",
        "optimal_beta",
    }
