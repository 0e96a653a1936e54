"""What a weight is for in its layer: a kernel, or something that is none.

A kernel is what inputs are multiplied by, convolved with or looked up in. Layers say
what a weight is by its name: Keras by a fixed set of names; others by names that many
use, such as ``W`` or ``pos_embed``. Where a name says nothing, the shape decides.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_KERAS_KERNELS = {
    "kernel": "kernel",
    "recurrent_kernel": "recurrent kernel",
    "recurrent_kernel_1": "recurrent kernel",
    "recurrent_kernel_2": "recurrent kernel",
    "depthwise_kernel": "depthwise kernel",
    "pointwise_kernel": "pointwise kernel",
    "real_kernel": "kernel of the real part",
    "imag_kernel": "kernel of the imaginary part",
    "embeddings": "table of embeddings",
    "reverse_embeddings": "table of embeddings",
    "lora_kernel_a": "LoRA factor of a kernel",
    "lora_kernel_b": "LoRA factor of a kernel",
    "lora_embeddings_a": "LoRA factor of a table of embeddings",
    "lora_embeddings_b": "LoRA factor of a table of embeddings",
}
# The last word of a name that is in one of these tells what it names.
_OTHERS = {
    "bias": {"bias", "biases", "b", "bs", "beta", "shift", "offset", "intercept"},
    "scale": {"gamma", "scale", "scales", "gain", "temperature", "tau", "zero"}
    | {"alpha", "slope", "threshold"},
}
_KERNELS = {
    "kernel": {"kernel", "kernels", "filter", "filters"},
    "table of embeddings": {"embedding", "embeddings", "embed", "emb", "codebook"},
    "weight matrix": {"weight", "weights", "w", "ws", "matrix", "projection", "proj"},
}
# Layers of Keras that hold weights of another library, under its names.
_FOREIGN = {"TorchModuleWrapper", "JaxLayer", "FlaxLayer"}
# Containers in containers that are searched; one may hold itself.
_DEEPEST = 10


@dataclass(frozen=True)
class Role:
    """What a weight is for.

    Attributes:
        name: such as ``recurrent kernel`` or ``bias``.
        is_kernel: whether it is one.
        reason: what tells, such as ``by the name 'kernel'``.
    """

    name: str
    is_kernel: bool
    reason: str


def role_of(layer: Any, variable: Any, trained: bool) -> Role:
    """The role of a variable in the layer that owns it.

    Args:
        layer: a Keras layer.
        variable: one of its own variables.
        trained: whether the layer created it to be trained.
    """
    names = [*_attributes(layer, variable), variable.name]
    shape = tuple(variable.shape)
    kind = type(layer)
    if kind.__module__.split(".")[0] == "keras" and kind.__name__ not in _FOREIGN:
        return keras_role(names)
    if not trained:
        return Role("state", False, "never trained")
    return named_role(names, shape) or shaped_role(shape)


def keras_role(names: list[str]) -> Role:
    """The role of a variable of a layer of Keras.

    Args:
        names: of the attributes that hold it and of itself; one of them suffices.
    """
    for name in names:
        plain = name.strip("_")
        if plain in _KERAS_KERNELS:
            return Role(_KERAS_KERNELS[plain], True, f"by the name {plain!r}")
    # The variable's own name: attributes may be called otherwise.
    words = names[-1].replace("_", " ")
    return Role(words, False, f"by the name {names[-1]!r}")


def named_role(names: list[str], shape: tuple[int, ...]) -> Role | None:
    """What names say of a weight of somebody's layer; None if nothing."""
    for name in names:
        words = _words(name)
        if "lora" in words and words[-1] in ("lora", "a", "b") and len(shape) > 1:
            return Role("LoRA factor", True, f"by the name {name!r}")
        for word in reversed(words):
            for role, others in _OTHERS.items():
                if word in others:
                    return Role(role, False, f"by the name {name!r}")
            for role, kernels in _KERNELS.items():
                if word in kernels:
                    # A vector, or one with axes for broadcasting, multiplies or is
                    # added element by element, whatever its name.
                    certain = role == "kernel" and len(shape) > 1
                    if certain or len(shape) == 2 or _long_axes(shape) > 1:
                        return Role(role, True, f"by the name {name!r}")
                    return shaped_role(shape)
    return None


def shaped_role(shape: tuple[int, ...]) -> Role:
    """What a shape says of a weight whose name says nothing."""
    if _long_axes(shape) > 1:
        reason = f"shape {shape}: {_long_axes(shape)} axes longer than one"
        return Role("kernel", True, reason)
    return Role(
        "vector", False, f"shape {shape}: no more than one axis longer than one"
    )


def _long_axes(shape: tuple[int, ...]) -> int:
    return sum(length > 1 for length in shape)


def _words(name: str) -> list[str]:
    # A lone B names a matrix, beside an A or a C; a bias is a b.
    if name.rpartition("_")[2] == "B" and "lora" not in name.lower():
        name = name[:-1]
    parts = re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()
    return [word for word in re.split(r"[^a-z]+", parts) if word]


def _attributes(layer: Any, variable: Any) -> Iterator[str]:
    """Names of the layer's attributes that are, or hold, the variable."""
    for name, value in vars(layer).items():
        # What Keras keeps of every layer tells no role.
        if name not in ("_trainable_variables", "_non_trainable_variables", "_tracker"):
            yield from _names_of(variable, name, value)
    module = getattr(layer, "module", None)
    if type(layer).__name__ == "TorchModuleWrapper" and module is not None:
        for name, parameter in module.named_parameters():
            if parameter is variable.value:
                yield name


def _names_of(
    variable: Any, name: str, value: Any, most: int = _DEEPEST
) -> Iterator[str]:
    """Names of a variable in a thing called `name`, or in containers in it."""
    if value is variable:
        yield name
    elif not most:
        return
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from _names_of(variable, str(key), part, most - 1)
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from _names_of(variable, name, part, most - 1)
