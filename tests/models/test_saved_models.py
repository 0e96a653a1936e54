"""Models that are kept: pushed, loaded, refused, served."""

import json
import shutil

import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import ROOT

import tfrwc
from tfrwc import datasets
from tfrwc.datasets import sprites
from tfrwc.models.saved import (
    read_model,
    read_served,
    read_training,
    write_model,
)
from tfrwc.models.saved_models import not_served, push
from tfrwc.studies.privacy import data as private_data
from tfrwc.studies.privacy.scores import with_intervals

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


def test_what_is_served_is_asked_without_the_classes_of_the_model(model, tmp_path):
    x = np.random.default_rng(0).integers(0, 9, (3, 4))
    expected = read_model(model)[0].predict(x.astype(np.float32), verbose=0)
    np.testing.assert_allclose(read_served(model)(x), expected, rtol=1e-6)
    with pytest.raises(FileNotFoundError, match="There is no SavedModel at"):
        read_served(tmp_path)
    shutil.copytree(model, tmp_path / "damaged")
    (tmp_path / "damaged" / "Format-Serving" / "saved_model.pb").write_bytes(b"no")
    with pytest.raises(ValueError, match="is not a SavedModel that can be read"):
        read_served(tmp_path / "damaged")


def test_what_is_not_served_any_more_is_known(model, pushed):
    folder = pushed.parent.parent

    def wrong(path=pushed, own=()):
        return not_served(path, folder, "small", [path, *own])

    assert wrong() == ""
    second = push(model, folder, "small", KNOWN | {"data": {"n": 2}})
    superseded = "pushed version 1 of small, and 2 is the latest"
    assert wrong(own=[second]) == superseded
    assert wrong(own=[f"/moved/since/small/{second.name}"]) == superseded
    for others in ([], [second.parent.parent / "other" / "2"]):
        with pytest.raises(ValueError, match=r"somebody else version 2.*another name"):
            wrong(own=others)
    assert wrong(second) == ""
    shutil.rmtree(second)
    assert wrong() == ""
    assert wrong(second) == f"pushed {second}, which is gone"
    (pushed / "model.keras").write_bytes(b"")
    assert "pushed a model that was altered: " in wrong()
    shutil.rmtree(folder / "small")
    assert wrong().endswith("which is gone")


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
    with pytest.raises(FileNotFoundError, match=r"There are: none. Give the folder"):
        tfrwc.load_saved_model("large", folder=pushed / "nowhere")


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../small", "/small", None, 3])
def test_names_stay_in_the_folder(model, pushed, name):
    with pytest.raises(ValueError, match="A model's name has letters"):
        tfrwc.load_saved_model(name, folder=pushed.parent.parent)
    with pytest.raises(ValueError, match="A model's name has letters"):
        push(model, pushed.parent.parent, name, KNOWN)


def test_a_model_in_the_place_of_another_is_refused(model, pushed):
    folder = pushed.parent.parent
    other = push(model, folder, "other", KNOWN)
    shutil.copytree(other, pushed.parent / "2")
    with pytest.raises(ValueError, match="holds 'other', version 1, by its manifest"):
        load(pushed)
    assert load(pushed, version=1).manifest["name"] == "small"
    shutil.rmtree(pushed.parent / "2")
    shutil.copytree(pushed, pushed.parent / "3")
    with pytest.raises(ValueError, match="holds 'small', version 1"):
        load(pushed)


def test_what_is_no_version_is_not_looked_at(pushed):
    (pushed.parent / "7").touch()
    for name in ("01", "0", "2.old", "٣"):
        (pushed.parent / name).mkdir()
    assert load(pushed).manifest["version"] == 1


def test_the_same_model_is_pushed_once(model, pushed):
    """As after a kill between the push and its entry into the ledger."""
    assert push(model, pushed.parent.parent, "small", KNOWN) == pushed
    other = push(model, pushed.parent.parent, "small", KNOWN | {"metrics": {"auc": 1}})
    assert other.name == "2"
    assert sorted(path.name for path in pushed.parent.iterdir()) == ["1", "2"]


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


def test_links_and_hidden_files_are_refused(pushed, tmp_path):
    (pushed / "assets" / "manifest.json").parent.mkdir(exist_ok=True)
    (pushed / "assets" / "manifest.json").touch()
    (pushed / "link").symlink_to(tmp_path)
    with pytest.raises(ValueError, match=r"pushed: assets/manifest.json, link miss"):
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


KEPT = ROOT / "saved_models"
# What each takes, and the shape of what it answers.
NAMES = {
    "digits-resnet10_tiny": ((8, 8, 1), {"output_0": (3, 10)}),
    "private-digits": ((8, 8, 1), {"output_0": (3, 2)}),
    "beta_vae-sprites": (
        (16, 16, 1),
        {
            "mean": (3, 10),
            "scale": (3, 10),
            "codes": (3, 10),
            "decoded": (3, 16, 16, 1),
        },
    ),
}


def kept(name):
    return tfrwc.load_saved_model(name, folder=KEPT)


@pytest.mark.parametrize("name", NAMES)
def test_models_that_are_kept_here_are_small_and_served(name):
    [version] = KEPT.glob(f"{name}/1")
    assert sum(f.stat().st_size for f in version.rglob("*") if f.is_file()) < 1e6
    shape, answers = NAMES[name]
    signature = tf.saved_model.load(str(version)).signatures["serving_default"]
    found = signature(inputs=tf.zeros((3, *shape)))
    assert {key: tuple(value.shape) for key, value in found.items()} == answers
    card = (version / "README.md").read_text()
    assert card.startswith(f"# {name}, version 1")


def test_the_kept_classifier_is_as_good_as_it_says():
    model = kept("digits-resnet10_tiny")
    digits = datasets.load("digits")
    p = model.predict(digits.x_test, verbose=0)
    accuracy = (p.argmax(axis=1) == digits.y_test).mean()
    assert accuracy == pytest.approx(model.manifest["metrics"]["accuracy"], abs=1e-6)


def test_the_kept_private_classifier_is_as_good_as_it_says():
    model = kept("private-digits")
    test = private_data.load("digits").test
    found = with_intervals(model.predict(test.x, verbose=0)[:, 1], test.y)
    for name, value in model.manifest["metrics"].items():
        assert found[name]["value"] == pytest.approx(value["value"], abs=1e-4)
    assert 0 < model.manifest["privacy"]["statement"]["epsilon"] <= 3


def test_the_kept_beta_vae_encodes_sprites():
    vae = kept("beta_vae-sprites")
    x = sprites.generate().pixels
    q = vae.encode(x)
    rate = keras.ops.mean(keras.ops.sum(-0.5 - keras.ops.log(q.stddev()), axis=1))
    rate += keras.ops.mean(keras.ops.sum((q.stddev() ** 2 + q.mean() ** 2) / 2, axis=1))
    assert float(rate) == pytest.approx(vae.manifest["metrics"]["rate"], rel=1e-3)


def test_the_example_of_the_guide():
    text = (ROOT / "docs" / "guides" / "pipelines.md").read_text()
    name = text.split('tfrwc.load_saved_model("')[1].split('"')[0]
    assert kept(name).manifest["privacy"]["explanation"]
