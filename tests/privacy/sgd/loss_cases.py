"""Outputs and losses on which the losses of single examples are tested."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers, losses, ops

N, CLASSES = 4, 3
RNG = np.random.default_rng(7)
X = RNG.normal(size=(N, 5)).astype(np.float32)
LABELS = RNG.integers(0, CLASSES, N)
ONE_HOT = np.eye(CLASSES, dtype=np.float32)[LABELS]
MANY_HOT = RNG.integers(0, 2, (N, CLASSES)).astype(np.float32)
WEIGHTS = RNG.uniform(0.2, 2.0, N).astype(np.float32)


def functional(*last):
    """A model that ends with a dense layer without activation, and these."""
    inputs = layers.Input((5,))
    outputs = layers.Dense(CLASSES, name="logits")(inputs)
    for layer in last:
        outputs = layer(outputs)
    return keras.Model(inputs, outputs)


class Raw(keras.Model):
    """A subclassed model with TensorFlow's own operation at its end."""

    def __init__(self, operation):
        super().__init__()
        self.dense, self.operation = layers.Dense(CLASSES), operation

    def call(self, x):
        return self.operation(self.dense(x))


def nested(activation):
    inner = functional(layers.Activation(activation))
    inputs = layers.Input((5,))
    return keras.Model(inputs, inner(layers.Dense(5)(inputs)))


def with_activation(activation):
    inputs = layers.Input((5,))
    return keras.Model(inputs, layers.Dense(CLASSES, activation=activation)(inputs))


SOFTMAX = {
    "dense": lambda: with_activation("softmax"),
    "activation layer": lambda: functional(layers.Activation("softmax")),
    "softmax layer": lambda: functional(layers.Softmax()),
    "operation of Keras": lambda: functional(ops.softmax),
    "nested": lambda: nested("softmax"),
    "operation of TensorFlow": lambda: Raw(tf.nn.softmax),
    "no logits left": lambda: functional(layers.Softmax(), layers.Reshape((CLASSES,))),
    "logits": functional,
}
SIGMOID = {
    "dense": lambda: with_activation("sigmoid"),
    "activation layer": lambda: functional(layers.Activation("sigmoid")),
    "operation of Keras": lambda: functional(ops.sigmoid),
    "nested": lambda: nested("sigmoid"),
    "operation of TensorFlow": lambda: Raw(tf.nn.sigmoid),
    "softmax": lambda: functional(layers.Softmax()),
    "logits": functional,
}
OF_CLASSES = {
    "sparse": (losses.SparseCategoricalCrossentropy, {}, LABELS),
    "sparse, a class ignored": (
        losses.SparseCategoricalCrossentropy,
        {"ignore_class": 7},
        LABELS,
    ),
    "categorical": (losses.CategoricalCrossentropy, {}, ONE_HOT),
    "smoothed": (losses.CategoricalCrossentropy, {"label_smoothing": 0.2}, ONE_HOT),
    "focal": (losses.CategoricalFocalCrossentropy, {}, ONE_HOT),
    "kl": (losses.KLDivergence, {}, ONE_HOT),
    "squares": (losses.MeanSquaredError, {}, ONE_HOT),
}
OF_BITS = {
    "binary": (losses.BinaryCrossentropy, {}, MANY_HOT),
    "smoothed": (losses.BinaryCrossentropy, {"label_smoothing": 0.2}, MANY_HOT),
    "focal": (losses.BinaryFocalCrossentropy, {}, MANY_HOT),
    "hinge": (losses.Hinge, {}, MANY_HOT),
}


def cases():
    """(make model, make loss, y) by name."""
    all_cases = {}
    for styles, table in ((SOFTMAX, OF_CLASSES), (SIGMOID, OF_BITS)):
        for style, make in styles.items():
            for name, (kind, options, y) in table.items():
                if style == "logits" and "entropy" in kind.__name__:
                    options = options | {"from_logits": True}
                all_cases[f"{name} of {style}"] = (
                    make,
                    lambda kind=kind, options=options: kind(**options),
                    y,
                )
    return all_cases


CASES = cases()


def build(make, scale):
    """A model with random weights: the larger, the more certain its outputs."""
    model = make()
    model(X)
    rng = np.random.default_rng(3)
    for variable in model.trainable_variables:
        variable.assign(rng.normal(0.0, scale, variable.shape))
    return model
