"""What `fit` of a private model is given, held against what its account is for.

What can be counted is counted, and refused if it is other data. What cannot, such as
the examples of a generator, is taken on trust, and the statement says so.
"""

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import keras
import numpy as np

from tfrwc.compat.extras import extra
from tfrwc.privacy.sgd.account.copies import Copies, Shared, copies
from tfrwc.privacy.sgd.account.history import EXAMPLE
from tfrwc.privacy.sgd.account.unit_data import most_rows
from tfrwc.privacy.sgd.sampling import PoissonBatches, ShuffledBatches
from tfrwc.privacy.sgd.settings import TrainingSettings

with extra("privacy"):
    import tensorflow as tf

ON_TRUST = (
    "The images came from {source}, which cannot be counted: that they are {size:,} "
    "different ones, none mixed of several, drawn at random and none more often than "
    "the others, is taken on trust."
)
ORDER_ON_TRUST = (
    "The images came from a tf.data.Dataset: that it shuffles them is taken on trust."
)
MAPPED_ON_TRUST = (
    "A function was mapped over the tf.data.Dataset of the images: that it makes each "
    "of one image, and mixes none, is taken on trust."
)
UNITS_ON_TRUST = (
    "Which images belong to one {unit} is what the units said that were given: that "
    "they are in the order of the images, and that no {unit} is there under several "
    "names, is taken on trust."
)
GUESSABLE = (
    "Who was in each sample is known to whoever knows insecure_seed of "
    "poisson_batches: sampling hides nobody from him."
)


class TrainingData(NamedTuple):
    """What `fit` was given.

    Attributes:
        drawn: how its batches are, see `tfrwc.privacy.sgd.account.counters.DRAWN`.
        steps: of an epoch; None if it cannot be known.
        passes: how often an epoch can use an example, where batches do not repeat
            any within a pass; else 0.
        has_batches: whether they come as batches.
        notes: sentences on what the account takes on trust.
        copies: examples that are there several times, of arrays; None if not counted.
        most_rows: examples in the largest of batches of units; None where each example
            is one of its own.
    """

    drawn: str
    steps: int | None
    passes: int = 0
    has_batches: bool = True
    notes: tuple[str, ...] = ()
    copies: Copies | Shared | None = None
    most_rows: int | None = None


def training_data(
    x: Any, y: Any, options: Mapping[str, Any], settings: TrainingSettings
) -> TrainingData:
    """Check that the account is for the data that fit is given.

    Args:
        x, y: of fit.
        options: the others of fit.
        settings: that the account is for.

    Raises:
        ValueError: if the account is for other data or batches.
    """
    batch_size = options.get("batch_size")
    if batch_size not in (None, settings.batch_size):
        raise ValueError(
            f"The account is for batch_size = {settings.batch_size}, given to "
            f"make_private. Received: {batch_size}. Leave it out of fit."
        )
    if type(x) is PoissonBatches:
        return _poisson(x, settings)
    if type(x) is ShuffledBatches:
        return _units(x, settings)
    if isinstance(x, tf.data.Dataset):
        return _dataset(x, settings)
    if isinstance(x, keras.utils.PyDataset):
        return _py_dataset(x, settings)
    if _is_torch_loader(x):
        return _data_loader(x, settings)
    if hasattr(x, "__next__"):
        notes = (_on_trust("a generator", settings),)
        return TrainingData("fixed", None, notes=notes)
    return _arrays(x, y, options, settings)


def rows(x: Any) -> int:
    """Number of examples in arrays."""
    return int(np.shape(keras.tree.flatten(x)[0])[0])


def _poisson(x: PoissonBatches, settings: TrainingSettings) -> TrainingData:
    _check(x.train_size, x.batch_size, settings)
    if x.use_multiprocessing:
        raise ValueError(
            "Processes that draw Poisson samples side by side draw the same ones. "
            "Received: use_multiprocessing=True. Leave it out; threads are fine."
        )
    notes = () if x.insecure_seed is None else (GUESSABLE,)
    return TrainingData(
        "poisson",
        len(x),
        notes=(*notes, *_units_on_trust(settings)),
        copies=copies(_told(*x.arrays[:2]), units=x.units, unit=settings.unit),
        most_rows=most_rows(x, settings),
    )


