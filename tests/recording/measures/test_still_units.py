"""The share of units that stay."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recording.networks import compiled, fit

from tfrwc import Recording, RWCCallback
from tfrwc.dynamics import relative_change
from tfrwc.recording import blocks
from tfrwc.recording.host import HostMeasures


def by_hand(old, new):
    """Units, the places on the last axis, one by one."""
    old, new = np.atleast_1d(old), np.atleast_1d(new)
    return np.mean([np.all(new[..., u] == old[..., u]) for u in range(old.shape[-1])])


@settings(deadline=None)
@given(
    st.lists(st.integers(1, 7), min_size=0, max_size=4),
    st.integers(1, 9),
    st.floats(0, 1),
    st.integers(0, 2**32 - 1),
)
def test_tensors_in_blocks_of_any_length(shape, block, share, seed):
    # Blocks that cut rows of units anywhere, of tensors in which many weights stay.
    rng = np.random.default_rng(seed)
    old = rng.normal(size=shape).astype("float32")
    new = np.where(rng.random(old.shape) < share, old, old + 1).astype("float32")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "_BLOCK", block)
        variable = keras.Variable(old)
        weights = HostMeasures([variable], ["still_units"])
        weights.snapshot()
        variable.assign(new)
        [values], _ = weights.finish([weights.measure()])
    assert values[0, 0] == np.float32(by_hand(old, new))
    assert relative_change(old, new, "still_units") == by_hand(old, new)


def network(dead):
    """Two layers, of whose first a share of the rectified units is silent."""
    model = keras.Sequential(
        [keras.Input((4,)), keras.layers.Dense(10, "relu"), keras.layers.Dense(2)]
    )
    bias = np.where(np.arange(10) < 10 * dead, -100.0, 1.0)
    model.layers[0].bias.assign(bias)
    return compiled(model)


@pytest.mark.parametrize("every", [1, 2, "epoch"])
@pytest.mark.parametrize("dead", [0.0, 0.3, 1.0])
def test_silent_units_are_still_while_a_model_trains(every, dead, tmp_path):
    model = network(dead)
    callback = RWCCallback(every=every, measures=("still_units", "l1_ratio"))
    files = [tmp_path / "0.weights.h5", tmp_path / "1.weights.h5"]
    model.save_weights(files[0])
    fit(model, callback, epochs=1)
    model.save_weights(files[1])
    values = callback.recording.values("still_units")
    np.testing.assert_array_equal(values[:, 0], np.float32(dead))
    # Behind silent units alone, kernels are still, too; biases are none of them.
    np.testing.assert_array_equal(values[:, 1], dead == 1)
    for given_model in (None, model):
        read = Recording.from_checkpoints(files, given_model, measures="still_units")
        assert read.values("still_units")[0, 0] == np.float32(dead)


def test_rates_do_not_matter_to_it():
    model = network(0.5)
    callback = RWCCallback(measures="still_units")
    fit(model, callback, epochs=1)
    with pytest.raises(ValueError, match="does not depend on the learning rate"):
        callback.recording.per_learning_rate("still_units")
