"""Which tensors of a model are watched, and how they are named and ordered.

A model is walked depth first, in the order Keras keeps its layers, through
nested models, wrappers and layers inside layers; a layer or variable that is
met again (a shared one) is listed once, at its first place.
"""

import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from math import prod
from typing import Any, TypeAlias

import pandas as pd

from tfrwc.recording.names import numbered
from tfrwc.recording.networks import networks
from tfrwc.recording.roles import Role, role_of

COLUMNS = ["name", "path", "kind", "shape", "size", "depth"]
PRESETS = ("kernels", "trainable", "all")
Watch: TypeAlias = str | Callable[[Any], bool]


@dataclass(frozen=True)
class Tensor:
    """One weight of a model.

    Attributes:
        name: ``layer/variable``, made unique within the model.
        path: the variable's Keras path; it may repeat in subclassed models.
        kind: class name of the layer that owns it, such as ``Conv2D``.
        shape: its shape.
        depth: how many layers that hold a kernel come before it in its network; a
            bias or normalisation layer has the depth of the kernel before it. Networks
            that are not connected are counted each from 0.
        trained: whether the layer created it to be trained, frozen or not.
        role: what it is for in its layer.
        variable: the `keras.Variable`.
    """

    name: str
    path: str
    kind: str
    shape: tuple[int, ...]
    depth: int
    trained: bool
    role: Role
    variable: Any

    @property
    def size(self) -> int:
        """Number of elements."""
        return prod(self.shape)

    def row(self) -> dict[str, Any]:
        """Its row in a table of layers, by column."""
        return {column: getattr(self, column) for column in COLUMNS}


def check_watch(watch: Any) -> Watch:
    """Return the `watch` argument of `RWCCallback`.

    Raises:
        ValueError: if it is no preset, regular expression or function.
    """
    if callable(watch) or watch in PRESETS:
        choice: Watch = watch
        return choice
    if isinstance(watch, str):
        try:
            re.compile(watch)
        except re.error as error:
            raise ValueError(
                f"watch={watch!r} is neither one of {PRESETS} nor a valid regular "
                f"expression for variable paths ({error})."
            ) from error
        return watch
    raise ValueError(
        f"watch must be one of {PRESETS}, a regular expression for variable paths, "
        f"or a function of a keras.Variable. Received: {watch!r}."
    )


def tensors(model: Any) -> list[Tensor]:
    """All weights of a built model, each once.

    The order is forward in sequential and functional models; in subclassed models,
    whose calls Keras does not know, it is that in which layers became attributes.
    """
    listed: list[Tensor] = []
    seen: set[int] = set()
    names: Counter[str] = Counter()
    network_of = networks(model)
    layers_with_kernel: Counter[Hashable] = Counter()
    for layer in _layers(model):
        # The two lists tell a frozen weight from one that is never trained;
        # the public properties merge both once `layer.trainable` is False.
        own = [(v, True) for v in layer._trainable_variables]
        own += [(v, False) for v in layer._non_trainable_variables]
        own = [(v, trained) for v, trained in own if id(v) not in seen]
        seen.update(id(v) for v, _ in own)
        roles = [role_of(layer, variable, trained) for variable, trained in own]
        network = network_of(layer)
        layers_with_kernel[network] += any(role.is_kernel for role in roles)
        for (variable, trained), role in zip(own, roles, strict=True):
            listed.append(
                Tensor(
                    name=numbered(f"{layer.name}/{variable.name}", names),
                    path=variable.path,
                    kind=type(layer).__name__,
                    shape=tuple(variable.shape),
                    depth=max(layers_with_kernel[network] - 1, 0),
                    trained=trained,
                    role=role,
                    variable=variable,
                )
            )
    return listed


def watched(model: Any, watch: Watch) -> list[Tensor]:
    """The tensors of `model` that `watch` selects.

    Raises:
        ValueError: if it selects none.
    """
    every = tensors(model)
    chosen = [tensor for tensor in every if _decide(tensor, watch)[0]]
    if not chosen:
        raise ValueError(
            f"watch={watch!r} selects none of the {len(every)} weights of model "
            f"{model.name!r}, so nothing would be recorded. "
            "`RWCCallback.explain(model)` lists each weight and why it is left out."
        )
    return chosen


def explain(model: Any, watch: Watch = "kernels") -> pd.DataFrame:
    """List every weight of a model: watched or not, and why.

    Args:
        model: a built Keras model.
        watch: as in `RWCCallback`.

    Returns:
        A DataFrame with a row per weight, in the order of `tensors`, and the columns
        name, path, kind, shape, size, depth, trainable, watched, why, role.

    Raises:
        ValueError: if the model has no weights yet because it is not built.
    """
    check_watch(watch)
    every = tensors(model)
    if not every and has_unbuilt_layers(model):
        raise ValueError(
            f"Model {model.name!r} is not built, so it has no weights to explain. "
            "Call the model on one batch first."
        )
    rows = []
    for tensor in every:
        chosen, why = _decide(tensor, watch)
        rows.append(
            tensor.row()
            | {
                "trainable": bool(tensor.variable.trainable),
                "watched": chosen,
                "why": why,
                "role": tensor.role.name,
            }
        )
    columns = [*COLUMNS, "trainable", "watched", "why", "role"]
    return pd.DataFrame(rows, columns=columns)


def layer_table(chosen: list[Tensor]) -> pd.DataFrame:
    """The table of layers kept in a recording: a row per watched tensor."""
    return pd.DataFrame([tensor.row() for tensor in chosen], columns=COLUMNS)


def has_unbuilt_layers(model: Any, include_self: bool = True) -> bool:
    """Whether weights may still be created: `model.built` alone does not tell."""
    return not all(
        layer.built for layer in _layers(model) if include_self or layer is not model
    )


def _layers(model: Any) -> Iterator[Any]:
    stack, seen = [model], set()
    while stack:
        layer = stack.pop()
        if id(layer) in seen:
            continue
        seen.add(id(layer))
        yield layer
        children = layer._flatten_layers(include_self=False, recursive=False)
        stack.extend(reversed(children))


def _decide(tensor: Tensor, watch: Watch) -> tuple[bool, str]:
    if "float" not in str(tensor.variable.dtype):
        return False, f"holds {tensor.variable.dtype}, not real numbers"
    if tensor.size == 0:
        return False, "has no elements"
    if callable(watch):
        chosen = bool(watch(tensor.variable))
        return chosen, f"the watch function returned {chosen}"
    if watch not in PRESETS:
        chosen = re.search(watch, tensor.path) is not None
        verb = "matches" if chosen else "does not match"
        return chosen, f"path {verb} {watch!r}"
    if watch == "all":
        return True, "every weight is watched"
    if not tensor.trained:
        return False, "never trained (a statistic or state); watch='all' includes it"
    frozen = "" if tensor.variable.trainable else ", frozen at present"
    if watch == "trainable":
        return True, f"created to be trained{frozen}"
    role = tensor.role
    if role.is_kernel:
        return True, f"kernel; role: {role.name} ({role.reason}){frozen}"
    return False, (
        f"no kernel; role: {role.name} ({role.reason}); watch='trainable' includes it"
    )