def _units(x: ShuffledBatches, settings: TrainingSettings) -> TrainingData:
    _check(x.train_size, x.batch_size, settings)
    return TrainingData(
        "passes",
        len(x),
        passes=1,
        notes=_units_on_trust(settings),
        copies=copies(_told(*x.arrays[:2]), units=x.units, unit=settings.unit),
        most_rows=most_rows(x, settings),
    )


def _told(x: Any, y: Any) -> Any:
    """What tells examples apart: an image with two labels is one image; rows of a table
    may be alike by chance."""
    is_of_images = any(np.ndim(part) > 2 for part in keras.tree.flatten(x))
    return x if is_of_images else (x, y)


def _units_on_trust(settings: TrainingSettings) -> tuple[str, ...]:
    if settings.unit == EXAMPLE:
        return ()
    return (UNITS_ON_TRUST.format(unit=settings.unit),)


def _arrays(
    x: Any, y: Any, options: Mapping[str, Any], settings: TrainingSettings
) -> TrainingData:
    _check_arrays(x)
    examples = rows(x)
    if options.get("validation_data") is None:
        split = options.get("validation_split") or 0.0
        examples = math.floor(examples * (1 - split))
    _check(examples, settings.batch_size, settings)
    steps, asked = settings.steps_per_epoch, options.get("steps_per_epoch")
    passes = 1 + math.ceil(asked / steps) if asked else 1
    shuffled = options.get("shuffle", True) is True
    return TrainingData(
        "passes" if shuffled else "ordered",
        steps,
        passes,
        has_batches=False,
        copies=copies(_told(x, y), examples),
    )


def _check_arrays(x: Any) -> None:
    """Check that x has an array of examples, and only such."""
    parts = keras.tree.flatten(x)
    if parts and all(map(_is_array, parts)):
        return
    kinds = sorted({type(part).__name__ for part in parts})
    raise ValueError(
        "Private training takes arrays (examples, ...), a tf.data.Dataset, a PyDataset "
        f"or poisson_batches. Received: {', '.join(kinds)}. Make arrays of it, such as "
        "by np.asarray, toarray() or to_tensor()."
    )


def _is_array(part: Any) -> bool:
    """Whether it is one of at least one axis, and neither sparse nor ragged."""
    if isinstance(part, (tf.SparseTensor, tf.RaggedTensor)):
        return False
    is_of_scipy = type(part).__module__.startswith("scipy.sparse")
    return not is_of_scipy and len(getattr(part, "shape", ())) > 0


def _py_dataset(x: Any, settings: TrainingSettings) -> TrainingData:
    count = x.num_batches
    if count is not None:
        _check_batches(count, settings)
    return TrainingData("fixed", count, notes=(_on_trust("a PyDataset", settings),))


def _is_torch_loader(x: Any) -> bool:
    """Whether x is a `torch.utils.data.DataLoader`; needs no torch to tell."""
    return any(
        kind.__name__ == "DataLoader" and kind.__module__.startswith("torch.utils.data")
        for kind in type(x).__mro__
    )


def _data_loader(x: Any, settings: TrainingSettings) -> TrainingData:
    """A torch DataLoader, whose length is that of its batches."""
    notes = (_on_trust("a torch DataLoader", settings),)
    if not hasattr(x.dataset, "__len__"):
        return TrainingData("fixed", None, notes=notes)
    size = settings.batch_size if x.batch_size is None else x.batch_size
    _check(len(x.dataset), size, settings)
    return TrainingData("fixed", len(x), notes=notes)


