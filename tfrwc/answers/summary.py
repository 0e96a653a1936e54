"""Which layers learn, when, and how much: a table and a few sentences.

>>> from tfrwc import load_recording
>>> summary = load_recording("run.parquet").summary()  # doctest: +SKIP
>>> print(summary)  # doctest: +SKIP
>>> summary.table.head()  # doctest: +SKIP
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from tfrwc._common.html import escaped
from tfrwc.answers.blocks import blocks
from tfrwc.answers.curves import SETTLED, Curves
from tfrwc.answers.doubts import LEAST_LAYERS, LEAST_RECORDS, doubts
from tfrwc.answers.sentences import answer
from tfrwc.answers.shown import summary_html, summary_text
from tfrwc.answers.view import typical
from tfrwc.answers.wrong import what_is_wrong
from tfrwc.dynamics.arrays import Bools, Floats, Ints
from tfrwc.dynamics.diagnosis import Diagnosis
from tfrwc.dynamics.trends import TrendClusterer
from tfrwc.recording.names import display_names
from tfrwc.recording.recording import Recording

__all__ = ["SETTLED", "Summary", "summary"]


@dataclass(frozen=True, eq=False, repr=False)
class Summary:
    """What a recording says about its layers.

    Attributes:
        table: DataFrame with a row per watched tensor, those that changed most first,
            and last those whose relative change says little as they began at zero
            (biases), unless all did; its index is the row in `Recording.layers`.
            Columns:

            - name (which no other tensor has), path, block (the layer, or the part of
              the network, that holds it; empty if none), kind, size (elements)
            - change: mean of the values of `measure`, which shares and sums are of; of
              change since the initial weights the last value
            - typical: geometric mean of the values, zeros left out (0 where there are
              zeros alone), which ratios are of: what `Recording.compare` and the
              figures over depth show
            - first, last, largest: values
            - largest_at, settled: moments in `clock`. Settled is from when on a layer
              stays, for three records or more, below `SETTLED` of its largest change
              (of change since the initial weights: within that share of it from the
              last value); NaN where never
            - trend: of `tfrwc.dynamics.TrendClusterer`; -1 where none
            - share: of the sum of the column change, without those that began at zero

            Values are NaN where there is none.
        sentence: two or three that answer the question; one more each for layers that
            stood still, stopped or broke.
        wrong: what `tfrwc.dynamics.diagnose` finds in it; empty where nothing is wrong,
            or where it cannot look, as with change since the initial weights.
        uncertain: what cannot be told, a sentence each.
        measure: which was read.
        clock: ``"epoch"``, or ``"step"`` where several records are of one epoch.
        curves: that all was read off.
    """

    table: pd.DataFrame
    sentence: str
    wrong: Diagnosis
    uncertain: list[str]
    measure: str
    clock: str
    curves: Curves = field(repr=False)

    def __str__(self) -> str:
        return summary_text(self)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return summary_html(self)


def summary(recording: Recording) -> Summary:
    """Sum up a recording, by ``l1_ratio`` or else the first measure that it has."""
    curves, layers = Curves.of(recording), recording.layers
    change, (largest, largest_at) = curves.change(), curves.largest()
    led = _leading(change, curves)
    total = np.nansum(change[led])
    table = pd.DataFrame(
        {
            "name": display_names(layers),
            "path": layers["path"],
            "block": blocks(list(layers["path"])),
            "kind": layers["kind"],
            "size": layers["size"],
            "change": change,
            "typical": typical(curves.values.T),
            "first": curves.first(),
            "last": curves.last(),
            "largest": largest,
            "largest_at": largest_at,
            "settled": curves.settled(),
            "trend": _trends(curves),
            "share": np.where(led & (total > 0), change / (total or 1), np.nan),
        }
    )
    table = table.iloc[np.lexsort((-np.nan_to_num(change, nan=-1), ~led))]
    logs = recording.logs
    return Summary(
        table=table,
        sentence=answer(table, curves, logs),
        wrong=what_is_wrong(recording),
        uncertain=doubts(table, curves, logs),
        measure=curves.measure,
        clock=curves.clock,
        curves=curves,
    )


def _leading(change: Floats, curves: Curves) -> Bools:
    """The layers that an answer is about: not those that began at zero, unless all
    that changed did; (layers,)."""
    from_zero = curves.began_at_zero()
    moved = change > 0
    return ~from_zero if (moved & ~from_zero).any() else np.ones(len(change), bool)


def recording_html(recording: Recording) -> str:
    """A recording as a notebook shows it: what it is, and its summary."""
    what = f"<p><code>{escaped(repr(recording))}</code></p>"
    return what + summary_html(summary(recording))


def _trends(curves: Curves) -> Ints:
    """The trend of each layer; -1 for all where there is too little to look in."""
    none = np.full(curves.values.shape[1], -1)
    moved = np.isfinite(curves.values) & (curves.values > 0)
    # As the clusterer counts: layers with values in half of the records that have any.
    records = int(moved.any(axis=1).sum())
    usable = moved.any(axis=0) & (2 * moved.sum(axis=0) >= records)
    too_few = records < LEAST_RECORDS or usable.sum() < LEAST_LAYERS
    if too_few or (np.nan_to_num(curves.values) < 0).any():
        return none
    return np.asarray(TrendClusterer().fit(curves.values.T).labels_)
