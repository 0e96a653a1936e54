"""What type checkers say of the public names, and of the examples that use them."""

import importlib.util
import json
import subprocess
import sys

import pytest
from conftest import ROOT
from house import front, source, texts

# Keras declares no types: from the default "auto", pyright takes `verbose` for a str.
OF_KERAS = 'parameter "verbose" of type "str"'


def run_checker(name, *arguments, folder=ROOT):
    if importlib.util.find_spec(name) is None:
        pytest.skip(f"{name} is not installed")
    return subprocess.run(
        [sys.executable, "-m", name, *map(str, arguments)],
        cwd=folder,
        capture_output=True,
        text=True,
    )


def test_the_public_front_is_strict():
    files = front.front(source.Source(ROOT / "tfrwc"))
    done = run_checker("mypy", *files)
    assert done.returncode == 0, done.stdout


def pyright(folder):
    """Complaints of pyright about the scripts in a folder."""
    settings = {"extraPaths": [str(ROOT)], "typeCheckingMode": "standard"}
    (folder / "pyrightconfig.json").write_text(json.dumps(settings))
    done = run_checker(
        *("pyright", "--outputjson", "--pythonpath", sys.executable), folder=folder
    )
    report = json.loads(done.stdout)
    assert report["summary"]["filesAnalyzed"] == len(list(folder.glob("*.py")))
    return "\n".join(
        f"{each['file']}:{each['range']['start']['line'] + 1}: {each['message']}"
        for each in report["generalDiagnostics"]
        if OF_KERAS not in each["message"]
    )


def test_the_examples_of_the_pages_are_clean(tmp_path):
    for page in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md")):
        if code := texts.program(page):
            name = "_".join(page.relative_to(ROOT).with_suffix(".py").parts)
            (tmp_path / name.replace("-", "_")).write_text(code)
    assert pyright(tmp_path) == ""


def test_the_scripts_in_examples_are_clean(tmp_path):
    for path in (ROOT / "examples").glob("*.py"):
        (tmp_path / path.name).write_text(path.read_text())
    assert pyright(tmp_path) == ""


def test_public_names_are_seen(tmp_path):
    lines = []
    for module in source.Source(ROOT / "tfrwc").modules.values():
        if module.is_package:
            names = sorted(front.public_names(module) - {"__version__"})
            lines += [f"from {module.name} import {name}" for name in names]
    (tmp_path / "names.py").write_text("\n".join(lines))
    assert pyright(tmp_path) == ""
