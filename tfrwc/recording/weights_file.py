"""Reading Keras' weights files, ``.weights.h5`` and ``.keras``, without Keras."""

import re
import zipfile
from collections import Counter
from collections.abc import Hashable, Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from tfrwc.recording.file_layers import FileLayer, FileLayers, model_layers
from tfrwc.recording.hdf5_heaps import check_heaps
from tfrwc.recording.names import numbered
from tfrwc.recording.watch import check_watch
from tfrwc.recording.weights_check import (
    WEIGHTS,
    check_archive,
    check_kind,
    check_tensors,
    quantised,
    reading,
)

SUFFIXES = (".weights.h5", ".keras")


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
            source = self._enter(archive.open(WEIGHTS))
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
                    return int(count[()])
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
            ValueError: if it selects none.
        """
        rows = [row for row, chosen in self._rows(watch) if chosen]
        if not rows:
            paths = self._paths()
            raise ValueError(
                f"watch={watch!r} selects none of the {len(paths)} tensors in "
                f"{self._path}, such as {paths[:3]}.{self.quantised()}"
            )
        return rows

    def _rows(self, watch: str) -> Iterator[tuple[dict[str, Any], bool]]:
        """A row for each tensor, and whether `watch` selects it."""
        layers = self._layers()
        # A name is numbered where it comes again, and so is the depth: by what comes
        # before. Once that is uncertain, all after it is.
        names: Counter[str] = Counter()
        depths: Counter[Hashable] = Counter()
        certain = True
        for layer in layers:
            certain &= layer.certain
            depths[layer.network] += layer.has_kernel
            depth = max(depths[layer.network] - 1, 0)
            for index, path in enumerate(layer.paths):
                data = self._file[path]
                group = data.parent.attrs.get("name")
                group = group or path.rsplit("/vars/", 1)[0].rsplit("/", 1)[-1]
                own = layer.names[index] if layer.names else path.rsplit("/", 1)[-1]
                row = {
                    "name": numbered(f"{group}/{own}", names),
                    "path": path,
                    "kind": layer.kind,
                    "shape": tuple(data.shape),
                    "size": int(np.prod(data.shape)),
                    "depth": depth if certain else np.nan,
                }
                yield row, _selects(watch, path, data, layer.kernels[index])

    def _layers(self) -> list[FileLayer]:
        paths = self._paths()
        walk = FileLayers(self._file, paths)
        layers = list(walk.walk(self._config)) if model_layers(self._config) else []
        rest = walk.without(layers)
        return [*layers, *FileLayers(self._file, rest).unknown("")]

    def _paths(self) -> list[str]:
        """Paths of the model's tensors."""
        paths: list[str] = []

        def visit(path: str, item: Any) -> None:
            own = not path.startswith("optimizer/")
            if isinstance(item, h5py.Dataset) and own and re.search(r"vars/\d+$", path):
                paths.append(path)

        self._file.visititems(visit)
        return sorted(paths, key=natural)


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


def natural(name: str) -> list[tuple[int, int, str]]:
    """A key that orders names by the numbers in them."""
    parts = [part for part in re.split(r"(\d+)", name) if part]
    return [(0, int(p), "") if p.isdigit() else (1, 0, p) for p in parts]


def _selects(watch: str, path: str, data: Any, is_kernel: bool) -> bool:
    real = data.dtype.kind == "f" or data.attrs.get("dtype") == "bfloat16"
    if not real or not data.size:
        return False
    if watch == "kernels":
        return is_kernel
    return watch == "all" or re.search(watch, path) is not None