def _dataset(x: tf.data.Dataset, settings: TrainingSettings) -> TrainingData:
    shape = keras.tree.flatten(x.element_spec)[0].shape
    size = shape[0] or settings.batch_size
    if size != settings.batch_size:
        _check(settings.train_size, size, settings)
    count = int(x.cardinality())
    repeated = [set_ for part in _parts(x) for set_ in _repeated(part)]
    notes = [ORDER_ON_TRUST]
    if repeated:
        for part in repeated:
            notes += _check_repeated(part, len(shape), settings)
    elif count >= 0:
        _check_batches(count, settings)
    if (count < 0 and not repeated) or not _is_plain(x):
        notes = [_on_trust("a tf.data.Dataset", settings)]
    if any(_kind(part) in ("Map", "MapAndBatch") for part in _parts(x)):
        notes.append(MAPPED_ON_TRUST)
    return TrainingData(
        "fixed",
        count if count >= 0 else None,
        notes=tuple(dict.fromkeys(notes)),
        copies=_copies_in(x, settings.train_size),
    )


def _check_repeated(
    part: tf.data.Dataset, rank: int, settings: TrainingSettings
) -> list[str]:
    """Check a set that is gone through several times; sentences on what is unknown."""
    count = int(part.cardinality())
    if count < 0:
        return [_on_trust("a tf.data.Dataset that repeats", settings)]
    if len(keras.tree.flatten(part.element_spec)[0].shape) == rank:
        _check_batches(count, settings)
    else:
        _check(count, settings.batch_size, settings)
    return []


def _parts(x: tf.data.Dataset) -> Iterator[tf.data.Dataset]:
    """A data set, and all that it is made of."""
    yield x
    for part in x._inputs():
        yield from _parts(part)


def _repeated(part: tf.data.Dataset) -> list[tf.data.Dataset]:
    return part._inputs() if "Repeat" in type(part).__name__ else []


# Parts that neither add examples nor take some more often than others.
_PLAIN = {
    *("TensorSlice", "Tensor", "Range", "TFRecord", "TextLine", "FixedLengthRecord"),
    *("Zip", "Map", "Enumerate", "Take", "Skip", "Shard", "Filter", "Shuffle"),
    *("Batch", "PaddedBatch", "MapAndBatch", "Repeat", "ShuffleAndRepeat"),
    *("Prefetch", "Cache", "Options", "Model"),
}


def _is_plain(x: tf.data.Dataset) -> bool:
    """Whether all examples of a set are as different as those of its one source."""
    return all(_kind(part) in _PLAIN for part in _parts(x))


def _kind(part: tf.data.Dataset) -> str:
    name = type(part).__name__.strip("_").removeprefix("Parallel")
    return name.removesuffix("V2").removesuffix("Dataset")


def _copies_in(x: tf.data.Dataset, count: int) -> Copies | Shared | None:
    """Equal examples, or names of their files, where so many lie in memory."""
    sources = [part for part in _parts(x) if _kind(part) == "TensorSlice"]
    tensors = [tensor for source in sources for tensor in source._tensors]
    if not tensors or not _is_plain(x):
        return None
    if {tensor.shape[0] for tensor in tensors} != {count}:
        return None
    return copies([tensor.numpy() for tensor in tensors])


def _on_trust(source: str, settings: TrainingSettings) -> str:
    return ON_TRUST.format(source=source, size=settings.train_size)


def _check(examples: int, size: int, settings: TrainingSettings) -> None:
    if (examples, size) != (settings.train_size, settings.batch_size):
        raise ValueError(
            f"The account is for train_size = {settings.train_size} and batch_size = "
            f"{settings.batch_size}, given to make_private. Received: {examples} "
            f"examples in batches of {size}."
        )


def _check_batches(count: int, settings: TrainingSettings) -> None:
    """Check a number of batches that make a pass, the last one left out or not."""
    whole = settings.train_size // settings.batch_size
    if count not in (whole, settings.steps_per_epoch):
        raise ValueError(
            f"The account is for train_size = {settings.train_size} and batch_size = "
            f"{settings.batch_size}, given to make_private: {settings.steps_per_epoch} "
            f"batches. Received: {count} batches. Give fit a set of these examples, "
            "each once; for more passes over it there is epochs."
        )
