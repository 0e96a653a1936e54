"""Poisson samples, the batches that the accounting of DP-SGD is about.

>>> from tfrwc.privacy import poisson_batches
>>> batches = poisson_batches(x, y, batch_size=256)             # doctest: +SKIP
>>> private_model.fit(batches, epochs=10)                       # doctest: +SKIP
"""

import copy
import math
import secrets
from numbers import Integral
from typing import Any

import keras
import numpy as np

from tfrwc._common.checks import is_number
from tfrwc.privacy.sgd.units import Units


class PoissonBatches(keras.utils.PyDataset):
    """Batches that each hold every example independently with the same probability.

    Their sizes differ: `batch_size` is the mean. See `poisson_batches`, which makes
    them. Where units have several examples, it is units that are drawn.

    Args:
        arrays: x, y and sample_weight: arrays (n, ...), or structures of them.
        batch_size: expected number of examples, or units, in a batch.
        rng: that the samples are drawn with.
        insecure_seed: that it was made with; None if nobody knows it.
        units: which examples belong to a unit; None if each is one of its own.

    Attributes:
        arrays, batch_size, insecure_seed, units: as given.
        images_per_unit: most examples of a unit in a batch; None for all.
        train_size: number of examples, or units.
    """

    def __init__(
        self,
        arrays: tuple[Any, Any, Any],
        batch_size: int,
        rng: np.random.Generator,
        insecure_seed: int | None = None,
        units: Units | None = None,
    ) -> None:
        super().__init__()
        self.insecure_seed = insecure_seed
        self.arrays = arrays
        self.batch_size = batch_size
        self.units = units
        self.images_per_unit: int | None = None
        self._tells_units = False
        examples = len(keras.tree.flatten(arrays)[0])
        self.train_size = examples if units is None else units.count
        self._rng = rng

    def __len__(self) -> int:
        """Batches in an epoch."""
        return math.ceil(self.train_size / self.batch_size)

    def __getitem__(self, index: int) -> tuple[Any, Any, Any]:
        """A sample: x, y and the weights of its examples. Each look draws anew.

        Where units have several examples, those of one unit follow each other.
        """
        rate = self.batch_size / self.train_size
        # Not a function of the index: each epoch draws anew.
        chosen = np.flatnonzero(self._rng.random(self.train_size) < rate)
        return self._batch(chosen)

    def with_class_weights(self, class_weight: dict[int, float]) -> "PoissonBatches":
        """The same batches, whose examples' weights are multiplied by their classes'.

        Args:
            class_weight: as for `fit`, by class; 1 for those that are not in it.

        Raises:
            ValueError: if y is not one array of classes, (n,) or (n, 1), or of
                probabilities of classes (n, classes).
        """
        _, y, weight = self.arrays
        if keras.tree.is_nested(y) or keras.tree.is_nested(weight) or y.ndim > 2:
            raise ValueError(
                "class_weight is for one y of classes, (n,), (n, 1) or (n, classes). "
                f"Received: {keras.tree.map_structure(np.shape, y)}. Give "
                "poisson_batches sample_weight instead."
            )
        if not isinstance(class_weight, dict) or not all(
            map(is_number, class_weight.values())
        ):
            raise ValueError(
                "class_weight is a dict of classes to numbers. Received: "
                f"{class_weight!r:.80}."
            )
        if y.ndim == 2:
            y = y[:, 0] if y.shape[1] == 1 else y.argmax(axis=1)
        classes, of_class = np.unique(np.round(y).astype(int), return_inverse=True)
        factors = np.array([class_weight.get(int(c), 1.0) for c in classes])[of_class]
        batches = copy.copy(self)
        batches.arrays = *self.arrays[:2], (weight.T * factors).T.astype(np.float32)
        return batches

    def with_images_per_unit(self, most: int | None) -> "PoissonBatches":
        """The same batches, with so many examples of a unit at most, or all.

        They tell private training which examples are of one unit: their weights are a
        dictionary: ``"weight"``, and ``"places"``, the numbers of the examples of each
        unit, int32 (units, most), -1 where it has fewer.
        """
        batches = copy.copy(self)
        batches.images_per_unit = most
        batches._tells_units = True
        return batches

    def _batch(self, chosen: Any) -> tuple[Any, Any, Any]:
        """The batch of some examples, or units, by their numbers."""
        # Networks cannot compute on nothing: some example, which counts for nothing.
        is_empty = not len(chosen)
        rows, places = np.array([0]) if is_empty else chosen, None
        if self.units is not None:
            rows, places = self.units.rows(rows, self.images_per_unit, self._rng)
        x, y, weight = keras.tree.map_structure(lambda array: array[rows], self.arrays)
        if is_empty:
            weight = 0 * weight
        if not self._tells_units:
            return x, y, weight
        return x, y, {"weight": weight, "places": places}


class ShuffledBatches(PoissonBatches):
    """Batches of a fixed number of units: each unit once in an epoch, in an order that
    is drawn anew for each."""

    def __init__(self, arrays: tuple[Any, Any, Any], batch_size: int, units: Units):
        rng = np.random.default_rng(secrets.randbits(128))
        super().__init__(arrays, batch_size, rng, units=units)
        self._order = rng.permutation(self.train_size)

    def __getitem__(self, index: int) -> tuple[Any, Any, Any]:
        """A batch, with weights as of `PoissonBatches`."""
        start = index * self.batch_size
        return self._batch(self._order[start : start + self.batch_size])

    def on_epoch_end(self) -> None:
        """Draw another order."""
        self._order = self._rng.permutation(self.train_size)


