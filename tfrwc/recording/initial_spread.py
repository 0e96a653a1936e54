"""How far apart the weights of a layer begin, by its initialiser."""

from math import prod, sqrt
from typing import Any

from tfrwc.compat.extras import keras_backend

with keras_backend():
    from keras import initializers

# Layers each unit of which sums over all axes of its kernel but the last.
_SUMMING = ("Dense", "Conv1D", "Conv2D", "Conv3D")
_ALIKE = (initializers.Zeros, initializers.Ones, initializers.Constant)
_NORMAL = (initializers.RandomNormal, initializers.TruncatedNormal)


def initial_spread(layer: Any) -> float | None:
    """Deviation of a layer's sums at the beginning, for independent inputs of size 1.

    It is about 1 for the usual initialisers, 1.4 for those made for ReLU, and 0 where
    all weights begin alike, so that all units of the layer do and stay so.

    Args:
        layer: a built Keras layer.

    Returns:
        The deviation of its kernel's initialiser times the root of the number of
        inputs of a unit; None for initialisers and layers for which it is not known.
    """
    kernel = getattr(layer, "kernel", None)
    if type(layer).__name__ not in _SUMMING or kernel is None:
        return None
    fan_in = prod(kernel.shape[:-1])
    fan_out = prod(kernel.shape[:-2]) * kernel.shape[-1]
    initializer = layer.kernel_initializer
    if isinstance(initializer, _ALIKE):
        return 0.0
    if isinstance(initializer, initializers.RandomUniform):
        deviation = (initializer.maxval - initializer.minval) / sqrt(12)
    elif isinstance(initializer, initializers.VarianceScaling):
        fans = {"fan_in": fan_in, "fan_out": fan_out}
        fan = fans.get(initializer.mode, (fan_in + fan_out) / 2)
        deviation = sqrt(initializer.scale / fan)
    elif isinstance(initializer, _NORMAL):
        deviation = initializer.stddev
    else:
        return None
    return float(deviation * sqrt(fan_in))
