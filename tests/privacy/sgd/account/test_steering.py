"""Callbacks and layers by which training data act past the noise."""

import copy

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import callbacks, layers
from privacy.sgd.small import X, Y, loss, private, small

from tfrwc.privacy import poisson_batches
from tfrwc.privacy.sgd.account.steering import (
    RATE_SET,
    USED_BEFORE,
    VALIDATION_ON_TRUST,
    adapted_layers,
    steering_callbacks,
)

PLATEAU = {"factor": 0.5, "patience": 1}


def sentences(*parts, **options):
    return list(steering_callbacks(parts, options, X))


class Pruning(callbacks.Callback):
    """As other packages' callbacks that end a trial."""

    def __init__(self):
        super().__init__()
        self._monitor = "accuracy"


@pytest.mark.parametrize(
    "callback",
    [
        callbacks.EarlyStopping("loss"),
        callbacks.ReduceLROnPlateau("accuracy", **PLATEAU),
        callbacks.ModelCheckpoint("a.keras", monitor="loss", save_best_only=True),
        callbacks.TerminateOnNaN(),
        Pruning(),
    ],
)
def test_callbacks_that_look_at_training(callback):
    [sentence] = sentences(callback)
    assert sentence.startswith(type(callback).__name__)
    assert "costs privacy which is not counted" in sentence


def test_callbacks_that_do_not():
    harmless = (
        callbacks.EarlyStopping(),
        callbacks.ReduceLROnPlateau("val_accuracy", **PLATEAU),
        callbacks.ModelCheckpoint("a.keras", monitor="loss"),
        callbacks.LearningRateScheduler(lambda epoch: 0.1),
        callbacks.LambdaCallback(),
    )
    assert sentences(*harmless, validation_data=(X[:8] + 1, Y[:8])) == []
    # Validation by the training images is training.
    assert len(sentences(*harmless, validation_data=(X, Y))) == 2


PARTS = {
    "a slice": X[:8],
    "every other": X[::2],
    "a copy": X.copy(),
    "in another order": X[::-1].copy(),
    "one among others": np.concatenate([X[20:21], X[:3] + 1]),
    "of another type": X[5:9].astype(np.float64),
    "a tensor": tf.constant(X[3:5]),
}


@pytest.mark.parametrize("name", PARTS)
def test_validation_by_some_of_the_training_images(name):
    part = PARTS[name]
    stop = callbacks.EarlyStopping()
    options = {"validation_data": (part, Y[: len(part)])}
    for x in (X, poisson_batches(X, Y, batch_size=8)):
        assert len(list(steering_callbacks([stop], options, x))) == 1
    samples = poisson_batches(X, Y, batch_size=8)
    options = {"validation_data": copy.copy(samples)}
    assert len(list(steering_callbacks([stop], options, samples))) == 1
    others = {"validation_data": (X[16:], Y[16:])}
    assert list(steering_callbacks([stop], others, X[:16])) == []


@pytest.mark.parametrize("name", ["validation", "training"])
def test_validation_that_nobody_can_look_through_is_on_trust(name):
    stop = callbacks.EarlyStopping()
    unseen = tf.data.Dataset.from_tensor_slices((X, Y)).batch(8)
    x, validation = (X, unseen) if name == "validation" else (unseen, (X, Y))
    options = {"validation_data": validation}
    assert list(steering_callbacks([stop], options, x)) == [VALIDATION_ON_TRUST]
    assert list(steering_callbacks([], options, x)) == []
    [sentence] = steering_callbacks([callbacks.EarlyStopping("loss")], options, x)
    assert sentence != VALIDATION_ON_TRUST


def test_layers_that_were_adapted():
    adapted = layers.Normalization()
    adapted.adapt(X)
    constants = layers.Normalization(mean=0.5, variance=2.0)
    text = layers.TextVectorization()
    text.adapt(["a b", "c"])
    given = layers.StringLookup(vocabulary=["a", "b"])
    [sentence] = adapted_layers(keras.Sequential([adapted]))
    assert repr(adapted.name) in sentence
    assert list(adapted_layers(keras.Sequential([constants]))) == []
    assert len(list(adapted_layers(keras.Sequential([text])))) == 1
    assert list(adapted_layers(keras.Sequential([given]))) == []


