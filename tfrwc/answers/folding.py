"""Many layers in few rows, and many records in few columns.

Above some 40 layers a picture shows blocks of neighbours: the median of each and its
spread.
"""

from dataclasses import dataclass
from itertools import groupby, pairwise

import numpy as np

from tfrwc.answers.blocks import blocks
from tfrwc.answers.view import View
from tfrwc.dynamics.arrays import Floats, Ints
from tfrwc.recording.names import shortened

ROWS = 40
"""More layers than this are folded into blocks, of which there are no more either."""

ROWS_BESIDE = 26
"""Rows where recordings are shown beside each other, so that a page stays short."""

SPREAD = (0.1, 0.9)
"""Quantiles of layers between which the spread of a block lies."""

_LABEL = 40


@dataclass(frozen=True, eq=False)
class Row:
    """A layer, or a block of them, in a picture.

    Attributes:
        label: its name.
        members: numbers of its layers, int64 (layers,).
        median: over its layers, float64 (columns,).
        low, high: quantiles 0.1 and 0.9 over its layers, and over the records of a
            column (columns,).
    """

    label: str
    members: Ints
    median: Floats
    low: Floats
    high: Floats

    @property
    def folded(self) -> bool:
        """Whether it is of several layers."""
        return len(self.members) > 1


@dataclass(frozen=True, eq=False)
class Columns:
    """Neighbouring records in one column.

    Attributes:
        edges: first record of each column, and the number of records (columns + 1,).
        labels: of each column, such as ``"epochs 3 to 5"``.
    """

    edges: Ints
    labels: list[str]

    @property
    def most(self) -> int:
        """Records of the widest column."""
        return int(np.diff(self.edges).max())


def columns(view: View, most: int) -> Columns:
    """Put the records into at most so many columns of nearly equal width."""
    records = len(view.x)
    edges = np.linspace(0, records, min(records, most) + 1).round().astype(np.int64)
    labels = []
    for start, stop in pairwise(edges):
        first, last = view.x[start], view.x[stop - 1]
        unit = view.x_label
        labels.append(
            f"{unit} {first:.0f}"
            if stop - start == 1
            else f"{unit}s {first:.0f} to {last:.0f}"
        )
    return Columns(edges, labels)


def rows(view: View, to: Columns, most: int = ROWS) -> list[Row]:
    """The layers of a picture in at most `most` rows, first layer first."""
    parts = [
        view.values[:, start:stop]
        for start, stop in zip(to.edges[:-1], to.edges[1:], strict=True)
    ]
    return [
        Row(label, members, *_quantiles(parts, members))
        for label, members in folded(view, most)
    ]


def spread_of(view: View, row: Row, log: bool) -> Floats | None:
    """Quantiles 0.1, 0.5 and 0.9 of all values of a row; None where there is none.

    Args:
        view: of which the row is.
        row: a layer or a block.
        log: whether they are for a scale of logarithms, on which zeros have no place.
    """
    values = view.values[row.members]
    values = values[values > 0] if log else values[np.isfinite(values)]
    if not values.size:
        return None
    return np.asarray(np.quantile(values, (SPREAD[0], 0.5, SPREAD[1])))


def folded(view: View, most: int = ROWS) -> list[tuple[str, Ints]]:
    """Names and members of the rows of a picture.

    Each layer is a row where they are `most` or fewer. Else neighbours of one block
    are; where that leaves too many rows, neighbouring ones are put together, and called
    by the first and the last of them.
    """
    if len(view.names) <= most:
        return [(name, np.array([i])) for i, name in enumerate(view.names)]
    of_layers = blocks(list(view.layers["path"]))
    keys = [block or name for block, name in zip(of_layers, view.names, strict=True)]
    runs = _runs(keys)
    return runs if len(runs) <= most else _merged(runs, most)


def _runs(keys: list[str]) -> list[tuple[str, Ints]]:
    """Runs of equal keys; a name that comes again gets a number."""
    runs, times = [], dict.fromkeys(keys, 0)
    for key, group in groupby(range(len(keys)), key=keys.__getitem__):
        times[key] += 1
        label = key if times[key] == 1 else f"{key} ({times[key]})"
        runs.append((label, np.array([*group])))
    return runs


def _merged(runs: list[tuple[str, Ints]], most: int) -> list[tuple[str, Ints]]:
    """Neighbouring runs together, so that `most` are left."""
    edges = np.linspace(0, len(runs), most + 1).round().astype(int)
    merged = []
    for start, stop in pairwise(edges):
        first, last = runs[start][0], runs[stop - 1][0]
        label = first if stop - start == 1 else _between(first, last)
        merged.append((label, np.concatenate([part for _, part in runs[start:stop]])))
    return merged


def _between(first: str, last: str) -> str:
    """``"encoder/layer_0 to layer_3"``: the folder that both are in is said once."""
    parts = last.split("/")
    shared = 0
    for one, other in zip(first.split("/")[:-1], parts[:-1], strict=False):
        if one != other:
            break
        shared += 1
    last = "/".join(parts[shared:])
    half = _LABEL // 2
    last = shortened(last, max(half, _LABEL - 4 - len(first)))
    return f"{shortened(first, max(_LABEL - 4 - len(last), half - 4))} to {last}"


def _quantiles(parts: list[Floats], members: Ints) -> tuple[Floats, Floats, Floats]:
    """Median and spread of some layers in each column (columns,)."""
    found = np.full((3, len(parts)), np.nan)
    for i, part in enumerate(parts):
        values = part[members]
        values = values[np.isfinite(values)]
        if values.size:
            found[:, i] = np.quantile(values, (0.5, *SPREAD))
    return found[0], found[1], found[2]
