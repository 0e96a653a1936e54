"""Models, settings and data that private training refuses, saying what to do."""

import keras
import pytest
import tensorflow as tf
from keras import layers
from privacy.sgd.small import BATCH, X, Y, loss, private, refused, small

from tfrwc.privacy import poisson_batches


def test_batch_normalisation():
    refused("replace_batch_norm", small(layers.BatchNormalization()))
    frozen = small(layers.BatchNormalization(trainable=False))
    model = private(frozen)
    model.compile("sgd", loss())
    model.fit(X, Y, verbose=0)
    nested = keras.Sequential([layers.Input((4, 4, 1)), small()])
    nested.layers[0].layers[0].trainable = True
    refused("BatchNorm", keras.Sequential([small(layers.BatchNormalization())]))


def test_nothing_to_train():
    model = small()
    model.trainable = False
    refused("no weights to train", model)


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


class OwnStep(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(2)

    def call(self, x):
        return self.dense(x)

    def train_step(self, data):
        return {}


def test_recurrent_layers_with_state():
    rows = [layers.Input(batch_shape=(BATCH, 4, 4)), layers.GRU(2, stateful=True)]
    refused("stateful=True", keras.Sequential(rows))


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
    data = tf.data.Dataset.from_tensor_slices((X, Y))
    model = private()
    model.compile("sgd", loss())
    model.fit(data.batch(BATCH, drop_remainder=True), shuffle=False, verbose=0)
    assert model.steps == 4
    with pytest.raises(ValueError, match="The account is for"):
        model.fit(data.batch(16, drop_remainder=True), shuffle=False, verbose=0)
    larger = data.filter(lambda x, y: True).batch(16)
    with pytest.raises(ValueError, match="more than batch_size"):
        model.fit(larger, shuffle=False, verbose=0)
    assert model.steps == 4


def test_loaders_of_torch():
    data = pytest.importorskip("torch.utils.data")
    examples = list(zip(X, Y, strict=True))
    model = private()
    model.compile("sgd", loss())
    model.fit(data.DataLoader(examples, BATCH), shuffle=False, verbose=0)
    assert model.steps == 4
    half = data.DataLoader(examples, 4)
    fewer = data.DataLoader(examples[:16], BATCH)
    for loader in (half, fewer):
        with pytest.raises(ValueError, match="The account is for"):
            model.fit(loader, shuffle=False, verbose=0)
    assert model.steps == 4


def test_more_epochs_than_the_budget_are_refused_before_the_first():
    model = private(epsilon=3.0, noise_multiplier=None, epochs=2)
    model.compile("sgd", loss())
    with pytest.raises(ValueError, match="lasts for 8 steps"):
        model.fit(X, Y, epochs=3, verbose=0)
    assert model.steps == 0


class TwoReplicas:
    """The usual strategy, but for what it says."""

    num_replicas_in_sync = 2

    def __getattr__(self, name):
        return getattr(tf.distribute.get_strategy(), name)


@pytest.mark.parametrize(
    ("name", "value", "match"),
    [
        ("steps_per_execution", 3, "steps_per_execution must be 1"),
        ("_distribute_strategy", TwoReplicas(), "Train on one device"),
    ],
)
def test_settings_of_the_loop_that_are_set_after_compile(name, value, match):
    model = private()
    model.compile("sgd", loss())
    setattr(model, name, value)
    with pytest.raises(ValueError, match=match):
        model.train_on_batch(X[:4], Y[:4])
    assert model.steps == 0


def test_a_strategy_that_the_model_was_made_in():
    model = private()
    model._distribute_strategy = TwoReplicas()
    with pytest.raises(ValueError, match="Train on one device"):
        model.compile("sgd", loss())
