"""Curves of a growing number of records in a bounded number of bins."""

from typing import Any

import numpy as np

from tfrwc.dynamics import cleaning
from tfrwc.dynamics.arrays import Floats, Ints


class BinnedCurves:
    """Mean log10 change of layers, in bins of neighbouring records.

    When all bins are full, neighbours are merged in pairs, and each bin holds twice as
    many records from then on. Until then, nothing is lost.

    Args:
        bins: at most so many, an even number.

    Attributes:
        records: how many were added.
    """

    def __init__(self, bins: int) -> None:
        self.records = 0
        self._bins = bins
        self._width = 1  # records in a bin
        self._sums = np.zeros((0, bins))
        self._counts = np.zeros((0, bins), np.int32)

    @property
    def nbytes(self) -> int:
        """Memory that the bins take."""
        return self._sums.nbytes + self._counts.nbytes

    @property
    def layers(self) -> int:
        """Number of layers."""
        return len(self._sums)

    @property
    def counts(self) -> Ints:
        """Records with a value, of each layer; (layers,)."""
        return np.asarray(self._counts.sum(axis=1))

    def add_layers(self, more: int) -> None:
        """Follow more layers, which have no values so far."""
        self._sums = np.pad(self._sums, ((0, more), (0, 0)))
        self._counts = np.pad(self._counts, ((0, more), (0, 0)))

    def add(self, values: Floats) -> None:
        """Add a record of all layers; zero, NaN and inf are gaps."""
        if self.records == self._bins * self._width:
            self._halve()
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = np.where(values > 0, np.log10(values), np.nan)
        finite = np.isfinite(logs)
        place = self.records // self._width
        self._sums[finite, place] += logs[finite]
        self._counts[finite, place] += 1
        self.records += 1

    def means(self) -> Floats:
        """Mean log10 of each bin so far, NaN without values; (layers, bins so far)."""
        filled = -(-self.records // self._width)
        with np.errstate(invalid="ignore"):
            means: Floats = self._sums[:, :filled] / self._counts[:, :filled]
        return means

    def mean_records(self) -> Floats:
        """The mean number, from 1, of the records in each bin; (bins so far,)."""
        filled = -(-self.records // self._width)
        first = np.arange(filled) * self._width + 1
        last = np.minimum(first + self._width - 1, self.records)
        return np.asarray((first + last) / 2)

    def _halve(self) -> None:
        """Merge neighbouring bins; spikes are left out while they can be told."""
        means = self.means()
        cleaned, usable = cleaning.robust(10**means)
        spike = usable[:, None] & (np.abs(cleaned - means) > 1e-6)
        self._sums = self._merged(np.where(spike, 0, self._sums))
        self._counts = self._merged(np.where(spike, 0, self._counts))
        self._width *= 2

    def _merged(self, array: Any) -> Any:
        merged = np.zeros_like(array)
        merged[:, : self._bins // 2] = array[:, ::2] + array[:, 1::2]
        return merged
