"""The recipes of CONTRIBUTING.md: each is put into a file and used."""

import importlib.util
import json
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from conftest import ROOT
from house import texts

RECIPES = texts.blocks(ROOT / "CONTRIBUTING.md")


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


def test_a_measure(recipe):
    from tfrwc.dynamics import relative_change
    from tfrwc.recording import measures

    measures.register(recipe("MEASURE").MEASURE)
    try:
        assert relative_change([1.0, 2.0], [1.5, 1.5], "mean_change") == 0.5
    finally:
        measures.REGISTRY.unregister("mean_change")


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
