"""What a private step does beside its sums of gradients has noise, or is refused."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops
from privacy.sgd.small import X, Y, loss, private, small

from tfrwc.privacy.sgd.private_model import MEASURED_OUTSIDE

pytestmark = pytest.mark.usefixtures("unasked")


class Shows(keras.Layer):
    """Passes its inputs on, and shows them to whoever has the layer."""

    shown = 0.0

    def call(self, x):
        self.shown = x * 1.0
        return x

    def mean(self):
        return ops.mean(self.shown)


class Weighted(keras.regularizers.Regularizer):
    def __init__(self, by):
        self.by = by

    def __call__(self, w):
        return ops.sum(w * self.by())


class Shifted(keras.constraints.Constraint):
    def __init__(self, by):
        self.by = by

    def __call__(self, w):
        return w + self.by()


class Rate(keras.optimizers.schedules.LearningRateSchedule):
    def __init__(self, rate):
        self.rate = rate

    def __call__(self, step):
        return 0.1 + self.rate()


class Own(keras.optimizers.SGD):
    """Adds something to what it was given."""

    def __init__(self, by):
        super().__init__(0.1)
        self.by = by

    def update_step(self, gradient, variable, learning_rate):
        super().update_step(gradient + self.by(), variable, learning_rate)


def of_batch(layer, leak):
    """A model and an optimizer, which use something of the batch in one place."""
    mean, zero = layer.mean, lambda: 0.0
    sees = {place: mean if place == leak else zero for place in LEAKS}
    dense = layers.Dense(
        2,
        kernel_regularizer=Weighted(sees["regularizer"]),
        bias_constraint=Shifted(sees["constraint"]),
    )
    optimizer = Own(sees["optimizer"])
    if leak == "rate":
        optimizer = keras.optimizers.SGD(Rate(mean))
    return small(layer, layers.Flatten(), dense), optimizer


LEAKS = ["regularizer", "constraint", "rate", "optimizer"]


@pytest.mark.parametrize("leak", LEAKS)
def test_nothing_after_the_noise_sees_the_batch(leak):
    layer = Shows()
    model, optimizer = of_batch(layer, leak)
    made = private(model)
    made.compile(optimizer, loss())
    before = model.get_weights()
    with pytest.raises(ValueError, match=f"of layer '{layer.name}', which has neither"):
        made.fit(X, Y, verbose=0)
    pairs = zip(before, model.get_weights(), strict=True)
    assert all(np.array_equal(a, b) for a, b in pairs)
    assert made.steps == 0


class Adds(keras.Layer):
    def build(self, shape):
        self.scale = self.add_weight(shape=(), initializer="ones")

    def call(self, x):
        self.add_loss(self.scale**2)
        return x * self.scale


@pytest.mark.filterwarnings("ignore:Layer .* has no rule:RuntimeWarning")
@pytest.mark.parametrize(
    "jit_compile", [False, pytest.param(True, marks=pytest.mark.slow)]
)
def test_what_sees_weights_alone_is_taken(jit_compile):
    schedule = keras.optimizers.schedules.CosineDecay(0.1, 10)
    optimizer = keras.optimizers.Adam(schedule, clipnorm=1.0, weight_decay=1e-3)
    dense = layers.Dense(
        4, kernel_regularizer="orthogonal_regularizer", kernel_constraint="max_norm"
    )
    made = private(small(layers.Flatten(), dense, Adds()))
    made.compile(optimizer, loss(), metrics=["accuracy"], jit_compile=jit_compile)
    made.fit(X, Y, verbose=0, validation_data=(X, Y))
    assert made.steps == 4


class Writes(keras.metrics.Metric):
    """Counts, and writes the mean of the outputs somewhere."""

    def __init__(self, place, call=None):
        super().__init__(name="writes")
        self.count = self.add_variable((), "zeros")
        self.place, self.function = [place], call

    def update_state(self, y, outputs, sample_weight=None):
        self.count.assign_add(1.0)
        mean = ops.mean(outputs)
        if self.function is not None:
            mean = self.function(lambda a: a, [mean], tf.float32)
        if self.place[0] is not None:
            self.place[0].assign(ops.reshape(mean, (1,) * len(self.place[0].shape)))

    def result(self):
        return self.count.value


class Reads(keras.Layer):
    """Adds what is in a variable that only a closure has."""

    def __init__(self):
        super().__init__()
        kept = tf.Variable(0.0, trainable=False)
        self.kept = lambda: kept

    def call(self, x):
        return x + self.kept()


def places():
    dense, reads = layers.Dense(1), Reads()
    model = small(layers.Flatten(), reads, dense)
    optimizer = keras.optimizers.SGD(0.1, momentum=0.9)
    optimizer.build(model.trainable_variables)
    return model, optimizer, [dense.bias, reads.kept(), optimizer.learning_rate]


@pytest.mark.parametrize("place", range(3), ids=["weight", "closure", "rate"])
def test_metrics_write_nothing_that_training_uses(place):
    model, optimizer, kept = places()
    made = private(model)
    made.compile(optimizer, loss(), metrics=[Writes(kept[place])])
    with pytest.raises(ValueError, match="A metric, the loss, or the model in eval"):
        made.fit(X, Y, verbose=0)
    assert made.steps == 0


def test_in_evaluation_neither():
    class Learns(keras.Layer):
        def __init__(self):
            super().__init__()
            self.centre = tf.Variable(tf.zeros(2), trainable=False)

        def call(self, x, training=None):
            if not training:
                self.centre.assign(ops.mean(x, axis=0))
            return x - self.centre

    made = private(small(layers.Flatten(), layers.Dense(2), Learns()))
    made.compile("sgd", loss())
    with pytest.raises(ValueError, match=r"a tf\.Variable of layer 'learns"):
        made.evaluate(X, Y, verbose=0)


def test_metrics_in_python_are_said():
    made = private()
    made.compile("sgd", loss(), metrics=[Writes(None, tf.numpy_function)])
    made.fit(X, Y, verbose=0)
    assert MEASURED_OUTSIDE in made.statement().rests_on
    assert made.steps == 4
