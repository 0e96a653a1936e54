"""Which layers of a model are one network, and which are networks beside each other.

A generator and its critic, or a network and its target copy, are often attributes of
one model that never calls one on the other. Depth is counted in each by itself.

- A functional model connects the layers that its graph connects.
- A model or layer with a `call` connects the layers that this names; one that it
  does not name stands alone. Where that cannot be told, all are connected.
- A model without one, that has only a `train_step`, connects nothing.
"""

import dis
import inspect
from collections.abc import Callable, Hashable, Iterator
from itertools import pairwise
from types import CodeType
from typing import Any

# With these, a `call` can reach layers whose names it does not spell.
_REACH_ALL = {"getattr", "vars", "super", "__dict__"}
_REACH_ALL |= {"layers", "_layers", "_flatten_layers"}


class Groups:
    """Sets of things that are joined two by two."""

    def __init__(self) -> None:
        self._above: dict[Hashable, Hashable] = {}

    def of(self, thing: Hashable) -> Hashable:
        """A thing that stands for all that are joined with this one."""
        while thing in self._above:
            thing = self._above[thing]
        return thing

    def join(self, one: Hashable, other: Hashable) -> None:
        """Join two things, and all that each is joined with."""
        first, second = self.of(one), self.of(other)
        if first != second:
            self._above[second] = first


def networks(model: Any) -> Callable[[Any], Hashable]:
    """A function from each layer of a model to what stands for its network.

    Args:
        model: a built Keras model.
    """
    groups = Groups()
    _join(model, groups, set())
    return lambda layer: groups.of(id(layer))


def _join(container: Any, groups: Groups, seen: set[int]) -> None:
    seen.add(id(container))
    children = container._flatten_layers(include_self=False, recursive=False)
    for child in children:
        if id(child) not in seen:
            _join(child, groups, seen)
    if _is_functional(container):
        _join_graph(container, groups)
        return
    for child in _called(container, children):
        _join_all(container, child, groups)


def _join_all(container: Any, layer: Any, groups: Groups) -> None:
    """Join a layer and all in it; one without weights only within its container."""
    for part in layer._flatten_layers():
        if part.weights:
            groups.join(id(container), id(part))


def _is_functional(layer: Any) -> bool:
    # A subclass of Functional that overrides `call` need not follow its graph.
    return hasattr(layer, "_nodes_by_depth") and _is_of_keras(type(layer).call)


def _join_graph(model: Any, groups: Groups) -> None:
    nodes = [node for level in model._nodes_by_depth.values() for node in level]
    own = {id(node.operation) for node in nodes}

    def place(node: Any) -> Hashable:
        # A layer with weights is one thing wherever it is called. One without (an
        # activation, say) does not connect those that it is called on.
        operation = node.operation
        return id(operation if getattr(operation, "weights", None) else node)

    for node in nodes:
        for parent in node.parent_nodes:
            if id(parent.operation) in own:
                groups.join(place(parent), place(node))
        for part in getattr(node.operation, "_flatten_layers", list)():
            if part.weights:
                groups.join(place(node), id(part))


def _called(container: Any, children: list[Any]) -> list[Any]:
    """The layers directly in a container that its `call` connects."""
    call = type(container).call
    if _is_of_keras(call):
        # Models and layers inherit a `call` that only says that there is none.
        return [] if call.__qualname__ in ("Model.call", "Layer.call") else children
    names: set[str] = set()
    if not _names_in(type(container), call, names, set()):
        return children
    named = [
        child
        for child in children
        if (attributes := set(_attributes_of(container, child))) & names
        or not attributes
    ]
    return named or children


def _is_of_keras(function: Any) -> bool:
    return str(getattr(function, "__module__", "")).split(".")[0] == "keras"


def _names_in(kind: type, function: Any, names: set[str], seen: set[CodeType]) -> bool:
    """Add the attributes that a method uses, itself or by other methods.

    Returns:
        whether these are all: not so where the layer is handed on as a whole, or
        what the function does cannot be read.
    """
    function = getattr(function, "python_function", function)
    code = getattr(inspect.unwrap(function), "__code__", None)
    if code is None or not code.co_varnames:
        return False
    codes = [code]
    for part in codes:
        codes += [c for c in part.co_consts if isinstance(c, CodeType)]
        if part in seen:
            continue
        seen.add(part)
        if _hands_on(part, code.co_varnames[0]) or _REACH_ALL & {*part.co_names}:
            return False
        names.update(part.co_names)
        for name in part.co_names:
            other = inspect.getattr_static(kind, name, None)
            other = other.fget if isinstance(other, property) else other
            other = getattr(other, "__func__", other)
            is_method = inspect.isfunction(other) and not _is_of_keras(other)
            if is_method and not _names_in(kind, other, names, seen):
                return False
    return True


def _hands_on(code: CodeType, itself: str) -> bool:
    """Whether the layer is used otherwise than for an attribute."""
    steps = [s for s in dis.get_instructions(code) if s.opname != "CACHE"]
    for step, following in pairwise(steps):
        loaded = step.argval if isinstance(step.argval, tuple) else (step.argval,)
        if not step.opname.startswith(("LOAD_FAST", "LOAD_DEREF", "STORE_FAST_LOAD")):
            continue
        if itself in loaded[:-1] and "LOAD_FAST_LOAD" in step.opname:
            return True
        is_attribute = following.opname in ("LOAD_ATTR", "LOAD_METHOD", "STORE_ATTR")
        if loaded[-1] == itself and not is_attribute:
            return True
    return False


def _attributes_of(container: Any, child: Any) -> Iterator[str]:
    """Names of the attributes that are, or hold, a layer."""
    attributes = vars(container)
    # On PyTorch, attributes that are layers are kept in a dict of their own.
    for name, value in (attributes | attributes.get("_modules", {})).items():
        if name not in ("_layers", "_modules") and _holds(value, child):
            yield name


def _holds(value: Any, child: Any) -> bool:
    if isinstance(value, dict):
        return any(_holds(part, child) for part in value.values())
    if isinstance(value, (list, tuple)):
        return any(_holds(part, child) for part in value)
    return value is child
