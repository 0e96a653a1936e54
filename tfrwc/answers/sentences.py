"""The answer to "which layers learn, when, and how much", in sentences.

Every number is read off the curves, and every claim follows from its definition: there
is no test.
"""

import numpy as np
import pandas as pd

from tfrwc.answers.curves import SPELL, Curves
from tfrwc.answers.words import amount, listed, moment, number, percent, plural
from tfrwc.dynamics.logged import logged
from tfrwc.recording.names import shortened

_FEW = 8
"""Layers up to which those that settled are named with their time."""
_RISE = 0.25
"""Share of the loss's fall that it must have lost again for that to be said."""
_ALIKE = 1.5
"""Ratio up to which blocks are said to change alike."""


def answer(table: pd.DataFrame, curves: Curves, logs: pd.DataFrame) -> str:
    """Two or three sentences; one more each for layers that stood still or broke.

    Args:
        table: of the summary.
        curves: that it was made of.
        logs: of the recording.
    """
    if table.empty:
        return "No tensor was watched."
    if not len(curves):
        return "Nothing has been recorded yet."
    told, left_out = _told_of(table, curves)
    parts = (
        _span(curves) + _loss(logs) + _how_much(told, left_out, curves),
        _by_block(told, curves),
        _when(told, curves, logs),
        _odd(table, curves),
    )
    return " ".join(part for part in parts if part)


def _told_of(table: pd.DataFrame, curves: Curves) -> tuple[pd.DataFrame, int]:
    """The layers that moved, without those that began at zero, and how many these are.

    What began at zero has changed much in relation to that, whatever it did; it is told
    of only where all did.
    """
    moved = table[table["change"] > 0]
    from_zero = curves.began_at_zero()[moved.index]
    if from_zero.all():
        return moved, 0
    return moved[~from_zero], int(from_zero.sum())


def _how_much(moved: pd.DataFrame, left_out: int, curves: Curves) -> str:
    if moved.empty:
        broken = curves.broken_since()
        if curves.has_value.any() or np.isnan(broken).all():
            return "no layer changed."
        return (
            "no change could be measured: the weights are not finite from "
            f"{moment(np.nanmin(broken), curves.clock)} on."
        )
    names, changes = _names(moved), moved["change"].to_numpy()

    def told(row: int, whole: bool = False) -> str:
        return amount(changes[row], curves.measure, whole)

    most = f"{told(0, True)}{_per(curves)}"
    verb = "is" if left_out == 1 else "are"
    besides = f"; {plural(left_out, 'tensor')} that began at zero {verb} left out"
    end = f"{besides if left_out else ''}."
    if len(moved) == 1:
        only = "" if curves.values.shape[1] == 1 else "only "
        return f"{only}{names[0]} changed, by {most}{end}"
    next_ones = [f"{names[i]} ({told(i)})" for i in range(1, min(3, len(names) - 1))]
    followed = f", then {listed(next_ones)}" if next_ones else ""
    return (
        f"{names[0]} changed most, by {most}{followed}; {names[-1]} changed least "
        f"({told(-1)}){end}"
    )


def _by_block(moved: pd.DataFrame, curves: Curves) -> str:
    """Which blocks changed most and least, where there are enough to tell of."""
    held = moved[moved["block"] != ""]
    means = held.groupby("block")["change"].mean().sort_values(ascending=False)
    if len(moved) <= _FEW or len(means) < 2:
        return ""
    (most, high), (least, low) = (
        (shortened(means.index[i]), amount(means.iloc[i], curves.measure))
        for i in (0, -1)
    )
    if means.iloc[0] <= _ALIKE * means.iloc[-1]:
        return f"The {len(means)} blocks changed about equally ({low} to {high})."
    return (
        f"Of {len(means)} blocks, {most} changed most ({high}) and {least} least "
        f"({low})."
    )


def _span(curves: Curves) -> str:
    first, last = curves.times[0], curves.times[-1]
    if len(curves) == 1:
        return f"In one record, at {moment(last, curves.clock)}, "
    if curves.clock == "epoch" and first == 1 and last == len(curves):
        return f"In {last:,.0f} epochs, "
    return (
        f"In {plural(len(curves), 'record')} from {moment(first, curves.clock)} to "
        f"{last:,.0f}, "
    )


def _loss(logs: pd.DataFrame) -> str:
    loss = logged(logs, "loss")
    if len(loss) < 2:
        return ""
    first, least, last = loss[0], loss.min(), loss[-1]
    if first - least > 0 and last - least > _RISE * (first - least):
        went = f"fell from {number(first)} to {number(least)} and rose again to "
        went += number(last)
    else:
        verb = "fell" if last < first else "went"
        went = f"{verb} from {number(first)} to {number(last)}"
    is_number = np.isfinite(logs["loss"].iloc[-1])
    broke = "" if is_number else " and was not a number at the end"
    return f"while the loss {went}{broke}, "


