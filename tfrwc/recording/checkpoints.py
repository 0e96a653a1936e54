"""The contents of a recording, from saved weights.

Files are read tensor by tensor, without Keras; with a `model` they are loaded into
it, and its own weights are put back at the end.
"""

import os
import warnings
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from tfrwc._common.activity import doing
from tfrwc._common.checks import one_of
from tfrwc._common.keras_archive import WEIGHTS
from tfrwc._common.paths import local_path
from tfrwc.recording.blocks import Comparison
from tfrwc.recording.checkpoint_order import in_order
from tfrwc.recording.measures import check_measures, lookup
from tfrwc.recording.measures.measure import units_of
from tfrwc.recording.natural import natural
from tfrwc.recording.records import REFERENCES, Contents, Record
from tfrwc.recording.sums import values_and_flags
from tfrwc.recording.watch import COLUMNS, check_watch, layer_table, watched
from tfrwc.recording.weights_check import DAMAGE, reading
from tfrwc.recording.weights_file import SUFFIXES, WeightsFile, check_watch_of_files

StrPath: TypeAlias = str | os.PathLike[str]
# The table of layers, the steps of all files (None where unknown), and the values and
# flags of all but the first.
_Measured: TypeAlias = tuple[
    pd.DataFrame,
    list[int | None],
    tuple[npt.NDArray[np.float32], npt.NDArray[np.uint8]],
]


_SHARDED = (
    "{} lists weights that were saved in several parts, which are not read one by one. "
    "Load it into the model, and save the weights whole: model.save_weights without "
    "max_shard_size."
)


def read_checkpoints(
    paths: StrPath | Iterable[StrPath],
    model: Any,
    measures: str | Iterable[str],
    reference: str,
    watch: Any,
) -> Contents:
    """The change from each checkpoint to the next; see `Recording.from_checkpoints`."""
    names = check_measures(measures)
    reference = one_of(reference, REFERENCES, "reference")
    files = _files(paths)
    is_listed = not isinstance(paths, (str, os.PathLike))
    files, epochs = in_order(files, [_step(path) for path in files], is_listed)
    if model is None:
        table, steps, results = _from_files(files, names, reference, watch)
    else:
        table, steps, results = _by_model(model, files, names, reference, watch)
    counts = [step for step in steps if step is not None]
    if len(counts) < len(steps):
        counts = epochs
    settings = {
        "every": "checkpoint",
        "reference": reference,
        "watch": watch if isinstance(watch, str) else repr(watch),
        "checkpoints": [path.name for path in files],
    }
    records = [
        Record.converted(*record, logs={})
        for record in zip(counts[1:], epochs[1:], *results, strict=True)
    ]
    return Contents(table, names, settings, {}, records)


def _files(paths: StrPath | Iterable[StrPath]) -> list[Path]:
    if isinstance(paths, (str, os.PathLike)):
        folder = local_path(paths, "paths")
        if folder.is_file():
            raise ValueError(
                f"{folder} is one file, and a change needs two. Give a list of files, "
                "or a folder of them."
            )
        if not folder.is_dir():
            raise FileNotFoundError(
                f"{folder} is no folder of checkpoints. Give one, or a list of files."
            )
        inside = list(folder.iterdir())
        files = [path for path in inside if path.name.endswith(SUFFIXES)]
        for path in inside:
            if path.name.endswith(".weights.json"):
                raise ValueError(_SHARDED.format(path))
        files.sort(key=lambda path: natural(path.name))
    else:
        files = [local_path(path, "A path in paths") for path in paths]
    for path in files:
        if path.name.endswith(".weights.json"):
            raise ValueError(_SHARDED.format(path))
        if not path.name.endswith(SUFFIXES):
            raise ValueError(
                f"Checkpoints must be files {' or '.join(SUFFIXES)}. Received: {path}."
            )
        if not path.is_file():
            raise FileNotFoundError(f"There is no checkpoint {path}.")
    if len(files) < 2:
        found = ", ".join(str(path) for path in files) or "none"
        raise ValueError(
            f"A change needs two checkpoints ({' or '.join(SUFFIXES)}) or more. Found: "
            f"{found}. A folder is read without subfolders: name the one that holds "
            "the files."
        )
    return files


