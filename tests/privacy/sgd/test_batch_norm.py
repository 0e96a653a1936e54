"""Batch normalisation, replaced."""

import keras
import numpy as np
import pytest
from keras import layers
from privacy.sgd.small import private

from tfrwc.privacy import replace_batch_norm


def normalised():
    inputs = layers.Input((8, 8, 3))
    block = keras.Sequential(
        [layers.Input((8, 8, 4)), layers.BatchNormalization(name="inner")]
    )
    x = layers.BatchNormalization(name="outer")(
        layers.Conv2D(4, 3, padding="same")(inputs)
    )
    return keras.Model(inputs, layers.Flatten()(block(x)))


@pytest.mark.parametrize("by", ["group", "frozen"])
def test_batch_normalisation_is_replaced(by):
    model = normalised()
    rng = np.random.default_rng(0)
    model.set_weights([rng.uniform(0.5, 1, w.shape) for w in model.get_weights()])
    new, changes = replace_batch_norm(model, by=by)
    assert [c.split(":")[0] for c in changes] == ["outer", "inner"]
    kinds = [type(layer).__name__ for layer in new._flatten_layers()]
    assert ("GroupNormalization" in kinds) == (by == "group")
    wrapped = private(new)
    x = rng.normal(size=(4, 8, 8, 3)).astype(np.float32)
    if by == "frozen":
        np.testing.assert_allclose(wrapped(x, training=True), model(x), rtol=1e-5)
    else:
        assert "2 groups of 2 channels" in changes[0]
        old, same = (
            [v for v in m.trainable_variables if v.name != "kernel"]
            for m in (model, new)
        )
        assert [v.name for v in old] == [v.name for v in same]
        for one, other in zip(old, same, strict=True):
            np.testing.assert_array_equal(one, other)
    # The model that was given is as it was.
    assert any(
        isinstance(k, layers.BatchNormalization) for k in model._flatten_layers()
    )
    assert len(model.trainable_variables) == 6


def test_what_cannot_be_replaced():
    with pytest.raises(ValueError, match="by must be one of"):
        replace_batch_norm(normalised(), by="layer")
    with pytest.raises(ValueError, match="Only built functional"):
        replace_batch_norm(keras.Model())
