"""The answer to "which layers learn, when, and how much", in sentences.

Every number is read off the curves, and every claim follows from its definition: there
is no test and no threshold but `SETTLED`.
"""

import numpy as np
import pandas as pd

from tfrwc.answers.curves import Curves
from tfrwc.answers.words import amount, listed, moment, percent, plural
from tfrwc.recording.names import shortened

_FEW = 8
"""Layers up to which those that settled are named with their time."""


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
    parts = (
        _how_much(table, curves, logs),
        _when(table, curves, logs),
        _odd(table, curves),
    )
    return " ".join(part for part in parts if part)


def _how_much(table: pd.DataFrame, curves: Curves, logs: pd.DataFrame) -> str:
    moved = table[table["change"] > 0]
    when = _span(curves) + _loss(logs)
    if moved.empty:
        return f"{when}no layer changed."
    names, changes = _names(moved), moved["change"].to_numpy()

    def told(row: int, whole: bool = False) -> str:
        return amount(changes[row], curves.measure, whole)

    per = _per(curves)
    if len(moved) == 1:
        others = "" if len(table) == 1 else "only "
        return f"{when}{others}{names[0]} changed, by {told(0, True)}{per}."
    next_ones = [f"{names[i]} ({told(i)})" for i in range(1, min(3, len(names) - 1))]
    followed = f", then {listed(next_ones)}" if next_ones else ""
    least = f"; {names[-1]} changed least ({told(-1)})"
    typical = ""
    if len(moved) > _FEW:
        middle = amount(float(np.median(changes)), curves.measure)
        typical = f", the median of {len(moved)} layers by {middle}"
    return (
        f"{when}{names[0]} changed most, by {told(0, True)}{per}{followed}{typical}"
        f"{least}."
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
    loss = logs.get("loss", pd.Series(dtype=float)).to_numpy(float)
    loss = loss[np.isfinite(loss)]
    if len(loss) < 2:
        return ""
    went = "fell" if loss[-1] < loss[0] else "went"
    return f"while the loss {went} from {loss[0]:.3g} to {loss[-1]:.3g}, "


def _per(curves: Curves) -> str:
    if curves.since_start:
        return " from its initial weights to its last"
    if len(curves) == 1:
        return ""
    if curves.clock == "epoch" and (np.diff(curves.times) == 1).all():
        return " per epoch"
    return " from record to record"


def _when(table: pd.DataFrame, curves: Curves, logs: pd.DataFrame) -> str:
    if len(curves) < 2 or not (table["change"] > 0).any():
        return ""
    parts = []
    half = curves.half()
    if half is not None:
        parts.append(f"Half of all change had come by {moment(half, curves.clock)}.")
    if curves.even or curves.since_start:
        parts.append(_settling(table, curves, logs))
    return " ".join(parts)


def _settling(table: pd.DataFrame, curves: Curves, logs: pd.DataFrame) -> str:
    broken = pd.Series(curves.broken_since())[table.index].notna()
    moved = table[(table["change"] > 0) & ~broken]
    if moved.empty:
        return ""
    settled = moved.dropna(subset="settled").sort_values("settled", kind="stable")
    rest = moved[moved["settled"].isna()]
    below = (
        "within a tenth of where they ended"
        if curves.since_start
        else "below a tenth of their largest change"
    )
    if settled.empty:
        stays = below.replace("their", "its").replace("they", "it")
        return f"No layer stays {stays}{_rate(logs)}."
    times = settled["settled"]
    if len(settled) > _FEW:
        since = f"half of them from {moment(np.median(times), curves.clock)}"
        first = _names(settled)[0]
        who = f"{first} first ({moment(times.iloc[0], curves.clock)}), {since} on"
    else:
        named = zip(_names(settled), times, strict=True)
        who = listed([f"{n} from {moment(t, curves.clock)}" for n, t in named], 5)
    if rest.empty:
        count = (
            "The layer" if len(moved) == 1 else f"All {len(moved)} layers that moved"
        )
        return f"{count} settled, that is, stay {below}: {who}{_rate(logs)}."
    verb = "does" if len(rest) == 1 else "do"
    return (
        f"{len(settled)} of {plural(len(moved), 'layer')} settled, that is, stay "
        f"{below}: {who}{_rate(logs)}; {listed(_names(rest))} {verb} not."
    )


def fall_of_rate(logs: pd.DataFrame) -> float:
    """The last learning rate as a share of the largest; 1 where it is not known."""
    rates = logs.get("learning_rate", pd.Series(dtype=float)).to_numpy(float)
    rates = rates[np.isfinite(rates) & (rates >= 0)]
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
    since = pd.Series(curves.broken_since())[table.index].dropna()
    if len(since):
        who = listed(_names(table.loc[since.index]))
        parts.append(
            f"The weights of {who} are not finite"
            f" from {moment(since.min(), curves.clock)} on."
        )
    return " ".join(parts)


def _names(table: pd.DataFrame) -> list[str]:
    return [shortened(name) for name in table["name"]]
