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


class PoissonBatches(keras.utils.PyDataset):
    """Batches that each hold every example independently with the same probability.

    Their sizes differ: `batch_size` is the mean. See `poisson_batches`, which makes
    them.

    Args:
        arrays: x, y and sample_weight: arrays (n, ...), or structures of them.
        batch_size: expected number of examples in a batch.
        rng: that the samples are drawn with.
        insecure_seed: that it was made with; None if nobody knows it.

    Attributes:
        arrays, batch_size, insecure_seed: as given.
        train_size: number of examples.
    """

    def __init__(
        self,
        arrays: tuple[Any, Any, Any],
        batch_size: int,
        rng: np.random.Generator,
        insecure_seed: int | None = None,
    ) -> None:
        super().__init__()
        self.insecure_seed = insecure_seed
        self.arrays = arrays
        self.batch_size = batch_size
        self.train_size = len(keras.tree.flatten(arrays)[0])
        self._rng = rng

    def __len__(self) -> int:
        """Batches in an epoch."""
        return math.ceil(self.train_size / self.batch_size)

    def __getitem__(self, index: int) -> tuple[Any, Any, Any]:
        """A sample: x, y and the weights of its examples. Each look draws anew."""
        rate = self.batch_size / self.train_size
        # Not a function of the index: each epoch draws anew.
        chosen = np.flatnonzero(self._rng.random(self.train_size) < rate)
        if len(chosen):
            return self._examples(chosen)
        # Networks cannot compute on nothing: some example, which counts for nothing.
        x, y, weight = self._examples([0])
        return x, y, 0 * weight

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
        if y.ndim == 2:
            y = y[:, 0] if y.shape[1] == 1 else y.argmax(axis=1)
        classes, of_class = np.unique(np.round(y).astype(int), return_inverse=True)
        factors = np.array([class_weight.get(int(c), 1.0) for c in classes])[of_class]
        batches = copy.copy(self)
        batches.arrays = *self.arrays[:2], (weight.T * factors).T.astype(np.float32)
        return batches

    def _examples(self, rows: Any) -> tuple[Any, Any, Any]:
        examples: tuple[Any, Any, Any] = keras.tree.map_structure(
            lambda array: array[rows], self.arrays
        )
        return examples


def poisson_batches(
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    *,
    batch_size: int,
    insecure_seed: int | None = None,
) -> PoissonBatches:
    """Poisson samples of a data set, for `fit` of a private model.

    Args:
        x: array (n, ...) or a structure of such arrays; or a finite `tf.data.Dataset`
            of single examples (x, y) or (x, y, weight), which is read into memory.
        y: as `x`.
        sample_weight: array (n,), or None for 1.
        batch_size: expected number of examples in a batch.
        insecure_seed: makes the samples repeatable, for tests: the guarantee holds
            only while nobody knows them.

    Returns:
        `PoissonBatches`, a `keras.utils.PyDataset` of ceil(n / batch_size) batches in
        an epoch.

    Raises:
        ValueError: if there is no y, the arrays differ in length, or batch_size is not
            1 to n.
    """
    if hasattr(x, "as_numpy_iterator"):
        x, y, sample_weight = _read(x, y)
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
    arrays = x, y, np.asarray(sample_weight)
    lengths = {len(array) for array in keras.tree.flatten(arrays)}
    if len(lengths) != 1:
        raise ValueError(
            "All arrays must have one entry for each example. Received lengths "
            f"{sorted(lengths)}."
        )
    [n] = lengths
    if not isinstance(batch_size, Integral) or not 1 <= batch_size <= n:
        raise ValueError(
            f"batch_size must be a whole number from 1 to {n}, the number of examples. "
            f"Received: {batch_size!r}."
        )
    seed = secrets.randbits(128) if insecure_seed is None else insecure_seed
    rng = np.random.default_rng(seed)
    return PoissonBatches(arrays, int(batch_size), rng, insecure_seed)


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
    arrays = keras.tree.map_structure(lambda *parts: np.stack(parts), *examples)
    return keras.utils.unpack_x_y_sample_weight(arrays)
