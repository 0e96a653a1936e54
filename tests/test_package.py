"""The package as a whole: what importing it costs, and what it offers."""

import subprocess
import sys

import pytest
from conftest import ROOT

import tfrwc


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


def test_every_module_can_be_imported():
    failed = run_python(
        "import importlib, pkgutil, tfrwc\n"
        "for found in pkgutil.walk_packages(tfrwc.__path__, 'tfrwc.'):\n"
        "    try:\n"
        "        importlib.import_module(found.name)\n"
        "    except ModuleNotFoundError as error:\n"
        "        print(found.name, error.name)"
    )
    # TFX has an environment of its own, in which other tests import these.
    assert {line.split()[1] for line in failed.splitlines()} <= {"tfx"}


def test_public_names():
    for name in tfrwc.__all__:
        assert getattr(tfrwc, name) is not None
    name = "nothing"
    with pytest.raises(AttributeError, match="attribute nothing"):
        getattr(tfrwc, name)


def test_ci_runs_the_commands_of_the_readme():
    commands = [
        line.strip()
        for line in (ROOT / "README.md").read_text().splitlines()
        if line.strip().startswith("python3 -m venv")
    ]
    assert len(commands) == 2
    assert commands[1] in (ROOT / ".ci" / "run").read_text()
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text()
    assert all(f"- run: {command}\n" in workflow for command in commands)
