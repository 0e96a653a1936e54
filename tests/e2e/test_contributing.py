"""The recipes of CONTRIBUTING.md: each is put into a file and used.

Together they are put into a copy of the package, where each recipe says, and the tests
that hold for all things of a kind are run there.
"""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from conftest import ROOT
from house import texts

RECIPES = texts.blocks(ROOT / "CONTRIBUTING.md")
# What a recipe adds beside its file: a line at the end of a page or of a table.
BESIDE = {
    "docs/recording.md": "| `square_ratio` | sum d² / sum w² | energy |\n",
    "docs/guides/private-images.md": (
        "| `Threshold(level)` | none: black or white | none |\n"
    ),
    "docs/guides/pipelines.md": "| `ExampleCounter` | the number of bytes |\n",
    "tests/privacy/release/cases.py": (
        "from tfrwc.privacy.release import catalogue\n"
        'ALL.append(catalogue.standard_mechanism("threshold_128", (8, 8)))\n'
    ),
    "tests/privacy/sgd/layer_rules/cases.py": (
        "from tfrwc.privacy.sgd import layer_rules\n"
        "*_, scale = layer_rules.registered_classes()  # files are read by name\n"
        'RULED["scale"] = Case(scale, (5, 3))\n'
    ),
}
# Tests of all things of a kind.
RULES = "tests/privacy/sgd/layer_rules/test_battery.py"
OF_ALL = (
    "tests/dynamics/test_measures.py",
    "tests/recording/measures/test_every_measure.py",
    "tests/recording/measures/test_registry.py",
    "tests/recording/test_sums.py",
    "tests/privacy/release/test_catalogue.py",
    "tests/studies/privacy/test_names.py::test_every_standard_release_has_a_plain_name",
    f"{RULES}::test_rules_agree_with_one_example_after_the_other[scale]",
    f"{RULES}::test_every_rule_is_tested",
    "tests/components/test_discovery.py",
    "tests/datasets/test_catalogue.py",
    "tests/studies/dynamics/test_summary.py::test_planted_effects_are_found",
    "tests/studies/dynamics/test_page.py",
)


@pytest.fixture
def recipe(tmp_path, request):
    """Imports the only recipe with a text in it, from a file of its own."""

    def load(part):
        (code,) = [code for _, code in RECIPES if part in code]
        name = f"recipe_{request.node.name}"
        path = tmp_path / f"{name}.py"
        path.write_text(code)
        spec = importlib.util.spec_from_file_location(name, path)
        module = sys.modules[name] = importlib.util.module_from_spec(spec)
        request.addfinalizer(lambda: sys.modules.pop(name))
        spec.loader.exec_module(module)
        return module

    return load


def test_no_recipe_is_left_out():
    assert len(RECIPES) == 7


def change(path, old, new):
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))


@pytest.fixture
def with_all(tmp_path):
    """A copy of the repository to which all recipes are added."""
    leave_out = shutil.ignore_patterns("__pycache__", "*.png", "*.npz")
    for name in ("tfrwc", "tests", "docs", "benchmarks"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=leave_out)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    _, *parts = (ROOT / "CONTRIBUTING.md").read_text().split("\n## Add a ")
    for part in parts:
        path = tmp_path / re.search(r"`(tfrwc/[\w/]+\.py)`", part)[1]
        code = texts.FENCE.search(part)[1]
        if path.name == "catalogue.py":
            row = code.partition("ROW = ")[2]
            change(path, "ROWS = (\n", f"ROWS = (\n{row.rstrip()},\n")
        else:
            assert not path.exists()
            path.write_text(code)
    change(
        tmp_path / "tests" / "dynamics" / "test_measures.py",
        "EXACT = [",
        'EXACT = [("square_ratio", 2 / 21),',
    )
    for name, text in BESIDE.items():
        with open(tmp_path / name, "a") as file:
            file.write(text)
    return tmp_path


@pytest.mark.slow
def test_what_recipes_add_is_known_everywhere(with_all):
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *OF_ALL],
        cwd=with_all,
        env=os.environ | {"PYTHONPATH": str(with_all)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-5000:]
    listed = subprocess.run(
        [sys.executable, "-m", "tfrwc", "datasets"],
        cwd=with_all,
        env=os.environ | {"PYTHONPATH": str(with_all)},
        capture_output=True,
        text=True,
    )
    assert "kmnist" in listed.stdout


