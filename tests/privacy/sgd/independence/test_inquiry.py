"""Models that mix the examples of a batch are refused before they learn anything."""

import keras
import numpy as np
import pytest
from keras import layers, ops
from privacy.sgd.batteries.case import real
from privacy.sgd.batteries.mixing_layers import LAYERS
from privacy.sgd.batteries.places import PLACES, middle
from privacy.sgd.batteries.training import train

from tfrwc.privacy import make_private, poisson_batches

pytestmark = [
    pytest.mark.filterwarnings("ignore:Layer .* has no rule:RuntimeWarning"),
    pytest.mark.filterwarnings("ignore:.*pfor.*"),
]
N = 16
RNG = np.random.default_rng(0)
X, Y = real(6)(RNG, N), RNG.integers(0, 2, N)
QUICK = (
    "mean",
    "unseen",
    "above four, in Python",
    "kept in an object",
    "named as a seed",
)
# Each kind of mixing that is put in every place.
KINDS = (
    "mean",
    "unseen",
    "above four",
    "above two",
    "capacity",
    "kept in a variable",
    "named as a seed",
    "drawn",
)


def refused(
    model, x=X, y=Y, match=r"some layer mixes them|changes its state", **options
):
    before = model.get_weights() if model.built else None
    with pytest.raises(ValueError, match=match) as error:
        train(model, x, y, N, **options)
    if before is not None:
        trained = [v.path for v in model.trainable_variables]
        same = zip(before, model.get_weights(), strict=True)
        assert all(np.array_equal(a, b) for a, b in same), trained
    return str(error.value)


@pytest.mark.parametrize("name", QUICK)
def test_some_mixing_layers_are_refused(name):
    refused(middle(LAYERS[name]()))


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in LAYERS if name not in QUICK])
def test_mixing_layers_are_refused(name):
    refused(middle(LAYERS[name]()))


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", KINDS)
def test_wherever_they_stand(kind, place):
    refused(PLACES[place](LAYERS[kind]()))


def test_the_layer_is_named():
    layer = LAYERS["mean"]()
    assert f"first {layer.name!r} (Mixes)" in refused(PLACES["frozen"](layer))


def test_operations_that_mix_are_named():
    inputs = layers.Input((6,))
    x = layers.Dense(4)(inputs)
    x = x - ops.stop_gradient(ops.mean(x, axis=0, keepdims=True))
    message = refused(keras.Model(inputs, layers.Dense(2)(x)))
    assert "(Subtract)" in message


def test_where_state_is_kept_is_named():
    layer = LAYERS["kept in a list"]()
    message = refused(middle(layer))
    assert f"a tf.Variable of layer {layer.name!r}" in message


@pytest.mark.parametrize("shape", [(), (6,)])
def test_what_counts_by_itself_is_not_accused_of_the_data(shape):
    class Counts(keras.Layer):
        def build(self, _):
            self.count = self.add_weight(shape=shape, trainable=False, name="count")

        def call(self, x):
            self.count.assign_add(ops.ones(shape))
            return x / (1 + self.count)

    message = refused(middle(Counts()), match="changes its state .*count")
    assert "from no data" in message
    assert "by a callback" in message


def test_the_state_is_as_before_afterwards():
    layer = LAYERS["kept in a list"]()
    refused(middle(layer), match="changes its state")
    assert not layer.kept["of"][0].numpy().any()


class Slightly(keras.Layer):
    """Mixes by less than half precision has digits, though not in half precision."""

    def call(self, x):
        centre = ops.mean(x, axis=0, keepdims=True)
        return x + 5e-4 * ops.where(ops.isnan(centre), 0.0, centre)


def test_half_precision_hides_no_mixing():
    inner = layers.Dense(6, dtype="mixed_bfloat16")
    parts = [inner, layers.Activation("tanh"), layers.Dense(2)]
    model = keras.Sequential([layers.Input((6,)), Slightly(), *parts])
    assert "Slightly" in refused(model)


@pytest.mark.parametrize("mixing", [layers.MixUp, layers.CutMix])
def test_augmentations_that_mix_are_refused_as_layers(mixing):
    model = keras.Sequential([layers.Input((6, 6, 1)), mixing(), layers.Flatten()])
    with pytest.raises(ValueError, match="mixes the examples"):
        make_private(model, noise_multiplier=1.0, batch_size=8, train_size=16)


class OwnNoise(keras.Layer):
    """Draws numbers that nobody can draw again."""

    def call(self, x):
        import tensorflow as tf

        return x + tf.random.normal(tf.shape(x))


def test_numbers_that_cannot_be_drawn_again_are_refused():
    message = refused(middle(OwnNoise()), match="a second time")
    assert "SeedGenerator" in message


class RareTokens(keras.Layer):
    """Marks the tokens that most examples of the batch have: whole numbers alone."""

    def call(self, x):
        counts = ops.sum(ops.one_hot(x, 7), axis=(0, 1))
        return ops.concatenate([x, ops.cast(ops.take(counts, x) > 9, x.dtype)], axis=1)


def test_mixing_of_whole_numbers():
    tokens = [layers.Input((4,), dtype="int32"), RareTokens(), layers.Embedding(7, 3)]
    model = keras.Sequential([*tokens, layers.Flatten(), layers.Dense(2)])
    refused(model, RNG.integers(0, 7, (N, 4)).astype(np.int32))


def test_mixing_by_a_recurrent_state():
    lstm = layers.LSTM(3, stateful=True)
    model = keras.Sequential(
        [layers.Input((5, 2), batch_size=N), lstm, layers.Dense(2)]
    )
    refused(model, real(5, 2)(RNG, N), match="is stateful")


class OfRealData(keras.Layer):
    """Mixes where a value is one that only real data have."""

    def call(self, x):
        centre = ops.mean(x, axis=0, keepdims=True)
        return ops.where(ops.any(ops.abs(x - 12345.0) < 1), x - centre, x)


@pytest.mark.parametrize("poisson", [False, True])
def test_mixing_that_only_real_data_show(poisson):
    x = X.copy()
    x[:, 2] = 12345.0
    model = middle(layers.Activation("linear"))
    model = keras.Sequential([layers.Input((6,)), OfRealData(), model])
    if not poisson:
        refused(model, x)
        return
    private = make_private(model, noise_multiplier=1.0, batch_size=8, train_size=N)
    private.compile("sgd", "mse")
    with pytest.raises(ValueError, match="OfRealData"):
        private.fit(poisson_batches(x, Y, batch_size=8, insecure_seed=0), verbose=0)


def test_steps_without_a_graph():
    for name in ("above four, in Python", "kept in an object"):
        private = make_private(
            middle(LAYERS[name]()), noise_multiplier=1.0, batch_size=N, train_size=N
        )
        private.compile("sgd", "mse", run_eagerly=True)
        with pytest.raises(ValueError, match=r"some layer mixes|changes its state"):
            private.fit(X, Y, verbose=0)


def test_parts_of_batches_are_asked_about():
    """Mixing above the physical size never happens: the model is taken."""
    model = middle(LAYERS["above four, in Python"]())
    private = train(model, X, Y, N, physical_batch_size=4)
    assert private.steps == 1