def _step(path: Path) -> int | None:
    with WeightsFile(path) as file, reading(path):
        return file.step()


def _from_files(
    paths: list[Path], names: tuple[str, ...], reference: str, watch: Any
) -> _Measured:
    check_watch_of_files(watch)
    measures, renew = lookup(names), reference == "previous"
    with WeightsFile(paths[0]) as file, reading(paths[0]):
        rows = file.tensors(watch)
        steps = [file.step()]
        before = {row["path"]: file.read(row["path"]) for row in rows}
        units = {row["path"]: units_of(row["shape"]) for row in rows}
    compare = Comparison(measures, renew, max(row["size"] for row in rows))
    sums = []
    with doing("checkpoint", of=len(paths) - 1) as activity:
        for path in activity.each(paths[1:]):
            with WeightsFile(path) as file, reading(path):
                others = file.tensors(watch)
                if _places(others) != _places(rows):
                    raise ValueError(
                        f"{path} holds other tensors than {paths[0]}. Give checkpoints "
                        f"of one network.{file.quantised()}"
                    )
                steps.append(file.step())
                sums.append(
                    [compare(before[key], file.read(key), units[key]) for key in before]
                )
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table, steps, values_and_flags(sums, measures)


def _places(rows: Sequence[dict[str, Any]]) -> list[tuple[str, tuple[int, ...]]]:
    return [(row["path"], row["shape"]) for row in rows]


def _by_model(
    model: Any, paths: list[Path], names: tuple[str, ...], reference: str, watch: Any
) -> _Measured:
    # Here, because reading files needs no Keras.
    from tfrwc.recording.device import measures_of

    chosen = watched(model, check_watch(watch))
    variables = [tensor.variable for tensor in chosen]
    shapes = Counter(tensor.shape for tensor in chosen)
    weights = measures_of(variables, names, renew=reference == "previous")
    steps, results = [], []
    lora = ""
    if any(tensor.role.name.startswith("LoRA") for tensor in chosen):
        lora = (
            ", and no factors of LoRA, as files hold kernels with these added. "
            "Leave out `model` to measure those kernels"
        )
    with _weights_put_back(model):
        for path in paths:
            with WeightsFile(path) as file, reading(path):
                steps.append(file.step())
                # Keras leaves some weights that it does not find as they are.
                missing = shapes - Counter(file.shapes())
                quantised = file.quantised()
            try:
                if missing:
                    raise ValueError(f"it lacks tensors of shapes {[*missing]}{lora}")
                _load(model, path)
            except DAMAGE as error:
                raise ValueError(
                    f"{path} could not be loaded into model {model.name!r}: {error}. "
                    f"Give checkpoints of this network.{quantised}"
                ) from error
            if weights.snapshots:
                results.append(weights.measure())
            else:
                weights.snapshot()
    return layer_table(chosen), steps, weights.finish(results)


@contextmanager
def _weights_put_back(model: Any) -> Iterator[None]:
    from keras import ops

    # A file would have kernels with factors added, and no factors.
    adapted = [
        (variable, np.array(ops.convert_to_numpy(variable)))
        for layer in model._flatten_layers()
        if getattr(layer, "lora_enabled", False)
        for variable in layer.weights
    ]
    with TemporaryDirectory() as folder:
        own = Path(folder) / "own.weights.h5"
        model.save_weights(own)
        try:
            yield
        finally:
            _load(model, own)
            for variable, array in adapted:
                variable.assign(array)


def _load(model: Any, path: Path) -> None:
    with TemporaryDirectory() as folder, warnings.catch_warnings():
        if path.suffix == ".keras":
            # Keras reads them within the archive, from the beginning at each step back.
            with zipfile.ZipFile(path) as archive:
                path = Path(archive.extract(WEIGHTS, folder))
        # Only weights matter here, whatever the optimizer's state was at the time.
        warnings.filterwarnings("ignore", "Skipping variable loading for optimizer")
        model.load_weights(path)
