"""What all ways of training share."""

import keras
import numpy as np
import pytest

from tfrwc import load_recording
from tfrwc.studies.privacy import start as private_start


def test_rates_rise_and_fall():
    rates = private_start.rates(2.0, 40)
    found = [float(rates(step)) for step in range(40)]
    assert 0 < found[0] < found[1] < found[4] == max(found) == pytest.approx(2.0)
    assert found[4:] == sorted(found[4:], reverse=True)
    assert 0.2 <= found[-1] < 0.25


def test_a_network_starts_from_public_images(data_dir, monkeypatch, tmp_path):
    monkeypatch.setattr(private_start, "IMAGES", 256)
    monkeypatch.setattr(private_start, "_EPOCHS", 1)
    images = private_start.public_images("mnist", 8)
    assert images.x_train.shape == (256, 8, 8, 1)
    assert images.x_test.shape == (10_000, 8, 8, 1)
    recorded = tmp_path / "recording.parquet"
    start, facts = private_start.pretrain("resnet18_narrow", images, recorded)
    assert facts["images"] == 256
    assert facts["public"] == "mnist.npz"
    assert 0 <= facts["accuracy"] <= 1
    assert len(load_recording(recorded)) == 1
    network = private_start.build("resnet18_narrow", (8, 8, 1), 2, start)
    for layer, before in zip(network.layers[:-1], start.layers, strict=False):
        for weight, kept in zip(layer.get_weights(), before.get_weights(), strict=True):
            np.testing.assert_array_equal(weight, kept)
    assert start.output_shape == (None, 10)
    assert network.output_shape == (None, 2)
    assert not any(
        isinstance(layer, keras.layers.BatchNormalization) for layer in network.layers
    )


def test_images_of_another_size_are_made_grey_and_resized():
    x = np.zeros((2, 32, 32, 3), np.uint8)
    x[1, :, 16:] = (30, 60, 90)
    found = private_start._resized(x, (8, 8))
    assert found.shape == (2, 8, 8, 1)
    assert found.dtype == np.uint8
    assert not found[0].any()
    np.testing.assert_array_equal(
        found[1, 0, :, 0],
        [0, 0, 0, found[1, 0, 3, 0], found[1, 0, 4, 0], 60, 60, 60],
    )
