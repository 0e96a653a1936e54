"""What private training refuses, and that each refusal says what to do."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from tfrwc.privacy import make_private, poisson_batches, replace_batch_norm

N, BATCH = 32, 8
RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(N, 4, 4, 1)).astype(np.float32), RNG.integers(0, 2, N)


def small(*extra):
    first = [layers.Input((4, 4, 1)), layers.Conv2D(4, 3)]
    return keras.Sequential([*first, *extra, layers.Flatten(), layers.Dense(2)])


def private(model=None, **options):
    given = {"noise_multiplier": 1.0, "batch_size": BATCH, "train_size": N}
    return make_private(model or small(), **(given | options))


def loss():
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def train(model=None, fit=False, **settings):
    model = private(model)
    model.compile(**({"optimizer": "sgd", "loss": loss()} | settings))
    if fit:
        model.fit(X, Y, verbose=0)


def refused(match, model=None, fit=False, **settings):
    with pytest.raises(ValueError, match=match):
        train(model, fit, **settings)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"delta": 1 / N}, "delta must be below 1 / train_size"),
        ({"delta": 0.0}, "delta is a probability"),
        ({"noise_multiplier": None}, "Give epsilon, the budget, or noise"),
        ({"noise_multiplier": -1.0}, "noise_multiplier must be 0 or more"),
        ({"noise_multiplier": np.nan}, "noise_multiplier must be 0 or more"),
        ({"epsilon": 3.0}, "needs epochs"),
        ({"epsilon": 3.0, "epochs": 2}, "Give one of the two"),
        ({"epsilon": -1.0, "epochs": 2, "noise_multiplier": None}, "epsilon must be"),
        ({"clip": 0.0}, "clip must be above 0"),
        ({"clip": np.inf}, "needs noise_multiplier=0"),
        ({"batch_size": 0}, "batch_size must be a whole number"),
        ({"batch_size": 8.0}, "batch_size must be a whole number"),
        ({"batch_size": N + 1}, "at most train_size"),
        ({"train_size": 0}, "train_size must be a whole number"),
        ({"physical_batch_size": -2}, "physical_batch_size must be"),
    ],
)
def test_arguments(options, match):
    with pytest.raises(ValueError, match=match):
        private(**options)


def test_noise_and_epsilon_that_agree_are_taken():
    noise = private(epsilon=2.0, epochs=2, noise_multiplier=None).noise_multiplier
    model = private(epsilon=2.0, epochs=2, noise_multiplier=noise)
    assert model.noise_multiplier == noise


def test_batch_normalisation():
    refused("replace_batch_norm", small(layers.BatchNormalization()))
    frozen = small(layers.BatchNormalization(trainable=False))
    model = private(frozen)
    model.compile("sgd", loss())
    model.fit(X, Y, verbose=0)
    nested = keras.Sequential([layers.Input((4, 4, 1)), small()])
    nested.layers[0].layers[0].trainable = True
    refused("BatchNorm", keras.Sequential([small(layers.BatchNormalization())]))


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"loss": None}, "needs a loss"),
        ({"steps_per_execution": 2}, "steps_per_execution must be 1"),
        (
            {"optimizer": keras.optimizers.SGD(gradient_accumulation_steps=2)},
            "physical_batch_size",
        ),
        (
            {"optimizer": keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD())},
            "inner optimizer alone",
        ),
    ],
)
def test_settings_of_compile(settings, match):
    refused(match, **settings)


def over_the_batch(y, outputs):
    """A loss that compares each example with the mean of all."""
    centred = outputs - ops.mean(outputs, axis=0, keepdims=True)
    return ops.mean(centred**2, axis=-1)


def one_number(y, outputs):
    return ops.max(outputs) + ops.mean(outputs)


@pytest.mark.parametrize("bad", [over_the_batch, one_number])
def test_losses_over_the_batch(bad):
    refused("mean of the losses of single", loss=bad, fit=True)


def test_a_summed_loss():
    summed = keras.losses.SparseCategoricalCrossentropy(True, reduction="sum")
    refused("'sum_over_batch_size'", loss=summed, fit=True)


class Mixing(keras.Layer):
    def call(self, x):
        return x - ops.mean(x, axis=0, keepdims=True)


class Counting(keras.Layer):
    """Keeps a mean of its inputs, as batch normalisation does."""

    def build(self, shape):
        self.mean = self.add_weight(shape=(), trainable=False, name="mean")

    def call(self, x, training=None):
        if training:
            self.mean.assign(0.9 * self.mean + 0.1 * ops.mean(x))
        return x


class Penalising(keras.Layer):
    def call(self, x):
        self.add_loss(ops.mean(x))
        return x


class Tied(keras.Layer):
    """Uses the weight of a layer that it owns without calling that layer."""

    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(4)

    def build(self, shape):
        self.dense.build(shape)

    def call(self, x):
        return self.dense(x) + ops.matmul(x, ops.transpose(self.dense.kernel))


@pytest.mark.parametrize(
    ("layer", "match"),
    [
        (Mixing(), "some layer mixes them"),
        (Counting(), "changes its state"),
        (Penalising(), "add_loss"),
        (layers.ActivityRegularization(l2=0.1), "activity_regularizer"),
        (Tied(), "do not add up"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, keras.Layer) else "",
)
def test_layers_that_break_the_guarantee(layer, match):
    refused(match, small(layer), fit=True)


class OwnStep(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(2)

    def call(self, x):
        return self.dense(x)

    def train_step(self, data):
        return {}


def test_models_with_a_step_of_their_own():
    model = OwnStep()
    model(X)
    refused("train_step of its own", model)


def test_data_that_are_not_what_the_account_is_for():
    model = private()
    model.compile("sgd", loss())
    for x, y, options in (
        (X, Y, {"batch_size": 4}),
        (X[:16], Y[:16], {}),
        (X, Y, {"validation_split": 0.25}),
        (poisson_batches(X, Y, batch_size=4), None, {}),
    ):
        with pytest.raises(ValueError, match="The account is for"):
            model.fit(x, y, verbose=0, **options)
    assert model.steps == 0
    bigger = private(train_size=43)
    bigger.compile("sgd", loss())
    with pytest.raises(ValueError, match="The account is for"):
        bigger.fit(X, Y, verbose=0)


def test_a_validation_split_that_the_account_knows():
    model = private(train_size=24)
    model.compile("sgd", loss())
    model.fit(X, Y, validation_split=0.25, verbose=0)
    assert model.steps == 3


def test_data_sets_of_batches():
    import tensorflow as tf

    data = tf.data.Dataset.from_tensor_slices((X, Y))
    model = private()
    model.compile("sgd", loss())
    model.fit(data.batch(BATCH, drop_remainder=True), shuffle=False, verbose=0)
    assert model.steps == 4
    with pytest.raises(ValueError, match="The account is for"):
        model.fit(data.batch(16, drop_remainder=True), shuffle=False, verbose=0)
    with pytest.raises(tf.errors.InvalidArgumentError, match="more than batch_size"):
        model.fit(data.batch(16), shuffle=False, verbose=0)


def test_more_epochs_than_the_budget_are_refused_before_the_first():
    model = private(epsilon=3.0, noise_multiplier=None, epochs=2)
    model.compile("sgd", loss())
    with pytest.raises(ValueError, match="lasts for 8 steps"):
        model.fit(X, Y, epochs=3, verbose=0)
    assert model.steps == 0


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
        replace_batch_norm(OwnStep())
