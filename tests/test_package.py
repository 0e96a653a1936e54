"""The package as a whole: what importing it costs, and who may import whom."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

import tfrwc

PACKAGE = Path(tfrwc.__file__).parent
LOWEST = {
    "recording",
    "dynamics",
    "datasets",
    "models",
    "privacy",
    "disentangle",
    "compat",
}


def run_python(code):
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_import_is_light():
    loaded = run_python(
        "import sys, tfrwc; "
        "print({'tensorflow', 'keras', 'pandas', 'sklearn'} & set(sys.modules))"
    )
    assert loaded == "set()"


def test_import_is_quick():
    seconds = [
        float(
            run_python(
                "import time; t = time.perf_counter(); import tfrwc; "
                "print(time.perf_counter() - t)"
            )
        )
        for _ in range(3)
    ]
    assert min(seconds) < 0.3


def test_analysis_and_reading_need_no_tensorflow():
    loaded = run_python(
        "import sys, tfrwc.dynamics; from tfrwc import load_recording; "
        "from tfrwc.disentangle import nonlinear, scores, theory; "
        "from tfrwc.datasets import mixing, sprites; "
        "from tfrwc import datasets; datasets.load('digits'); "
        "print({'tensorflow', 'keras'} & set(sys.modules))"
    )
    assert loaded == "set()"


def test_public_names():
    for name in tfrwc.__all__:
        assert getattr(tfrwc, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = tfrwc.nothing


def imports_of(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def test_imports_go_one_way():
    top = {"commands", "cli"}
    forbidden = {
        "studies": {"components", *top},
        "report": {"components", "studies", *top},
        "components": top,
    } | {layer: {"studies", "components", "report", *top} for layer in LOWEST}
    wrong = []
    for path in PACKAGE.rglob("*.py"):
        layer = path.relative_to(PACKAGE).parts[0]
        for module in imports_of(path):
            root, _, rest = module.partition(".")
            if root == "tfrwc" and rest.split(".")[0] in forbidden.get(layer, ()):
                wrong.append(f"{path.name} imports {module}")
    assert not wrong


def run_example(part, folder):
    """What the only Python example of the README with this in it prints."""
    blocks = (ROOT / "README.md").read_text().split("```python\n")[1:]
    (text,) = [code for block in blocks if part in (code := block.split("```")[0])]
    done = subprocess.run(
        [sys.executable, "-c", text],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_the_example_of_the_readme_runs(tmp_path):
    assert "dense_4/kernel" in run_example('RWCCallback("run.parquet")', tmp_path)
    assert len(tfrwc.load_recording(tmp_path / "run.parquet")) == 10


def test_the_example_of_checkpoints_in_the_readme_runs(tmp_path):
    printed = run_example("from_checkpoints(", tmp_path)
    assert "dense_4/0" in printed
    assert len(list((tmp_path / "checkpoints").iterdir())) == 5


def test_the_example_of_following_a_training_in_the_readme_runs(tmp_path):
    printed = run_example("TrendsToTensorBoard(", tmp_path)
    assert "low_records" in printed
    assert list((tmp_path / "logs" / "trends").glob("events.out.tfevents.*"))


def test_the_private_example_of_the_readme_runs(tmp_path):
    assert "A patient with 3 images" in run_example("PixelLaplace.for_budget", tmp_path)


def test_the_example_of_private_training_in_the_readme_runs(tmp_path):
    printed = run_example("make_private(", tmp_path)
    assert "EpsilonDelta(epsilon=2.99" in printed
    assert "160 steps on 1,797 images" in printed


def test_the_example_of_a_sweep_in_the_readme_runs(tmp_path):
    printed = run_example("BetaSweep(", tmp_path)
    assert "active_latents=2" in printed
    assert "best beta: 1.21" in printed


def test_ci_runs_the_command_of_the_readme():
    commands = [
        line.strip()
        for line in (ROOT / "README.md").read_text().splitlines()
        if line.strip().startswith("python3 -m venv")
    ]
    assert len(commands) == 2
    assert commands[1] in (ROOT / ".ci" / "run").read_text()