def poisson_batches(
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    *,
    batch_size: int,
    insecure_seed: int | None = None,
    units: Any = None,
) -> PoissonBatches:
    """Poisson samples of a data set, for `fit` of a private model.

    >>> x, y = np.zeros((4, 8)), np.zeros(4)
    >>> batches = poisson_batches(x, y, units=["a", "b", "a", "a"], batch_size=1)
    >>> batches.train_size
    2

    Args:
        x: array (n, ...) or a structure of such arrays; or a finite `tf.data.Dataset`
            of single examples (x, y) or (x, y, weight), which is read into memory.
        y: as `x`.
        sample_weight: array (n,), or None for 1.
        batch_size: expected number of examples in a batch; with units, that of units.
        insecure_seed: makes the samples repeatable, for tests: the guarantee holds
            only while nobody knows them.
        units: where the unit of privacy has several examples, such as a patient with
            images: names or numbers (n,) of the unit that each example belongs to; of
            a `tf.data.Dataset`, the key that they have in its x, which is a dictionary.
            Units are drawn then, and come with all their examples, or with as many as
            `make_private` has for images_per_unit.

    Returns:
        `PoissonBatches`, a `keras.utils.PyDataset` of ceil(n / batch_size) batches in
        an epoch.

    Raises:
        ValueError: if there is no y, the arrays differ in length, batch_size is not
            1 to n, or the unit of an example is missing.
    """
    if hasattr(x, "as_numpy_iterator"):
        x, y, sample_weight = _read(x, y)
        if units is not None:
            x, units = _column(x, units)
    if y is None:
        raise ValueError(
            "Training needs y, an array or structure of arrays. Received: y=None."
        )
    x, y = keras.tree.map_structure(np.asarray, (x, y))
    if not all(np.ndim(array) for array in keras.tree.flatten((x, y))):
        raise ValueError(
            "x and y must be arrays (examples, ...), or structures of them. Received "
            "what is none, such as a sparse matrix or a list of numbers. Make arrays "
            "of it, by toarray() or np.asarray."
        )
    if sample_weight is None:
        sample_weight = np.ones(len(keras.tree.flatten(x)[0]), np.float32)
    weight = np.asarray(sample_weight)
    if not weight.ndim or weight.dtype.kind not in "biuf":
        raise ValueError(
            "sample_weight must be numbers, one of each example. Received: "
            f"{type(sample_weight).__name__} of {weight.dtype}."
        )
    arrays = x, y, weight
    lengths = {len(array) for array in keras.tree.flatten(arrays)}
    if len(lengths) != 1:
        raise ValueError(
            "All arrays must have one entry for each example. Received lengths "
            f"{sorted(lengths)}."
        )
    [n] = lengths
    of_units = None
    if units is not None:
        of_units = Units(units)
        if of_units.examples != n:
            raise ValueError(
                f"units must have one entry for each of the {n:,} examples. Received: "
                f"{of_units.examples:,}."
            )
        n = of_units.count
    if not isinstance(batch_size, Integral) or not 1 <= batch_size <= n:
        what = "examples" if of_units is None else "units"
        raise ValueError(
            f"batch_size must be a whole number from 1 to {n}, the number of {what}. "
            f"Received: {batch_size!r}."
        )
    seed = secrets.randbits(128) if insecure_seed is None else insecure_seed
    rng = np.random.default_rng(seed)
    return PoissonBatches(arrays, int(batch_size), rng, insecure_seed, of_units)


def _column(x: Any, key: Any) -> tuple[Any, Any]:
    """The x of a data set without one of its entries, and that entry."""
    is_dict = isinstance(x, dict)
    if not is_dict or not isinstance(key, str) or key not in x or len(x) < 2:
        entries = ", ".join(x) if is_dict else type(x).__name__
        received = repr(key) if isinstance(key, str) else type(key).__name__
        raise ValueError(
            "units of a tf.data.Dataset is the key that they have in its x, a "
            f"dictionary with the inputs, too. Received: {received}, and x of "
            f"{entries}."
        )
    rest = {name: array for name, array in x.items() if name != key}
    return (rest if len(rest) > 1 else next(iter(rest.values()))), x[key]


def _read(dataset: Any, y: Any) -> Any:
    """All examples of a `tf.data.Dataset`: x, y and sample_weight, or None for it."""
    if y is not None:
        raise ValueError(
            "A tf.data.Dataset has its own y: give x alone. Received a y beside it."
        )
    if int(dataset.cardinality()) == -1:
        raise ValueError(
            "The tf.data.Dataset is infinite. Give the finite one, before repeat()."
        )
    examples = list(dataset.as_numpy_iterator())
    try:
        arrays = keras.tree.map_structure(lambda *parts: np.stack(parts), *examples)
    except ValueError as error:
        raise ValueError(
            "A tf.data.Dataset must be of single examples of one shape. Received some "
            f"of several: {error}. Give the one before batch()."
        ) from error
    return keras.utils.unpack_x_y_sample_weight(arrays)
