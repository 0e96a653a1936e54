"""Keras files of a newer Keras, made readable for an older one."""

import keras
import numpy as np
from conftest import ROOT

from tfrwc.compat import keras_files

KEPT = ROOT / "saved_models" / "private-digits" / "1" / "model.keras"


def test_settings_that_change_something_are_left():
    config = {"layers": [{"renorm": True, "input_axes": None, "units": None}]}
    assert keras_files._without_added(config) == {
        "layers": [{"renorm": True, "units": None}]
    }


def test_a_kept_model_is_the_same_for_an_older_keras(monkeypatch):
    straight = keras_files.load_model(KEPT)
    monkeypatch.setattr(keras, "__version__", "3.12.4")
    loaded = keras_files.load_model(KEPT)
    x = np.random.default_rng(0).random((2, *loaded.input_shape[1:]), np.float32)
    np.testing.assert_array_equal(loaded(x), straight(x))
