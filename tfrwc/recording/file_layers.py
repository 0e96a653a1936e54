"""The layers of a weights file, in the order and with the depth that a callback gives.

The order is known where the configuration of a ``.keras`` file tells it: through
sequential and functional models and the layers of Keras. In layers of others, and in
files without a configuration, it is not: then depth is unknown, and that of all layers
that come after them.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tfrwc.recording.keras_layers import (
    UNKNOWN,
    Entry,
    class_name,
    is_of_keras,
    keras_entry,
    kind_of,
    members,
    parts,
    weight_names,
)
from tfrwc.recording.natural import natural
from tfrwc.recording.networks import Groups
from tfrwc.recording.unnamed import roles_of_unnamed

Shape = tuple[int, ...]


@dataclass(frozen=True)
class FileLayer:
    """A layer that has weights in a file.

    Attributes:
        group: its path in the file.
        entry: its entry in the configuration, or one with its class alone.
        branch: the part of the outermost model that it is in.
        is_ordered: whether its place among the others is known.
        repeats: how many of its first weights belong to the layer around it.
    """

    group: str
    entry: Entry
    branch: str = ""
    is_ordered: bool = True
    repeats: int = 0

    @property
    def kind(self) -> str:
        """Name of its class, or "unknown"."""
        return kind_of(self.entry)


@dataclass(frozen=True)
class FileWeight:
    """A weight in a file.

    Attributes:
        path: its path in the file.
        name: ``layer/variable``, or ``layer/number`` where it is not known.
        kind: class of its layer, or "unknown".
        depth: as of a `Tensor` of a model; NaN where unknown.
        is_kernel: whether it is one, as far as the file tells.
    """

    path: str
    name: str
    kind: str
    depth: float
    is_kernel: bool


def weights_of_file(
    config: Entry, shapes: Mapping[str, Shape], name_of: Callable[[str], str | None]
) -> list[FileWeight]:
    """The weights of a file, in the order of a callback where that is known.

    Args:
        config: the configuration; empty if there is none.
        shapes: shape of each real weight, by its path.
        name_of: the name of the layer of a group, or None.
    """
    groups: dict[str, list[str]] = {}
    for path in sorted(shapes, key=natural):
        groups.setdefault(_group_of(path), []).append(path)
    layers = list(_Walk(groups, name_of).layers(config))
    networks = _networks(config, {layer.branch for layer in layers})
    depths: Counter[Hashable] = Counter()
    names: Counter[str] = Counter()
    listed, is_ordered = [], True
    for layer in layers:
        paths = groups[layer.group][layer.repeats :]
        variables = weight_names(layer.entry, len(groups[layer.group]))
        known = variables is not None
        roles = (
            [_is_kernel(name) for name in variables]
            if variables is not None
            else roles_of_unnamed(
                [shapes[path] for path in groups[layer.group]],
                (layer.group, name_of(layer.group) or ""),
            )
        )[layer.repeats :]
        is_ordered &= layer.is_ordered and known
        network = networks.get(layer.branch, "")
        depths[network] += any(roles)
        labels = variables or [path.rsplit("/", 1)[-1] for path in groups[layer.group]]
        for path, label, role in zip(
            paths, labels[layer.repeats :], roles, strict=True
        ):
            name = name_of(layer.group) or layer.group.rsplit("/", 1)[-1]
            name = f"{name}/{label}"
            names[name] += 1
            listed.append(
                FileWeight(
                    path,
                    name if names[name] == 1 else f"{name}#{names[name]}",
                    layer.kind,
                    max(depths[network] - 1, 0) if is_ordered else float("nan"),
                    role,
                )
            )
    return listed


def _group_of(path: str) -> str:
    return path.rpartition("vars/")[0].rstrip("/")


def _is_kernel(name: str) -> bool:
    return name.endswith(("kernel", "embeddings"))


class _Walk:
    """A walk through the groups of a file, each once."""

    def __init__(
        self, groups: dict[str, list[str]], name_of: Callable[[str], str | None]
    ) -> None:
        self._left = dict.fromkeys(groups)
        self._name_of = name_of

    def layers(self, config: Entry) -> Iterator[FileLayer]:
        """The layers, outermost model first."""
        if config.get("class_name"):
            yield from self._layers(config, "", None)
        yield from self._rest("", "")

    def _layers(
        self, entry: Entry, group: str, branch: str | None
    ) -> Iterator[FileLayer]:
        if is_of_keras(entry):
            if entry["class_name"] in ("Functional", "Sequential"):
                yield from self._model(entry, group, branch)
            else:
                yield from self._layer(entry, group, branch or "")
        elif group in self._left:
            del self._left[group]
            yield FileLayer(group, entry, branch or "", False)
        yield from self._rest(group, branch or "")

    def _model(
        self, entry: Entry, group: str, branch: str | None
    ) -> Iterator[FileLayer]:
        prefix = f"{group}/layers/".lstrip("/")
        parts_here = {
            path[len(prefix) :].split("/")[0]
            for path in self._left
            if path.startswith(prefix)
        }
        by_name = {self._name_of(prefix + part): prefix + part for part in parts_here}
        for path, layer in members("layers", _layers_in(entry)):
            name = _name_in(layer)
            # Layers without a `get_config` of their own tell no name.
            inside = (
                f"{group}/{path}".lstrip("/") if name is None else by_name.get(name)
            )
            if inside is not None:
                own = str(name or path) if branch is None else branch
                yield from self._layers(layer, inside, own)

    def _layer(self, entry: Entry, group: str, branch: str) -> Iterator[FileLayer]:
        repeats = 0
        if group in self._left:
            del self._left[group]
            yield FileLayer(group, entry, branch)
            repeats = entry["class_name"] == "SpectralNormalization"
        for attribute, part in parts(entry):
            for path in (f"{group}/{attribute}", f"{group}/_{attribute}"):
                for layer in self._layers(part, path, branch):
                    first = repeats if layer.group == path else layer.repeats
                    yield replace(layer, repeats=first)

    def _rest(self, group: str, branch: str) -> Iterator[FileLayer]:
        """What is left within a group, of which nothing tells the order."""
        while True:
            inside = [path for path in self._left if _is_within(path, group)]
            if not inside:
                return
            path = min(inside, key=natural)
            for layer in self._layer(self._guess(path), path, branch):
                yield replace(layer, is_ordered=False)

    def _guess(self, group: str) -> Entry:
        """An entry for a group, whose class its name tells in a list of layers."""
        above, _, name = group.rpartition("/")
        if self._is_list(above):
            return keras_entry(class_name(name))
        container, _, part = above.rpartition("/")
        if self._is_list(container):
            for attribute, entry in parts(keras_entry(class_name(part))):
                if name.lstrip("_") == attribute:
                    return entry
        return keras_entry(UNKNOWN)

    def _is_list(self, group: str) -> bool:
        """Whether a group holds the members of a list: all else has a name."""
        is_named = self._name_of("") is not None or group.endswith("layers")
        return bool(group) and is_named and self._name_of(group) is None


def _is_within(path: str, group: str) -> bool:
    return not group or path == group or path.startswith(group + "/")


def _networks(config: Entry, with_weights: set[str]) -> dict[str, Hashable]:
    """Which layers of the outermost model its graph connects.

    Args:
        config: of the outermost model.
        with_weights: names of its layers that have weights.

    Returns:
        for each of these, what stands for its network.
    """
    if config.get("class_name") != "Functional" or not is_of_keras(config):
        return {}
    groups = Groups()

    def place(name: str, call: int) -> Hashable:
        # A layer without weights does not connect those that it is called on.
        return name if name in with_weights else (name, call)

    for layer in _layers_in(config):
        name = str(_name_in(layer))
        for call, node in enumerate(layer.get("inbound_nodes") or []):
            for source, number in _sources(node):
                groups.join(place(source, number), place(name, call))
    return {name: groups.of(name) for name in with_weights}


def _layers_in(entry: Entry) -> list[Entry]:
    return list((entry.get("config") or {}).get("layers") or [])


def _name_in(layer: Entry) -> str | None:
    name = layer.get("name") or (layer.get("config") or {}).get("name")
    return None if name is None else str(name)


def _sources(node: Any) -> Iterator[tuple[str, int]]:
    """Names of the layers, and numbers of their calls, whose outputs a call takes."""
    if isinstance(node, dict):
        history = node.get("keras_history")
        if isinstance(history, list) and len(history) > 1:
            yield str(history[0]), int(history[1])
        for part in node.values():
            yield from _sources(part)
    elif isinstance(node, list):
        for part in node:
            yield from _sources(part)
