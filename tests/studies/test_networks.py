"""Networks of one's own are checked before they are trained."""

import keras
import numpy as np
import pytest

from tfrwc.studies import networks
from tfrwc.studies.privacy import start
from tfrwc.studies.settings import Settings, network_of

SHAPE = (8, 8, 1)
HEAD = "import keras\nfrom keras import layers\ndef network(image_shape, classes):\n"
SMALL = (
    "  return keras.Sequential([keras.Input(image_shape), layers.Flatten(), "
    "layers.Dense(4), layers.Dense(classes, 'softmax')])"
)


@pytest.fixture
def network(tmp_path):
    def write(body, file="mine.py"):
        path = tmp_path / file
        path.write_text(HEAD + body)
        return f"{path}:network"

    return write


def test_one_of_the_papers_or_ones_own(network):
    assert networks.build("resnet10_tiny", SHAPE, 3).output_shape == (None, 3)
    built = networks.build(network(SMALL), SHAPE, 3)
    assert [layer.units for layer in built.layers[1:]] == [4, 3]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("  return 3", "mine.py:network must return a functional .* Received: int"),
        ("  return keras.Sequential([layers.Dense(classes)])", "begins with keras.Inp"),
        (SMALL.replace("classes", "5"), r"Received: one of .* to \(None, 5\)"),
        (SMALL.replace("image_shape)", "(4, 4, 1))"), r"one of \(None, 4, 4, 1\)"),
        (SMALL.replace("softmax", "linear"), "such as by a last softmax"),
        (SMALL.replace("softmax", "sigmoid"), "such as by a last softmax"),
    ],
)
def test_what_does_not_tell_classes_is_refused(body, message, network):
    with pytest.raises(ValueError, match=message):
        networks.build(network(body), SHAPE, 3)


def test_sigmoids_are_refused_whatever_their_weights(network):
    for seed in range(10):
        keras.utils.set_random_seed(seed)
        with pytest.raises(ValueError, match="such as by a last softmax"):
            networks.build(network(SMALL.replace("softmax", "sigmoid")), SHAPE, 3)


def test_weights_of_a_base_go_into_all_layers_but_the_last(network):
    name = network(SMALL)
    base, new = start.build(name, SHAPE, 7), start.build(name, SHAPE, 2)
    made = start.build(name, SHAPE, 2, base)
    for one, other in zip(made.get_weights()[:2], base.get_weights()[:2], strict=True):
        np.testing.assert_array_equal(one, other)
    assert not np.array_equal(made.get_weights()[0], new.get_weights()[0])
    wider = start.build(network(SMALL.replace("4", "5"), "b.py"), SHAPE, 7)
    with pytest.raises(ValueError, match="The base is another network than"):
        start.build(name, SHAPE, 2, wider)


def test_the_last_layer_of_each_network_is_its_classifier():
    for name in ("resnet10_tiny", "alexnet_narrow", "vgg19_narrow"):
        network = networks.build(name, (32, 32, 1), 2)
        weighted = [layer.name for layer in network.layers if layer.weights]
        assert weighted[-1] == "classifier"


def test_settings_take_ones_own(network):
    name = network(SMALL)
    assert Settings("plain", name, 1).name == "mine.py:network"
    trains = name.replace("network", "run_fn")
    assert Settings("run_fn", trains, 1).network == trains
    for recipe, of in (("published", name), ("run_fn", name), ("plain", trains)):
        with pytest.raises(ValueError, match=f"recipe {recipe}"):
            Settings(recipe, of, 1)
    with pytest.raises(ValueError, match="or give build"):
        Settings("run_fn", "resnet18", 1)
    with pytest.raises(ValueError, match="There is no file"):
        Settings("plain", "none.py:network", 1)


def test_one_kind_of_network_is_given():
    assert network_of("resnet18", "", "") == "resnet18"
    assert network_of("", "a.b:c", "") == "a.b:c"
    assert network_of("", "", "mine.py") == "mine.py:run_fn"
    for wrong in (("", "", ""), ("resnet18", "a:b", ""), ("", "a:b", "mine.py")):
        with pytest.raises(ValueError, match="Give one of network, build and module"):
            network_of(*wrong)


def test_classes_of_ones_own_layers_are_known_to_keras(network, tmp_path):
    body = "  return keras.Sequential([keras.Input(image_shape), layers.Flatten(), "
    text = f"{body}Twice(), layers.Dense(classes, 'softmax')])\n"
    layer = (
        "@keras.saving.register_keras_serializable('mine')\n"
        "class Twice(layers.Layer):\n  def call(self, x):\n    return 2 * x\n"
    )
    name = network(text + layer)
    networks.build(name, SHAPE, 2).save(tmp_path / "model.keras")
    networks.prepare(name)
    keras.saving.load_model(tmp_path / "model.keras")
