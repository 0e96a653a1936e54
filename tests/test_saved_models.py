"""Models that are kept: pushed, loaded, refused, served."""

import json
import shutil

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfrwc
from tfrwc.models.saved import read_model, read_training, write_model
from tfrwc.models.saved_models import push

KNOWN = {
    "data": {"origin": "random numbers", "classes": ["no", "yes"]},
    "training": {"seed": 3, "learning_rate": 0.123456, "base": None},
    "metrics": {"auc": {"value": 0.9, "low": 0.8, "high": 0.95}, "loss": 0.25},
    "privacy": {"statement": {"epsilon": 3.0}, "explanation": "One image: epsilon 3."},
}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    keras.utils.set_random_seed(0)
    network = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, "softmax")])
    folder = tmp_path_factory.mktemp("model")
    write_model(network, folder, {"seed": 3})
    return folder


@pytest.fixture
def pushed(model, tmp_path):
    return push(model, tmp_path, "small", KNOWN)


def load(pushed, **options):
    return tfrwc.load_saved_model("small", folder=pushed.parent.parent, **options)


def test_a_model_can_be_read_back(model):
    network, training = read_model(model)
    assert training == read_training(model) == {"seed": 3}
    assert network.output_shape == (None, 2)


def test_versions_count_up_and_the_latest_is_loaded(model, pushed):
    assert pushed.name == "1"
    second = push(model, pushed.parent.parent, "small", KNOWN | {"data": {"n": 2}})
    assert second.name == "2"
    assert load(pushed).manifest["version"] == 2
    assert load(pushed, version=1).manifest["data"] == KNOWN["data"]
    with pytest.raises(FileNotFoundError, match=r"versions 1, 2\. Received: 3"):
        load(pushed, version=3)


def test_predictions_are_those_of_the_model(model, pushed):
    x = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)
    expected = read_model(model)[0].predict(x, verbose=0)
    np.testing.assert_allclose(load(pushed).predict(x, verbose=0), expected)


def test_models_that_there_are_are_named(pushed):
    with pytest.raises(FileNotFoundError, match=r"no model 'large'.*There are: small"):
        tfrwc.load_saved_model("large", folder=pushed.parent.parent)
    with pytest.raises(FileNotFoundError, match="There are: none"):
        tfrwc.load_saved_model("large", folder=pushed / "nowhere")


@pytest.mark.parametrize(
    "file",
    ["model.keras", "saved_model.pb", "README.md", "variables/variables.index"],
)
def test_an_altered_file_is_refused(pushed, file):
    data = bytearray((pushed / file).read_bytes())
    data[len(data) // 2] ^= 1
    (pushed / file).write_bytes(data)
    with pytest.raises(ValueError, match=f"not what was pushed: {file}"):
        load(pushed)


def test_missing_and_added_files_are_refused(pushed):
    (pushed / "model.keras").unlink()
    (pushed / "assets").mkdir(exist_ok=True)
    (pushed / "assets" / "new.txt").touch()
    with pytest.raises(ValueError, match=r"pushed: assets/new.txt, model.keras miss"):
        load(pushed)


def test_an_altered_manifest_is_refused(pushed):
    path = pushed / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["metrics"]["auc"]["value"] = 0.99
    path.write_text(json.dumps(manifest))
    with pytest.raises(ValueError, match=r"not what was pushed: manifest.json"):
        load(pushed)
    for text in ("", "{}", "[]", '{"sha256": 1}'):
        path.write_text(text)
        with pytest.raises(ValueError, match=r"no readable manifest.json"):
            load(pushed)
    path.unlink()
    with pytest.raises(ValueError, match=r"no readable manifest.json"):
        load(pushed)


def test_a_moved_model_is_still_one(pushed, tmp_path):
    shutil.move(pushed.parent, tmp_path / "elsewhere" / "small")
    model = tfrwc.load_saved_model("small", folder=tmp_path / "elsewhere")
    assert model.manifest["name"] == "small"


def test_the_card_says_what_the_manifest_does(pushed):
    card = (pushed / "README.md").read_text()
    for words in (
        "# small, version 1",
        "| origin | random numbers |",
        "| classes | no, yes |",
        "| learning rate | 0.1235 |",
        "| auc | 0.900 (0.800 to 0.950) |",
        "| loss | 0.25 |",
        "One image: epsilon 3.",
        'tfrwc.load_saved_model("small", version=1)',
    ):
        assert words in card
    assert "base" not in card


def test_it_is_served_by_its_signature(model, pushed):
    """As TensorFlow Serving calls it."""
    served = tf.saved_model.load(str(pushed))
    signature = served.signatures["serving_default"]
    x = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)
    [found] = signature(inputs=tf.constant(x)).values()
    expected = read_model(model)[0].predict(x, verbose=0)
    np.testing.assert_allclose(found, expected, atol=1e-6)
