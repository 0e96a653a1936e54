"""Layers without a rule."""

import pytest
from keras import layers
from privacy.sgd.oracles import fast, images, of_layer


def test_a_layer_without_a_rule_is_announced():
    model = of_layer(layers.Conv2DTranspose(2, 3), (4, 4, 1))
    with pytest.warns(RuntimeWarning, match=r"Conv2DTranspose.* has no rule.*register"):
        fast(model, images(4, 4, 1), 1.0)


def test_dropout_within_a_layer_without_a_rule_is_refused():
    model = of_layer(layers.LSTM(3, dropout=0.5), (5, 4))
    with (
        pytest.warns(RuntimeWarning, match="has no rule"),
        pytest.raises(ValueError, match="layers of their own"),
    ):
        fast(model, images(5, 4), 1.0)
