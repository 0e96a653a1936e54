"""The layers of a weights file, in the order that its configuration tells."""

from collections.abc import Collection, Hashable, Iterator
from dataclasses import dataclass
from typing import Any

import h5py

from tfrwc.recording.keras_layers import (
    Config,
    class_name,
    is_known,
    parts_of,
    variables_of,
)
from tfrwc.recording.networks import Groups
from tfrwc.recording.roles import keras_role

UNKNOWN = "unknown"
_NO_KERNELS = {"LayerNormalization", "GroupNormalization", "BatchNormalization"}
_NO_KERNELS |= {"PReLU", "Normalization", "RMSNormalization"}


@dataclass(frozen=True)
class FileLayer:
    """A layer in a weights file.

    Attributes:
        paths: of its own tensors, in order.
        shapes: of these.
        kind: name of its class, or `UNKNOWN`.
        names: of its variables; None where the file does not tell.
        kernels: for each tensor whether it is a kernel; guessed if not `certain`.
        has_kernel: whether one of them is, or was before it was quantised.
        network: stands for the network that it is part of.
        certain: whether order and kernels are known.
    """

    paths: list[str]
    kind: str
    names: list[str] | None
    kernels: list[bool]
    has_kernel: bool
    network: Hashable
    certain: bool


class FileLayers:
    """Walks the layers of an open file.

    Args:
        file: of HDF5.
        paths: of the model's tensors.
    """

    def __init__(self, file: Any, paths: list[str]) -> None:
        self._file = file
        self._paths: dict[str, list[str]] = {}
        for path in paths:
            self._paths.setdefault(path.rsplit("vars/", 1)[0], []).append(path)

    def walk(self, config: Config, place: str = "", network: Hashable = 0) -> Any:
        """Yield each `FileLayer` of the model or layer at a place, itself first."""
        layers = model_layers(config)
        if layers:
            yield from self._model(config, layers, place, network)
        elif is_known(config):
            yield from self._known(config, place, network)
        else:
            yield from self.unknown(place, network, config.get("class_name", UNKNOWN))

    def unknown(
        self, place: str, network: Hashable = 0, kind: str = UNKNOWN
    ) -> Iterator[FileLayer]:
        """Layers at and below a place of which the file does not tell more."""
        for inner in sorted(self._paths):
            if inner.startswith(place):
                paths = self._paths[inner]
                shapes = [tuple(self._file[path].shape) for path in paths]
                kernels = guessed_kernels(shapes)
                own = kind if inner == place else _kind_by_place(inner)
                if own in _NO_KERNELS:
                    kernels = [False] * len(paths)
                yield FileLayer(
                    paths=paths,
                    kind=own,
                    names=None,
                    kernels=kernels,
                    has_kernel=any(kernels),
                    network=network,
                    certain=all(len(shape) < 2 for shape in shapes),
                )

    def _model(
        self, config: Config, layers: list[Config], place: str, network: Hashable
    ) -> Iterator[FileLayer]:
        groups = self._file.get(f"{place}layers")
        places = {}
        for part in groups if isinstance(groups, h5py.Group) else ():
            name = self.name(f"{place}layers/{part}/")
            if name is not None:
                places[name] = f"{place}layers/{part}/"
        apart = not place and config["class_name"] == "Functional"
        networks = connected(layers, {n for n, p in places.items() if self._below(p)})
        for layer in layers:
            name = layer["config"]["name"]
            if name in places:
                group = networks.of(name) if apart else network
                yield from self.walk(layer, places[name], group)

    def _known(
        self, config: Config, place: str, network: Hashable
    ) -> Iterator[FileLayer]:
        paths, kind = self._paths.get(place, []), config["class_name"]
        names: list[str] | None = variables_of(config)
        known = keras_role_of(names)
        has_kernel = any(known)
        if has_kernel and any(self._file[path].dtype.kind in "iu" for path in paths):
            # Quantised: the kernel is whole numbers, the others are no kernels.
            names, known = None, [False] * len(paths)
        elif len(known) != len(paths):
            if paths:
                yield from self.unknown(place, network, kind)
                return
            names, known, has_kernel = [], [], False
        if (config["config"] or {}).get("lora_rank"):
            names = None  # The file has the kernel with its factors merged.
        if paths:
            yield FileLayer(paths, kind, names, known, has_kernel, network, True)
        for part, layer in parts_of(config):
            inner = f"{place}{part}/"
            if kind == "SpectralNormalization" and self._paths.get(inner):
                self._paths[inner] = self._paths[inner][1:]  # It is listed above.
                yield from self._rest(layer, inner, network)
            elif self._below(inner):
                if layer is None:
                    yield from self.unknown(inner, network)
                else:
                    yield from self.walk(layer, inner, network)

    def _rest(
        self, layer: Config | None, place: str, network: Hashable
    ) -> Iterator[FileLayer]:
        """A layer whose kernel is listed already."""
        paths = self._paths[place]
        if not paths:
            return
        kind = layer["class_name"] if layer else UNKNOWN
        names = variables_of(layer)[1:] if layer and is_known(layer) else []
        certain = len(names) == len(paths)
        yield FileLayer(
            paths=paths,
            kind=kind,
            names=names if certain else None,
            kernels=[False] * len(paths),
            has_kernel=False,
            network=network,
            certain=certain,
        )

    def without(self, layers: list[FileLayer]) -> list[str]:
        """Paths that are in none of the layers, nor repeat what is in one."""
        listed = {path for layer in layers for path in layer.paths}
        return [p for ps in self._paths.values() for p in ps if p not in listed]

    def _below(self, place: str) -> bool:
        return any(path.startswith(place) for path in self._paths)

    def name(self, place: str) -> str | None:
        """The name of the layer at a place, if the file has it."""
        group = self._file.get(f"{place}vars")
        name = None if group is None else group.attrs.get("name")
        return name if isinstance(name, str) else None


