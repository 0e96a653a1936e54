"""What cannot be told from one recording, in sentences."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from tfrwc.answers.curves import SPELL, Curves
from tfrwc.answers.sentences import fall_of_rate
from tfrwc.answers.words import listed, moment, percent, plural
from tfrwc.dynamics.arrays import Bools
from tfrwc.dynamics.logged import logged
from tfrwc.recording.names import shortened
from tfrwc.recording.records import Flag

LEAST_RECORDS = 5
LEAST_LAYERS = 4
"""From how many records and layers on trends are looked for."""


def doubts(table: pd.DataFrame, curves: Curves, logs: pd.DataFrame) -> list[str]:
    """The sentences.

    Args:
        table: of the summary.
        curves: that it was made of.
        logs: of the recording.
    """
    if table.empty or not len(curves):
        return []
    names = [shortened(name) for name in table["name"].sort_index()]
    return [
        "One run: how much of this is chance cannot be told. Record several runs with "
        "other seeds, and compare them.",
        *_few(table, curves),
        *_uneven(curves),
        *_rate(logs),
        *_loss(logs, curves),
        *_values(names, curves),
    ]


def _few(table: pd.DataFrame, curves: Curves) -> Iterator[str]:
    records, layers = len(curves), int(curves.has_value.sum())
    if not layers:
        return
    if records < LEAST_RECORDS:
        yield (
            f"{plural(records, 'record')}: trends need {LEAST_RECORDS}, and a layer "
            f"counts as settled only after {SPELL} or more."
        )
    elif layers < LEAST_LAYERS:
        yield (
            f"{plural(layers, 'layer')} with values: trends, shapes that layers "
            f"share, are looked for among {LEAST_LAYERS} or more."
        )
    elif (table["trend"] == -1).all():
        yield "No trend was found: no shape of curve is shared by enough layers."


def _uneven(curves: Curves) -> Iterator[str]:
    if not curves.even and not curves.since_start:
        yield (
            "Records are unevenly spaced, and more steps make more change: values of "
            "different records cannot be compared, so it is not said when layers "
            "settle, and the longest intervals dominate the means."
        )


def _rate(logs: pd.DataFrame) -> Iterator[str]:
    share = fall_of_rate(logs)
    if share <= 0.5:
        yield (
            f"The learning rate fell to {percent(share)} of its largest, and change is "
            "about proportional to it: that layers settle need not mean that they have "
            "learned. recording.per_learning_rate() divides by it."
        )


def _loss(logs: pd.DataFrame, curves: Curves) -> Iterator[str]:
    loss = logged(logs, "loss")
    if len(loss) > 1 and not loss[-1] < loss[0] and (curves.values > 0).any():
        yield (
            "The loss did not fall: layers changed, but whether they learned anything "
            "is in doubt."
        )


def _values(names: list[str], curves: Curves) -> Iterator[str]:
    """What flags say of values that are missing, or not those of training alone."""

    def of(which: Bools) -> str:
        return listed([names[row] for row in np.flatnonzero(which)])

    has = curves.flags
    missing = np.isnan(curves.values)
    broken = has == Flag.NON_FINITE
    if broken.any():
        before = (
            "; the table shows the records before." if curves.has_value.any() else "."
        )
        yield (
            f"{of(broken.any(axis=0))}: without values where weights were not finite"
            f"{before}"
        )
    zero = curves.began_at_zero()
    if zero.any():
        yield (
            f"{of(zero)}: no relative change while all weights are zero, "
            "and a large one just after, which says little."
        )
    unwatched = has == Flag.NOT_WATCHED
    if unwatched.any():
        yield (
            f"{of(unwatched.any(axis=0))}: not watched in all records; the table "
            "shows those with values."
        )
    other = missing & (has == Flag.OK)
    if other.any():
        yield f"{of(other.any(axis=0))}: without a value in some records."
    outside = has == Flag.SET_FROM_OUTSIDE
    if outside.any():
        when = moment(curves.times[outside.any(axis=1).argmax()], curves.clock)
        yield (
            "Something other than training set the weights of "
            f"{of(outside.any(axis=0))} before {when}: not all change is learning."
        )
