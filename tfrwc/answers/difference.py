"""Which layers change more in another training of a network, and by how much.

>>> from tfrwc import load_recording
>>> one, other = map(load_recording, ("sgd.parquet", "adam.parquet"))  # doctest: +SKIP
>>> print(one.compare(other))  # doctest: +SKIP
>>> print(difference([one, two], [other, fourth]))  # doctest: +SKIP
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from tfrwc.answers.blocks import blocks
from tfrwc.answers.difference_words import (
    HERE,
    THERE,
    answer,
    doubts,
    still,
    unnamed,
)
from tfrwc.answers.shown import ROWS, html, text, without_empty
from tfrwc.answers.words import amount
from tfrwc.dynamics.comparison import Comparison
from tfrwc.dynamics.comparison import compare as compare_conditions
from tfrwc.recording.names import distinct, shortened
from tfrwc.recording.recording import Recording

_HEADS = ("layer", "block", HERE, THERE, "ratio", "interval", "p adjusted")
_KEY = (
    f"{HERE.capitalize()} and {THERE}: typical change, the geometric mean over "
    "records, as in the column typical of a summary's table."
)


@dataclass(frozen=True, eq=False, repr=False)
class Difference:
    """How layers change in other recordings, held against how they change in these.

    Attributes:
        table: DataFrame with a row per watched tensor, those whose change differs by
            the largest factor first; its index is the row in `Recording.layers`.
            Columns:

            - name, block, kind
            - this, other: typical change, the geometric mean over records (zeros left
              out) and seeds; 0 where there are zeros alone
            - ratio: other / this
            - low, high: Student's 95 % interval of the ratio over seeds, adjusted as
              p_adjusted is: it excludes 1 just where that is 0.05 or less
            - p_value, and p_adjusted for the number of layers (Holm); all of these are
              NaN where either side has one seed
        sentence: which layers change more and which less, and by how much.
        uncertain: what cannot be told, a sentence each.
        measure: which was read.
        records: how many of each recording were, from the first on.
        comparison: of `tfrwc.dynamics.compare`, that all was read off.
    """

    table: pd.DataFrame
    sentence: str
    uncertain: list[str]
    measure: str
    records: int
    comparison: Comparison = field(repr=False)

    def __str__(self) -> str:
        heads, rows = without_empty(_HEADS, _rows(self))
        left = len(self.table) - len(rows)
        return text(self.sentence, self.uncertain, heads, rows, left, _KEY)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        heads, rows = without_empty(_HEADS, _rows(self))
        left = len(self.table) - len(rows)
        return html(self.sentence, self.uncertain, heads, rows, left, _KEY)


def difference(
    these: Recording | Iterable[Recording],
    others: Recording | Iterable[Recording],
    names: tuple[str, str] | None = None,
) -> Difference:
    """Hold recordings against others of the same network, layer by layer.

    Args:
        these: a recording, or those of several seeds.
        others: likewise. Layers are aligned by order and shape; see
            `tfrwc.dynamics.compare`.
        names: what sentences call these and the others; None for "this run" and "the
            other run".

    Raises:
        TypeError: if something else than recordings is given.
        ValueError: if layers, measures, schedules or references do not fit, or there
            are no records.
    """
    sides = {HERE: _listed(these), THERE: _listed(others)}
    everything = [recording for seeds in sides.values() for recording in seeds]
    measure = _measure(everything)
    compared = compare_conditions(sides, HERE, measure)
    table, names = _table(compared, sides), names or unnamed(sides)
    return Difference(
        table=table,
        sentence=answer(table, sides, compared.records, names),
        uncertain=doubts(table, sides, compared, names),
        measure=measure,
        records=compared.records,
        comparison=compared,
    )


def _listed(recordings: Any) -> list[Recording]:
    if isinstance(recordings, Recording):
        return [recordings]
    if not isinstance(recordings, Iterable) or isinstance(recordings, (str, bytes)):
        raise TypeError(
            "Recordings are compared with a Recording or a list of them. Received: "
            f"{type(recordings).__name__}. Read a file with tfrwc.load_recording."
        )
    return list(recordings)


def _measure(recordings: Sequence[Recording]) -> str:
    """``l1_ratio`` if all have it, else the first measure that all have."""
    known = [r for r in recordings if isinstance(r, Recording)]
    if not known:
        return "l1_ratio"  # what is wrong is said by `compare_conditions`
    shared = [
        measure
        for measure in ("l1_ratio", *known[0].measures)
        if all(measure in recording.measures for recording in known)
    ]
    if not shared:
        had = "; ".join(", ".join(recording.measures) for recording in known)
        raise ValueError(
            "Recordings are compared by a measure that all of them have. Received "
            f"recordings of: {had}. Record both with the same measures."
        )
    return shared[0]


def _table(compared: Comparison, sides: dict[str, list[Recording]]) -> pd.DataFrame:
    rows = compared.layers
    this, other = (rows[rows["condition"] == side].reset_index() for side in sides)
    change = {
        side: np.where(still(seeds, compared), 0, part["change"])
        for (side, seeds), part in zip(sides.items(), (this, other), strict=True)
    }
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = change[THERE] / change[HERE]
    table = pd.DataFrame(
        {
            "name": this["layer"],
            "block": blocks(list(sides[HERE][0].layers["path"])),
            "kind": this["kind"],
            **change,
            "ratio": ratio,
            "low": np.exp(other["adjusted_low"]),
            "high": np.exp(other["adjusted_high"]),
            "p_value": other["p_value"],
            "p_adjusted": other["p_adjusted"],
        }
    )
    with np.errstate(divide="ignore"):
        far = np.abs(np.log(table["ratio"]))
    return table.iloc[np.argsort(-far.fillna(-1), kind="stable")]


def _rows(difference: Difference) -> list[list[str]]:
    names = distinct(list(difference.table["name"].head(ROWS)))

    def number(value: float) -> str:
        return "–" if np.isnan(value) else f"{value:.2g}"

    def value(change: float) -> str:
        return "–" if np.isnan(change) else amount(change, difference.measure)

    return [
        [
            name,
            shortened(row.block, 24) or "–",
            value(row.this),
            value(row.other),
            number(row.ratio),
            "–" if np.isnan(row.low) else f"{row.low:.2g} to {row.high:.2g}",
            number(row.p_adjusted),
        ]
        for name, row in zip(
            names, difference.table.head(ROWS).itertuples(index=False), strict=True
        )
    ]