def keras_role_of(names: list[str]) -> list[bool]:
    """For each variable of a layer of Keras whether it is a kernel."""
    return [keras_role([name]).is_kernel for name in names]


def guessed_kernels(shapes: list[tuple[int, ...]]) -> list[bool]:
    """Which tensors of a layer are kernels, as far as their shapes tell."""
    return [
        len(shape) > 1
        and (len(shape) != 3 or sum(length > 1 for length in shape) > 1)
        and not (index and _looks_like_bias(shape, shapes[0]))
        for index, shape in enumerate(shapes)
    ]


def _kind_by_place(place: str) -> str:
    """The class of a layer in Keras' own list of a model's layers, else `UNKNOWN`."""
    parts = place.rstrip("/").split("/")
    listed = len(parts) > 1 and parts[-2] == "layers"
    return class_name(parts[-1]) if listed else UNKNOWN


def _looks_like_bias(shape: tuple[int, ...], kernel: tuple[int, ...]) -> bool:
    """A bias has the last axes of the kernel; that of a GRU has two rows of these."""
    if len(kernel) > len(shape):
        return kernel[-len(shape) :] == shape
    return len(shape) == 2 and len(kernel) == 2 and shape == (2, kernel[1])


def model_layers(config: Config) -> list[Config]:
    """Configurations of the layers of a sequential or functional model, else none."""
    is_keras = str(config.get("module", "keras")).split(".")[0] == "keras"
    if not is_keras or config.get("class_name") not in ("Functional", "Sequential"):
        return []
    return [x for x in config.get("config", {}).get("layers", []) if "config" in x]


def connected(layers: list[Config], weighted: Collection[str]) -> Groups:
    """Which layers of a functional model are connected, by their names.

    Args:
        layers: configurations.
        weighted: names of those that have weights: they are one thing wherever they
            are called; others are one for each call.
    """
    groups = Groups()
    for layer in layers:
        name = layer["config"]["name"]
        first = 1 if layer["class_name"] == "Functional" else 0
        for number, node in enumerate(layer.get("inbound_nodes", []), first):
            here = name if name in weighted else (name, number)
            for other, index in _histories(node):
                groups.join(here, other if other in weighted else (other, index))
    return groups


def _histories(node: Any) -> Iterator[tuple[str, int]]:
    """Layers, and the numbers of their calls, that a call takes its inputs from."""
    if isinstance(node, dict):
        history = node.get("keras_history")
        if history:
            yield history[0], history[1]
        for value in node.values():
            yield from _histories(value)
    elif isinstance(node, list):
        for value in node:
            yield from _histories(value)