def _per(curves: Curves) -> str:
    if curves.since_start:
        return " from its initial weights to its last"
    if len(curves) == 1:
        return ""
    if curves.clock == "epoch" and (np.diff(curves.times) == 1).all():
        return " per epoch on average"
    return " from record to record on average"


def _when(table: pd.DataFrame, curves: Curves, logs: pd.DataFrame) -> str:
    if len(curves) < 2 or table.empty:
        return ""
    parts = []
    told = np.isin(np.arange(curves.values.shape[1]), table.index)
    half = curves.half(told)
    if half is not None:
        by = moment(half, curves.clock)
        parts.append(f"Half of all change had happened by {by}.")
    if curves.even or curves.since_start:
        parts.append(_settling(table, curves, logs))
    return " ".join(part for part in parts if part)


def _settling(table: pd.DataFrame, curves: Curves, logs: pd.DataFrame) -> str:
    # Those that broke or stopped have a sentence of their own.
    broken, stopped = curves.broken_since(), curves.stopped()
    moved = table[np.isnan(broken[table.index]) & np.isnan(stopped[table.index])]
    if moved.empty or len(curves) < SPELL:
        return ""
    settled = moved.dropna(subset="settled").sort_values("settled", kind="stable")
    rest = moved[moved["settled"].isna()]
    below, one_below = (
        ("within a tenth of where they ended", "within a tenth of where it ended")
        if curves.since_start
        else (
            "below a tenth of their largest change",
            "below a tenth of its largest change",
        )
    )
    if settled.empty:
        return f"No layer has stayed {one_below} for {SPELL} records{_rate(logs)}."
    since = f": {_since(settled, curves)}{_rate(logs)}"
    if len(table) == 1:
        return f"It settled {one_below}{since}."
    if len(settled) == len(table):
        return f"All settled {below}{since}."
    limit = one_below if len(settled) == 1 else below
    start = f"{len(settled)} of {plural(len(table), 'layer')} settled {limit}{since}"
    if rest.empty:
        return f"{start}."
    verb = "has" if len(rest) == 1 else "have"
    return f"{start}; {listed(_names(rest))} {verb} not."


def _since(settled: pd.DataFrame, curves: Curves) -> str:
    """From when on layers settled: each of a few, else the first and half of them."""
    names, times = _names(settled), settled["settled"].to_numpy()
    if len(names) > _FEW:
        half = moment(times[(len(times) - 1) // 2], curves.clock)
        first = moment(times[0], curves.clock)
        return f"{names[0]} first (from {first}), half of them by {half}"
    together: dict[float, list[str]] = {}
    for name, time in zip(names, times, strict=True):
        together.setdefault(time, []).append(name)
    each = [f"{listed(n)} from {moment(t, curves.clock)}" for t, n in together.items()]
    return ", then ".join(each)


def fall_of_rate(logs: pd.DataFrame) -> float:
    """The last learning rate as a share of the largest; 1 where it is not known."""
    rates = logged(logs, "learning_rate")
    rates = rates[rates >= 0]
    return float(rates[-1] / rates.max()) if rates.size and rates.max() > 0 else 1.0


def _rate(logs: pd.DataFrame) -> str:
    share = fall_of_rate(logs)
    if share > 0.5:
        return ""
    return f" (the learning rate fell to {percent(share)} of its largest)"


def _odd(table: pd.DataFrame, curves: Curves) -> str:
    """Layers that stood still, and those whose weights broke."""
    parts = []
    still = table[table["change"] == 0]
    if 0 < len(still) < len(table):
        parts.append(
            f"{listed(_names(still))} did not change at all: frozen, or without a "
            "gradient."
        )
    stopped = pd.Series(curves.stopped())[table.index].dropna()
    if len(stopped):
        who = "All layers" if len(stopped) == len(table) else _who(table, stopped)
        them, it_is = ("it", "it is") if len(stopped) == 1 else ("them", "they are")
        parts.append(
            f"{who} stopped changing altogether by "
            f"{moment(stopped.max(), curves.clock)}: no gradient reaches {them}, or "
            f"something keeps {them} as {it_is}."
        )
    broken = pd.Series(curves.broken_since())[table.index].dropna()
    if len(broken) and curves.has_value.any():
        parts.append(
            f"The weights of {_who(table, broken)} are not finite, from "
            f"{moment(broken.min(), curves.clock)} on."
        )
    return " ".join(parts)


def _who(table: pd.DataFrame, some: pd.Series) -> str:
    return listed(_names(table.loc[some.index]))


def _names(table: pd.DataFrame) -> list[str]:
    return [shortened(name) for name in table["name"]]
