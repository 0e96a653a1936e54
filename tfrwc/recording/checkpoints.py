"""A recording from saved weights, for trainings that ran without a callback.

>>> from tfrwc import Recording
>>> recording = Recording.from_checkpoints("checkpoints/")  # doctest: +SKIP

Files are read tensor by tensor, without Keras; with a `model` they are loaded into
it, and its own weights are put back at the end.
"""

import re
import warnings
from collections import Counter
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from tfrwc.recording.blocks import Comparison
from tfrwc.recording.recording import Recording
from tfrwc.recording.sums import check_measures, check_reference, values_and_flags
from tfrwc.recording.watch import COLUMNS
from tfrwc.recording.weights_file import SUFFIXES, WeightsFile, natural


def from_checkpoints(
    paths, model=None, measures=("l1_ratio",), reference="previous", watch="kernels"
) -> Recording:
    """A recording of the change from each saved checkpoint to the next.

    In memory are one checkpoint's watched weights and one tensor more; with a `model`,
    its weights and a copy of the watched ones.

    Args:
        paths: ``.weights.h5`` and ``.keras`` files in order of training, two or more;
            or a folder of them, as `keras.callbacks.ModelCheckpoint` leaves it, whose
            files are taken in order of the numbers in their names.
        model: a built model of this architecture. Without one, ``.keras`` files of
            sequential and functional models tell the order, depth and kinds of
            layers; for others these stay unknown: tensors are ordered by their paths
            in the file, with depth NaN, and kinds are guessed from these paths.
        measures: as in `RWCCallback`.
        reference: ``"previous"``, or ``"initial"`` for the first checkpoint.
        watch: as in `RWCCallback`. Without a model, only ``"kernels"`` (every tensor of
            more than one dimension), ``"all"`` and a regular expression for paths in
            the file.

    Returns:
        A `Recording` with a record for each file but the first. Its steps are the
        optimizer's counts where all files hold them; its epochs are the numbers in
        the files' names where one of them grows from file to file, else their places
        (from 0). Where there is no count, steps are as epochs. There are no logs.

    Raises:
        FileNotFoundError: for a missing file or folder.
        ValueError: for fewer than two files, files out of order, of other networks,
            or damaged, or what cannot be done without a model.
    """
    measures, reference = check_measures(measures), check_reference(reference)
    paths = _files(paths)
    if model is None:
        table, steps, found = _from_files(paths, measures, reference, watch)
    else:
        table, steps, found = _by_model(model, paths, measures, reference, watch)
    _check_order(paths, steps)
    epochs = _numbers_in_names(paths)
    if None in steps:
        steps = epochs
    settings = {
        "every": "checkpoint",
        "reference": reference,
        "watch": watch if isinstance(watch, str) else repr(watch),
        "checkpoints": [path.name for path in paths],
    }
    recording = Recording(table, measures, settings)
    for record in zip(steps[1:], epochs[1:], *found, strict=True):
        recording.append(*record, logs={})
    return recording


def _files(paths):
    if isinstance(paths, (str, Path)):
        folder = Path(paths)
        if folder.is_file():
            raise ValueError(
                f"{folder} is one file, and a change needs two. Give a list of files, "
                "or a folder of them."
            )
        if not folder.is_dir():
            raise FileNotFoundError(
                f"{folder} is no folder of checkpoints. Give one, or a list of files."
            )
        files = [p for p in folder.iterdir() if p.name.endswith(SUFFIXES)]
        files.sort(key=lambda path: natural(path.name))
    else:
        files = [Path(path) for path in paths]
    for path in files:
        if not path.name.endswith(SUFFIXES):
            raise ValueError(
                f"Checkpoints must be files {' or '.join(SUFFIXES)}. Received: {path}."
            )
        if not path.is_file():
            raise FileNotFoundError(f"There is no checkpoint {path}.")
    if len(files) < 2:
        raise ValueError(
            f"A change needs two checkpoints ({' or '.join(SUFFIXES)}) or more. Found: "
            f"{[str(path) for path in files]} in {paths!r}, without subfolders."
        )
    return files


def _check_order(paths, steps):
    known = [(step, path) for step, path in zip(steps, paths, strict=True) if step]
    for (step, path), (later, other) in pairwise(known):
        if later < step:
            raise ValueError(
                f"Checkpoints must come in order of training, but {path} of step "
                f"{step} comes before {other} of step {later}. Sort them by the "
                "numbers in their names, as is done for a folder."
            )


def _numbers_in_names(paths):
    found = [[int(n) for n in re.findall(r"\d+", path.name)] for path in paths]
    for numbers in zip(*found, strict=False):
        if all(a < b for a, b in pairwise(numbers)):
            return list(numbers)
    return list(range(len(paths)))


def _from_files(paths, measures, reference, watch):
    steps, sums, held, table = [], [], {}, None
    for path in paths:
        with WeightsFile(path) as file:
            found = file.tensors(watch)
            if table is None:
                table = pd.DataFrame(found, columns=COLUMNS)
                compare = Comparison(
                    measures, reference == "previous", table["size"].max()
                )
            elif [t["shape"] for t in found] != table["shape"].tolist() or [
                t["path"] for t in found
            ] != table["path"].tolist():
                raise ValueError(
                    f"{path} holds other tensors than {paths[0]}. Give checkpoints of "
                    "one network."
                )
            steps.append(file.step())
            record = []
            for tensor in found:
                key, now = tensor["path"], file.read(tensor["path"])
                if key in held:
                    record.append(compare(held[key], now))
                else:
                    held[key] = now
            if record:
                sums.append(record)
    return table, steps, values_and_flags(sums, measures)


def _by_model(model, paths, measures, reference, watch):
    # Here, because reading files needs no Keras.
    from tfrwc.recording.device import measures_of
    from tfrwc.recording.watch import check_watch, layer_table, watched

    chosen = watched(model, check_watch(watch))
    variables = [tensor.variable for tensor in chosen]
    shapes = Counter(tensor.shape for tensor in chosen)
    weights = measures_of(variables, measures, renew=reference == "previous")
    steps, results = [], []
    with _weights_put_back(model):
        for path in paths:
            with WeightsFile(path) as file:
                steps.append(file.step())
                # Keras leaves some weights that it does not find as they are.
                missing = shapes - Counter(file.shapes())
            try:
                if missing:
                    raise ValueError(f"it lacks tensors of shapes {[*missing]}")
                _load(model, path)
            except (ValueError, KeyError, OSError) as error:
                raise ValueError(
                    f"{path} could not be loaded into model {model.name!r}: {error}. "
                    "Give checkpoints of this network."
                ) from error
            if weights.snapshots:
                results.append(weights.measure())
            else:
                weights.snapshot()
    return layer_table(chosen), steps, weights.finish(results)


@contextmanager
def _weights_put_back(model):
    with TemporaryDirectory() as folder:
        own = Path(folder) / "own.weights.h5"
        model.save_weights(own)
        try:
            yield
        finally:
            _load(model, own)


def _load(model, path):
    with warnings.catch_warnings():
        # Only weights matter here, whatever the optimizer's state was at the time.
        warnings.filterwarnings("ignore", "Skipping variable loading for optimizer")
        model.load_weights(path)