def test_the_statement_says_so_and_so_does_its_checkpoint(tmp_path):
    adapted = layers.Normalization()
    adapted.adapt(X)
    stop = callbacks.EarlyStopping("loss")
    model = private(small(adapted))
    model.compile("sgd", loss())
    with pytest.warns(UserWarning, match="costs privacy which is not") as warnings:
        model.fit(X, Y, epochs=2, callbacks=[stop], verbose=0)
    texts = {str(warning.message) for warning in warnings}
    rests_on = model.statement().rests_on
    assert len(rests_on) == 2
    assert set(rests_on) <= texts
    assert rests_on[1] in model.statement().explain()
    model.fit(X, Y, epochs=2, callbacks=[stop], verbose=0)  # warns no more
    model.save_weights(tmp_path / "a.weights.h5")
    again = layers.Normalization()
    again.adapt(X)
    loaded = private(small(again))
    loaded.load_weights(tmp_path / "a.weights.h5")
    assert loaded.statement().rests_on == rests_on


def test_a_callback_that_ends_the_training_for_reasons_unknown():
    def end(batch, logs):
        model.stop_training = True

    model = private()
    model.compile("sgd", loss())
    model.fit(X, Y, verbose=0)
    assert model.statement().rests_on == ()
    ends = callbacks.LambdaCallback(on_train_batch_end=end)
    model.fit(X, Y, callbacks=[ends], verbose=0)
    [sentence] = model.statement().rests_on
    assert sentence.startswith("A callback ended the training")
    assert model.steps == 5
    assert np.isfinite(model.get_weights()[0]).all()


def test_a_callback_that_sets_the_rate_for_reasons_unknown():
    def slower(epoch, logs):
        model.optimizer.learning_rate = 0.1 * min(1.0, logs["loss"])

    model = private()
    model.compile("sgd", loss())
    schedule = callbacks.LearningRateScheduler(lambda epoch: 0.05)
    model.fit(X, Y, callbacks=[schedule], verbose=0)
    assert model.statement().rests_on == ()
    by_loss = callbacks.LambdaCallback(on_epoch_end=slower)
    model.fit(X, Y, callbacks=[by_loss], verbose=0)
    assert model.statement().rests_on == (RATE_SET,)


def test_an_optimizer_with_the_momentum_of_other_steps():
    plain, optimizer = small(), keras.optimizers.SGD(0.1, momentum=0.9)
    start = plain.get_weights()
    plain.compile(optimizer, loss())
    plain.fit(X, Y, verbose=0)
    plain.set_weights(start)
    model = private(plain)
    with pytest.warns(UserWarning, match="The optimizer took steps before"):
        model.compile(optimizer, loss())
    assert USED_BEFORE in model.statement().rests_on
    model = private()
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9), loss())
    for _ in range(2):
        model.fit(X, Y, verbose=0)
    assert model.statement().rests_on == ()


def set_and_fit(model, optimizer):
    model.optimizer = optimizer
    model.fit(X, Y, verbose=0)


@pytest.mark.parametrize(
    "takes", [lambda model, optimizer: model.compile(optimizer, loss()), set_and_fit]
)
def test_an_optimizer_with_fewer_steps_than_the_account(takes):
    model, optimizer = private(), keras.optimizers.SGD(0.1, momentum=0.9)
    model.compile("sgd", loss())
    model.fit(X, Y, verbose=0)
    again = private(model.model)
    again.compile(model.optimizer, loss())  # which has taken no other steps
    assert again.statement().rests_on == ()
    others = [keras.Variable(weight) for weight in model.model.get_weights()]
    optimizer.apply([tf.ones(variable.shape) for variable in others], others)
    with pytest.warns(UserWarning, match="The optimizer took steps before"):
        takes(model, optimizer)
    assert USED_BEFORE in model.statement().rests_on
