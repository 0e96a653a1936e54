"""Reading Keras' weights files, ``.weights.h5`` and ``.keras``, without Keras."""

import re
import zipfile
from math import prod
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from tfrwc._common.keras_archive import WEIGHTS, open_part
from tfrwc.recording.file_layers import FileWeight, weights_of_file
from tfrwc.recording.hdf5_heaps import check_heaps
from tfrwc.recording.journal import whole
from tfrwc.recording.natural import natural
from tfrwc.recording.watch import check_watch
from tfrwc.recording.weights_check import (
    check_archive,
    check_kind,
    check_tensors,
    quantised,
    reading,
)

SUFFIXES = (".weights.h5", ".keras")
# What optimizers, and attributes that hold one, are called.
_OPTIMIZER = re.compile(
    r"opt|ada[mgdf]|sgd|rmsprop|nadam|ftrl|lion|lamb|muon", re.IGNORECASE
)


class WeightsFile:
    """An open weights file; a context manager.

    Args:
        path: `Path` of a file of one of `SUFFIXES`.

    Raises:
        ValueError: if it is damaged or of another kind.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._open: list[Any] = []
        self._config: dict[str, Any] = {}
        try:
            with reading(path):
                self._open_checked()
        except ValueError:
            self.close()
            raise

    def _open_checked(self) -> None:
        check_kind(self._path)
        source: Any = self._path
        size = self._path.stat().st_size
        if self._path.name.endswith(".keras"):
            archive = self._enter(zipfile.ZipFile(self._path))
            self._config = check_archive(archive)
            size = archive.getinfo(WEIGHTS).file_size
            source = self._enter(open_part(archive, WEIGHTS))
            check_heaps(source, size)
            source.seek(0)
        else:
            with self._path.open("rb") as file:
                check_heaps(file, size)
        self._file = self._enter(h5py.File(source, "r"))
        check_tensors(self._file, size)

    def _enter(self, resource: Any) -> Any:
        self._open.append(resource)
        return resource

    def __enter__(self) -> "WeightsFile":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file, and the archive that it is in."""
        while self._open:
            self._open.pop().close()

    def step(self) -> int | None:
        """The optimizer's count of updates, or None if the file has none."""
        with reading(self._path):
            for optimizer in ("optimizer/inner_optimizer", "optimizer"):
                count = self._file.get(f"{optimizer}/vars/0")
                if isinstance(count, h5py.Dataset) and count.shape == ():
                    return whole(int(count[()]))
        return None

    def read(self, path: str) -> npt.NDArray[Any]:
        """The tensor of this path in the file, as a vector."""
        with reading(self._path):
            data = self._file[path]
            array = np.empty(data.shape, data.dtype)
            if array.size:
                data.read_direct(array)
        if data.attrs.get("dtype") == "bfloat16":
            import ml_dtypes

            array = array.view(ml_dtypes.bfloat16)
        return array.reshape(-1)

    def quantised(self) -> str:
        """A sentence for weights that are quantised; else empty."""
        return quantised(self._file)

    def shapes(self) -> list[tuple[int, ...]]:
        """Shapes of all tensors of the model."""
        return [tuple(self._file[path].shape) for path in self._paths()]

    def tensors(self, watch: Any) -> list[dict[str, Any]]:
        """Rows of a table of layers for the tensors that `watch` selects.

        Raises:
            ValueError: if it selects none, or if weights are quantised.
        """
        # Their layers keep what belongs to them in another order.
        if sentence := self.quantised():
            raise ValueError(f"{self._path} cannot be measured:{sentence}")
        paths = self._paths()
        shapes = {
            path: tuple(self._file[path].shape) for path in paths if self._is_real(path)
        }
        rows = [
            {
                "name": weight.name,
                "path": weight.path,
                "kind": weight.kind,
                "shape": shapes[weight.path],
                "size": prod(shapes[weight.path]),
                "depth": weight.depth,
            }
            for weight in weights_of_file(self._config, shapes, self._name_of)
            if _selects(watch, weight) and _is_real(self._file[weight.path])
        ]
        if not rows:
            raise ValueError(
                f"watch={watch!r} selects none of the {len(paths)} tensors in "
                f"{self._path}, such as {paths[:3]}."
            )
        return rows

    def _paths(self) -> list[str]:
        """Paths of the model's tensors."""
        groups: dict[str, list[str]] = {}
        others: set[str] = set()

        def visit(path: str, item: Any) -> None:
            group, mark, number = path.rpartition("vars/")
            if isinstance(item, h5py.Dataset) and mark and number.isdecimal():
                groups.setdefault(group.rstrip("/"), []).append(path)
                counts = number == "0" and not item.shape and item.dtype.kind in "iu"
                if counts and self._is_of_optimizer(group.rstrip("/")):
                    others.add(group.rstrip("/"))

        self._file.visititems(visit)
        own = [
            path
            for group, paths in groups.items()
            if not (group in others or f"{group}/".startswith("optimizer/"))
            for path in paths
        ]
        return sorted(own, key=natural)

    def _is_of_optimizer(self, group: str) -> bool:
        """Whether a group that begins with a whole number is what an optimizer keeps.

        So is the count of its updates. That of a GAN's critic is ``d_optimizer``, that
        of a network within another one ``layers/critic/optimizer``. In layers a number
        that is not trained comes after all that is.
        """
        second = self._file.get(f"{group}/vars/1")
        has_rate = isinstance(second, h5py.Dataset) and second.shape == ()
        names = (group.rsplit("/", 1)[-1], self._name_of(group) or "")
        return has_rate or any(map(_OPTIMIZER.search, names))

    def _is_real(self, path: str) -> bool:
        data = self._file[path]
        real = data.dtype.kind == "f" or data.attrs.get("dtype") == "bfloat16"
        return bool(real and data.size)

    def _name_of(self, group: str) -> str | None:
        """Name of the layer of a group, which earlier versions of Keras do not keep."""
        weights = self._file.get(f"{group}/vars".lstrip("/"))
        name = None if weights is None else weights.attrs.get("name")
        return None if name is None else str(name)


def check_watch_of_files(watch: Any) -> None:
    """Check that the `watch` of a recording can be decided without a model.

    Raises:
        ValueError: if it cannot.
    """
    if watch not in ("kernels", "all") and (
        watch == "trainable" or not isinstance(watch, str)
    ):
        raise ValueError(
            f"watch={watch!r} cannot be decided from a weights file, which does not "
            "say what is trained. Give `model`, or watch 'kernels', 'all' or a regular "
            "expression for paths in the file."
        )
    check_watch(watch)


def _is_real(data: h5py.Dataset) -> bool:
    """Whether a tensor holds real numbers, as quantised weights and seeds do not."""
    is_float = data.dtype.kind == "f" or data.attrs.get("dtype") == "bfloat16"
    return bool(is_float and data.size)


def _selects(watch: str, weight: FileWeight) -> bool:
    if watch == "kernels":
        return weight.is_kernel
    return watch == "all" or re.search(watch, weight.path) is not None
