"""Models as they are served: by arrays, files and Examples."""

import base64
import io
import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tfrwc import models
from tfrwc.datasets.examples import write_split
from tfrwc.disentangle import BetaVAE
from tfrwc.models.saved import read_model, write_model

SIGNATURES = {"serving_default", "serve", "serve_pixels", "serve_images"}
SIGNATURES |= {"serve_examples"}
RNG = np.random.default_rng(0)


def file_of(image, kind="png", **options):
    """The bytes of an image file."""
    buffer = io.BytesIO()
    Image.fromarray(image.squeeze()).save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.fixture(scope="module", params=[1, 3], ids=["grey", "colour"])
def served(request, tmp_path_factory):
    """A network of random weights, its signatures, and images that it takes."""
    keras.utils.set_random_seed(0)
    shape = (8, 6, request.param)
    inputs = keras.Input(shape)
    x = keras.layers.Flatten()(keras.layers.Rescaling(1 / 255)(inputs))
    network = keras.Model(inputs, keras.layers.Dense(3, "softmax")(x))
    folder = tmp_path_factory.mktemp("model")
    write_model(network, folder, {})
    loaded = tf.saved_model.load(str(folder / "Format-Serving"))
    images = RNG.integers(0, 256, (5, *shape), np.uint8)
    return read_model(folder)[0], loaded, images


def only(answers):
    [values] = answers.values()
    return values.numpy()


def test_all_signatures_answer_alike(served, tmp_path):
    network, loaded, images = served
    expected = network.predict(images.astype(np.float32), verbose=0)
    signatures = loaded.signatures
    assert set(signatures) == SIGNATURES
    write_split(tmp_path, "test", images, {"label": np.arange(5)})
    [file] = (tmp_path / "Split-test").iterdir()
    records = tf.data.TFRecordDataset(str(file), "GZIP")
    files = tf.constant([file_of(image) for image in images])
    examples = tf.constant([record.numpy() for record in records])
    found = {
        "serving_default": {"inputs": tf.constant(images, tf.float32)},
        "serve_pixels": {"images": tf.constant(images)},
        "serve_images": {"image_bytes": files},
        "serve_examples": {"examples": examples},
    }
    for name, inputs in found.items():
        answers = only(signatures[name](**inputs))
        np.testing.assert_allclose(answers, expected, atol=1e-6, err_msg=name)


def test_a_jpeg_is_decoded(served):
    network, loaded, images = served
    file = file_of(np.full_like(images[0], 200), "jpeg", quality=100)
    found = only(loaded.signatures["serve_images"](image_bytes=tf.constant([file])))
    level = np.full((1, *images.shape[1:]), 200.0)
    np.testing.assert_allclose(found, network.predict(level, verbose=0), atol=0.02)


def test_a_request_of_rest(served):
    """As TensorFlow Serving reads one: bytes are base64 in ``b64``."""
    network, loaded, images = served
    told = [{"b64": base64.b64encode(file_of(one)).decode()} for one in images]
    request = json.dumps({"inputs": {"image_bytes": told}})
    read = json.loads(request)["inputs"]["image_bytes"]
    files = tf.constant([base64.b64decode(one["b64"]) for one in read])
    found = only(loaded.signatures["serve_images"](image_bytes=files))
    expected = network.predict(images.astype(np.float32), verbose=0)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_none_are_answered_by_none(served):
    signatures = served[1].signatures
    none = tf.constant([], tf.string)
    assert only(signatures["serve_images"](image_bytes=none)).shape == (0, 3)
    assert only(signatures["serve_examples"](examples=none)).shape == (0, 3)


def test_other_sizes_channels_and_no_images_are_refused(served):
    _, loaded, images = served
    shape = images.shape[1:]
    other = 4 - shape[-1]
    wrong = {
        "higher": file_of(RNG.integers(0, 256, (9, 6, shape[-1]), np.uint8)),
        "turned": file_of(RNG.integers(0, 256, (6, 8, shape[-1]), np.uint8)),
        "other channels": file_of(RNG.integers(0, 256, (8, 6, other), np.uint8)),
        "with transparency": file_of(RNG.integers(0, 256, (8, 6, 4), np.uint8)),
        "no image": b"no image",
        "empty": b"",
        "half": file_of(images[0])[:40],
    }
    right = file_of(images[0])
    taken = []
    for what, file in wrong.items():
        for files in ([file], [right, file]):
            try:
                loaded.signatures["serve_images"](image_bytes=tf.constant(files))
            except tf.errors.InvalidArgumentError:
                continue
            taken.append(what)
    assert not taken
    with pytest.raises(tf.errors.InvalidArgumentError):
        loaded.signatures["serve_examples"](examples=tf.constant([b"no example"]))
    with pytest.raises((ValueError, tf.errors.InvalidArgumentError)):
        loaded.signatures["serve_pixels"](images=tf.zeros((1, 9, 6, 1), tf.uint8))


def test_inputs_that_are_no_images_have_one_signature(tmp_path):
    network = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    write_model(network, tmp_path, {})
    loaded = tf.saved_model.load(str(tmp_path / "Format-Serving"))
    assert set(loaded.signatures) == {"serving_default", "serve"}


def test_a_network_of_the_studies_scales_by_itself(tmp_path):
    network = models.build("resnet10_tiny", (8, 8, 1), 2)
    write_model(network, tmp_path, {})
    loaded = tf.saved_model.load(str(tmp_path / "Format-Serving"))
    images = RNG.integers(0, 256, (4, 8, 8, 1), np.uint8)
    found = only(loaded.signatures["serve_pixels"](images=tf.constant(images)))
    np.testing.assert_allclose(found, network.predict(images, verbose=0), atol=1e-5)


@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])
def test_a_vae_answers_the_same_every_time_and_samples_when_asked(likelihood, tmp_path):
    vae = BetaVAE((16, 16, 1), 3, likelihood=likelihood, seed=0)
    images = RNG.integers(0, 256, (4, 16, 16, 1), np.uint8)
    x = images.astype(np.float32) / 255
    vae(x)
    write_model(vae, tmp_path, {}, (16, 16, 1))
    loaded = tf.saved_model.load(str(tmp_path / "Format-Serving"))
    signatures = loaded.signatures
    assert set(signatures) == SIGNATURES | {"sample"}
    mean = vae.encode(x).mean()
    expected = {"mean": mean, "reconstruction": vae.decode(mean).mean()}
    files = tf.constant([file_of(image) for image in images])
    for answers in (
        *(signatures["serving_default"](inputs=tf.constant(x)) for _ in range(2)),
        signatures["serve_pixels"](images=tf.constant(images)),
        signatures["serve_images"](image_bytes=files),
    ):
        assert set(answers) == {"mean", "scale", "reconstruction"}
        for name, values in expected.items():
            np.testing.assert_allclose(answers[name], values, atol=1e-5)
    one, other = (signatures["sample"](inputs=tf.constant(x)) for _ in range(2))
    np.testing.assert_allclose(one["mean"], mean, atol=1e-5)
    assert np.abs(one["codes"] - other["codes"]).max() > 0.01