def test_a_measure(recipe):
    from tfrwc.answers.words import amount
    from tfrwc.dynamics import relative_change
    from tfrwc.recording import measures

    measures.register(recipe("MEASURE").MEASURE)
    try:
        value = relative_change([1.0, 2.0], [1.5, 1.5], "square_ratio")
        assert value == pytest.approx(0.1)
        assert amount(value, "square_ratio", whole=True) == "10 % of its squares"
    finally:
        measures.REGISTRY.unregister("square_ratio")


def test_a_mechanism(recipe):
    from tfrwc.privacy import new_key
    from tfrwc.privacy.release import catalogue

    recipe("class Threshold")
    try:
        mechanism = catalogue.standard_mechanism("threshold_128", (8, 8))
        images = np.array([0, 127, 128, 255] * 16, np.uint8).reshape(1, 8, 8)
        released = mechanism.privatize(images, key=new_key(), ids=[0])
        assert np.unique(released).tolist() == [0, 255]
        assert mechanism.statement((8, 8)).image_epsilon == np.inf
    finally:
        catalogue.unregister("Threshold")


def test_a_layer_rule(recipe):
    import keras
    import tensorflow as tf

    from tfrwc.privacy.sgd import clipping, layer_rules

    layer = recipe("class Scale").Scale
    try:
        model = keras.Sequential([keras.Input((5, 3)), layer()])
        x = np.random.default_rng(0).normal(size=(4, 5, 3)).astype(np.float32)
        sums = clipping.clipped_sums(
            clipping.prepare(model),
            lambda outputs: tf.reduce_sum(outputs, axis=[1, 2]),
            x,
            clip=1e6,
        )
        # The loss is the sum of inputs times factors: its gradient sums the inputs.
        expected = np.linalg.norm(x.sum(axis=1), axis=1)
        assert np.allclose(sums.norms, expected, rtol=1e-5)
    finally:
        layer_rules.unregister(layer)


def test_a_component(recipe, tmp_path):
    from tfrwc.components import ImageExampleGen
    from tfrwc.components.engine import local

    counter = recipe("def ExampleCounter").ExampleCounter
    data = ImageExampleGen(dataset="digits", purpose="classes")
    step = counter(examples=data.outputs["examples"])
    outputs = local.run([data, step], tmp_path / "run")
    uri = outputs["ExampleCounter"]["evaluation"].uri
    with open(f"{uri}/evaluation.json") as file:
        assert json.load(file)["bytes"] > 1797 * 64


def test_a_data_set(recipe, tmp_path, monkeypatch):
    from tfrwc import datasets
    from tfrwc.datasets import catalogue

    row = recipe("ROW = DataSet").ROW
    monkeypatch.setitem(catalogue.DATA_SETS, row.name, row)
    monkeypatch.setenv("TFRWC_DATA_DIR", str(tmp_path))
    x, y = np.zeros((20, 28, 28), np.uint8), np.arange(20) % 10
    np.savez(tmp_path / row.file, x_train=x, y_train=y, x_test=x[:5], y_test=y[:5])
    assert datasets.load("kmnist").x_train.shape == (20, 28, 28, 1)


def test_a_claim(recipe):
    from tfrwc.studies.dynamics import verdicts

    recipe('"all_learn"')
    try:
        trial = SimpleNamespace(model="resnet18", dataset="mnist")
        outcomes = [SimpleNamespace(trial=trial, learned=True)]
        decided = verdicts.CLAIMS["all_learn"].decide(
            SimpleNamespace(outcomes=outcomes)
        )
        assert decided["verdict"] == "supported"
    finally:
        verdicts.CLAIMS.unregister("all_learn")


def test_a_figure(recipe):
    from tfrwc.report import figures

    module = recipe("def largest_change")
    try:
        figure = module.largest_change({"change": {"mean": [[0.5, 0.1], [0.2, 0.3]]}})
        assert len(figure.axes[0].patches) == 2
    finally:
        # Which fails if it is not registered.
        figures.unregister("learning_dynamics", "largest_change")
