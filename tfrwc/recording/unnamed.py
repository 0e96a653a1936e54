"""Kernels among weights of which a file tells shapes alone."""

import re

from tfrwc.recording.keras_layers import UNKNOWN, class_name, keras_entry, weight_names

_NO_KERNELS = {"norm", "normalization", "normalisation", "prelu", "scale", "token"}


def roles_of_unnamed(
    shapes: list[tuple[int, ...]], names: tuple[str, ...]
) -> list[bool]:
    """Whether each weight of a layer is taken for a kernel.

    A tensor with more than one axis longer than one is, but for biases that have the
    last axes of the first weight, the biases of a GRU, and layers called a norm.

    Args:
        shapes: of the layer's own weights, in their order.
        names: what the layer is called in the file.
    """
    for name in names:
        last = name.rsplit("/", 1)[-1]
        known = class_name(last)
        variables = known != UNKNOWN and weight_names(keras_entry(known), len(shapes))
        # A name says so only where the shapes do not speak against it.
        if variables and len(shapes[0]) > 1:
            return [v.endswith(("kernel", "embeddings")) for v in variables]
        if _NO_KERNELS.intersection(re.split(r"[^a-z]+", last.lower())):
            return [False] * len(shapes)
    return [_is_kernel(shapes, place) for place in range(len(shapes))]


def _is_kernel(shapes: list[tuple[int, ...]], place: int) -> bool:
    shape, first = shapes[place], shapes[0]
    if place and len(shape) < len(first) and first[-len(shape) :] == shape:
        return False
    if place == 2 and len(first) == 2 and shape == (2, first[-1]):
        return False
    is_column = len(shape) == 2 and shapes[place + 1 : place + 2] == [shape[-1:]]
    return sum(length > 1 for length in shape) > 1 or is_column
