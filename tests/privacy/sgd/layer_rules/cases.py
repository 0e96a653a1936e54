"""Layers on which every rule is tested."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from keras import layers
from privacy.sgd import oracles


class Case(NamedTuple):
    """A layer and its inputs.

    Attributes:
        make: function without arguments to a new layer.
        shape: of an example.
        ids: how many whole numbers inputs are drawn from; None for real inputs.
    """

    make: Callable[[], layers.Layer]
    shape: tuple
    ids: int | None = None

    def model(self):
        dtype = "float32" if self.ids is None else "int32"
        return oracles.of_layer(self.make(), self.shape, dtype)

    def inputs(self, *rows):
        if self.ids is None:
            return oracles.RNG.normal(size=(*rows, *self.shape)).astype(np.float32)
        return oracles.RNG.integers(0, self.ids, (*rows, *self.shape), np.int32)


DENSE = {
    "dense": Case(lambda: layers.Dense(3, "tanh"), (4,)),
    "dense, no bias": Case(lambda: layers.Dense(3, use_bias=False), (4,)),
    "dense of few positions": Case(lambda: layers.Dense(30), (2, 20)),
    "dense of many positions": Case(lambda: layers.Dense(2), (40, 3)),
    "dense of a grid": Case(lambda: layers.Dense(2), (4, 5, 3)),
    "einsum": Case(
        lambda: layers.EinsumDense("abc,cde->abde", (None, 4, 3), bias_axes="de"),
        (5, 6),
    ),
    "einsum, part of a bias": Case(
        lambda: layers.EinsumDense("abc,cde->abde", (None, 4, 3), bias_axes="e"),
        (5, 6),
    ),
}
CONVOLUTION = {
    "conv": Case(
        lambda: layers.Conv2D(4, 3, padding="same", activation="relu"), (7, 6, 2)
    ),
    "conv, valid": Case(lambda: layers.Conv2D(4, (2, 3)), (6, 7, 2)),
    "conv, strides": Case(lambda: layers.Conv2D(4, 3, 2, padding="same"), (7, 8, 2)),
    "conv, strides, valid": Case(lambda: layers.Conv2D(4, (3, 2), (2, 3)), (9, 8, 2)),
    "conv, stride above size": Case(lambda: layers.Conv2D(4, 1, 2, "same"), (6, 5, 3)),
    "conv, dilation": Case(
        lambda: layers.Conv2D(4, 3, padding="same", dilation_rate=2), (8, 7, 2)
    ),
    "conv of few positions": Case(
        lambda: layers.Conv2D(24, 3, padding="same"), (3, 2, 16)
    ),
    "conv of few positions, strides": Case(
        lambda: layers.Conv2D(24, 3, 2, padding="same"), (4, 5, 16)
    ),
    "conv of few positions, dilation": Case(
        lambda: layers.Conv2D(24, 3, padding="same", dilation_rate=2), (3, 2, 16)
    ),
    "conv, groups": Case(lambda: layers.Conv2D(4, 3, groups=2), (6, 5, 4)),
    "conv 1d": Case(lambda: layers.Conv1D(3, 4, padding="causal"), (9, 2)),
    "conv 3d": Case(lambda: layers.Conv3D(3, 2, padding="same"), (3, 4, 5, 2)),
    "depthwise": Case(
        lambda: layers.DepthwiseConv2D(3, depth_multiplier=2, padding="same"),
        (5, 6, 3),
    ),
    "depthwise, strides": Case(lambda: layers.DepthwiseConv2D(3, 2, "same"), (7, 6, 3)),
    "depthwise 1d": Case(lambda: layers.DepthwiseConv1D(3), (7, 2)),
}
NORMALIZATION = {
    "group norm": Case(lambda: layers.GroupNormalization(2), (4, 5, 6)),
    "group norm, one group": Case(lambda: layers.GroupNormalization(1), (7, 6)),
    "instance norm": Case(lambda: layers.GroupNormalization(-1), (4, 5, 3)),
    "group norm, no scale": Case(
        lambda: layers.GroupNormalization(3, scale=False), (4, 5, 6)
    ),
    "layer norm": Case(lambda: layers.LayerNormalization(), (5, 6)),
    "layer norm, no offset": Case(
        lambda: layers.LayerNormalization(center=False), (6,)
    ),
}
EMBEDDING = {
    "embedding with repeated rows": Case(lambda: layers.Embedding(4, 3), (6,), ids=4),
}
# A case of every rule at least.
RULED = DENSE | CONVOLUTION | NORMALIZATION | EMBEDDING
# Layers that take the way of any layer.
OTHERS = {
    "transposed": Case(
        lambda: layers.Conv2DTranspose(3, 3, 2, padding="same"), (4, 5, 2)
    ),
    "lstm": Case(lambda: layers.LSTM(3), (5, 4)),
    "time distributed": Case(lambda: layers.TimeDistributed(layers.Dense(2)), (4, 3)),
    "group norm, first axis": Case(
        lambda: layers.GroupNormalization(2, axis=1), (4, 5)
    ),
    "layer norm, two axes": Case(lambda: layers.LayerNormalization([1, 2]), (4, 5)),
    "prelu": Case(lambda: layers.PReLU(), (4, 5)),
}
