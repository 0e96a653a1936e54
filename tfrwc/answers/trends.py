"""Trends of curves: which layers learn alike, and what is typical of them."""

from dataclasses import dataclass

import numpy as np

from tfrwc.answers.folding import SPREAD
from tfrwc.answers.summary import summary
from tfrwc.answers.view import View
from tfrwc.dynamics.arrays import Floats, Ints
from tfrwc.recording.recording import Recording


@dataclass(frozen=True, eq=False)
class Trend:
    """A trend, or the layers in none.

    Attributes:
        number: from 0; -1 for the layers in no trend.
        members: numbers of its layers, int64 (layers,).
        median, low, high: over its layers, with the quantiles 0.1 and 0.9 (records,).
    """

    number: int
    members: Ints
    median: Floats
    low: Floats
    high: Floats

    @property
    def title(self) -> str:
        """What it is called, with the number of its layers."""
        count = len(self.members)
        name = f"trend {self.number + 1}" if self.number >= 0 else "in no trend"
        return f"{name}: {count} layer{'s' if count > 1 else ''}"


def labels(recording: Recording) -> Ints:
    """The trend of each layer, as `Recording.summary` has them.

    Returns:
        int64 (layers,); -1 where none, and for all layers where records are too few to
        find any.
    """
    table = summary(recording).table.sort_index()
    return table["trend"].to_numpy(np.int64)


def trends(view: View, of_layers: Ints) -> list[Trend]:
    """The trends that layers have, in order, the layers in none last."""
    found = [
        _trend(view, number, np.flatnonzero(of_layers == number))
        for number in range(int(of_layers.max(initial=-1)) + 1)
    ]
    found.append(_trend(view, -1, np.flatnonzero(of_layers < 0)))
    return [trend for trend in found if len(trend.members)]


def _trend(view: View, number: int, members: Ints) -> Trend:
    values = view.values[members]
    quantiles = np.full((3, values.shape[1]), np.nan)
    seen = np.isfinite(values).any(axis=0)
    if seen.any():
        quantiles[:, seen] = np.nanquantile(values[:, seen], (0.5, *SPREAD), axis=0)
    return Trend(number, members, *quantiles)
