"""Small networks of the usual kinds, built as a `Plan` says."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import keras

L = keras.layers


@dataclass(frozen=True)
class Plan:
    """What a fault may change; by default nothing.

    Attributes:
        activation: of hidden layers, in place of their own.
        last: activation of the last layer, in place of its own.
        loss: in place of its own.
        initializer: of hidden kernels.
        bias: initial bias of the hidden layers whose number is in `at`.
        at: numbers of hidden layers, or empty for all.
        dropout: rate behind each hidden layer.
        more: hidden layers of 16 units before the last one.
        decay: factor of the squares of hidden weights in the loss.
        rate: factor of the learning rate.
        x, y: what becomes of inputs and targets.
        callbacks: made for each fit.
    """

    activation: str | None = None
    last: str | None = ""
    loss: str = ""
    initializer: Any = None
    bias: float = 0.0
    at: tuple[int, ...] = ()
    dropout: float = 0.0
    more: int = 0
    decay: float = 0.0
    rate: float = 1.0
    x: Callable = lambda x: x
    y: Callable = lambda y: y
    callbacks: Callable = list


@dataclass(eq=False)
class Layers:
    """Makes the layers of a network as its plan says."""

    plan: Plan
    number: int = 0
    made: list = field(default_factory=list)

    def hidden(self, kind, *sizes, activation="relu", **options):
        """A hidden layer with what follows it."""
        plan = self.plan
        chosen = not plan.at or self.number in plan.at
        self.number += 1
        if activation is not None and plan.activation is not None:
            activation = plan.activation
        if plan.initializer is not None:
            options["kernel_initializer"] = plan.initializer()
        if plan.bias and chosen:
            options["bias_initializer"] = keras.initializers.Constant(plan.bias)
        if plan.decay:
            options["kernel_regularizer"] = keras.regularizers.L2(plan.decay)
        layer = kind(*sizes, activation=activation, **options)
        self.made.append(layer.name)
        return [layer, *([L.Dropout(plan.dropout)] if plan.dropout else [])]

    def last(self, units, activation):
        """The last layer."""
        plan = self.plan
        more = [x for _ in range(plan.more) for x in self.hidden(L.Dense, 16)]
        chosen = activation if plan.last == "" else plan.last
        return [*more, L.Dense(units, activation=chosen)]


def in_a_row(inputs, *parts):
    flat = [x for p in parts for x in (p if isinstance(p, list) else [p])]
    return keras.Sequential([L.Input(inputs), *flat])


def mlp(*sizes, units, last, activation="relu", inputs=64):
    return lambda make: in_a_row(
        (inputs,),
        *(make.hidden(L.Dense, n, activation=activation) for n in sizes),
        make.last(units, last),
    )


def convolutions(normalised):
    def network(make):
        layers = []
        for width in (16, 32):
            layers += make.hidden(L.Conv2D, width, 3, padding="same")
            layers += [L.BatchNormalization()] if normalised else []
            layers += [L.MaxPooling2D()]
        layers += [L.Flatten(), *make.hidden(L.Dense, 64)]
        return in_a_row((8, 8, 1), layers, make.last(10, "softmax"))

    return network


def recurrent(kind, units, last):
    return lambda make: in_a_row(
        (None, 1), kind(24), make.hidden(L.Dense, 24), make.last(units, last)
    )


def bag_of_words(make):
    return in_a_row(
        (20,),
        [L.Embedding(200, 16), L.GlobalAveragePooling1D(), *make.hidden(L.Dense, 32)],
        make.last(3, "softmax"),
    )


def through(x, layers):
    for layer in layers:
        x = layer(x)
    return x


def attention(make):
    words = L.Input((20,))
    x = L.Embedding(200, 16)(words)
    x = L.LayerNormalization()(x + L.MultiHeadAttention(2, 8)(x, x))
    x = L.LayerNormalization()(x + L.Dense(16)(through(x, make.hidden(L.Dense, 32))))
    x = L.GlobalAveragePooling1D()(x)
    return keras.Model(words, through(x, make.last(3, "softmax")))


def residual(make):
    images = L.Input((8, 8, 1))
    x = L.Conv2D(16, 3, padding="same", use_bias=False)(images)
    for _ in range(2):
        y = L.BatchNormalization()(
            through(x, make.hidden(L.Conv2D, 16, 3, padding="same"))
        )
        x = x + L.Conv2D(16, 3, padding="same")(y)
    x = L.GlobalAveragePooling2D()(L.BatchNormalization()(x))
    return keras.Model(images, through(x, make.last(10, "softmax")))
