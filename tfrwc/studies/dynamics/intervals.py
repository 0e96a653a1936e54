"""Intervals that agree with the adjusted tests beside them.

Results hold, for each ratio of thirds of the depth, its 95 % interval and p-value by
Student's distribution. These two say what its standard error and degrees of freedom
are, and so the interval of any other confidence: that of the row's step in Holm's
procedure, over however many rows are read together. Results of earlier versions, which
lack the adjusted columns, get them so. For correlations with depth that cannot be done:
their intervals are percentiles of draws that were not kept.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.optimize import brentq
from scipy.stats import t as student

from tfrwc._common.plain import number
from tfrwc.dynamics.statistics import holm, holm_confidences

Row = dict[str, Any]
CONFIDENCE = 0.95
LEVEL = 0.05
_FREEDOM = (0.5, 1e8)
# So near to it a p-value says nothing of the degrees of freedom.
_NEAR = 1e-9


def adjusted_ratios(rows: Sequence[Row], value: str = "ratio") -> list[Row]:
    """Ratios with p_adjusted, adjusted_low and adjusted_high over all of them.

    Args:
        rows: each with its ratio, low, high and p_value; of a test over layers and
            seeds. Those without a p-value are no tests.
        value: name of the ratio in a row.

    Returns:
        New rows. The interval excludes 1 just where p_adjusted is 0.05 or less. Its
        ends are None where they do not follow from the row.
    """
    p_values = np.array([number(row["p_value"]) for row in rows], np.float64)
    confidences = holm_confidences(p_values, CONFIDENCE)
    found = []
    for row, p, confidence in zip(rows, holm(p_values), confidences, strict=True):
        low, high = ratio_interval(row, confidence, value)
        ends = {"adjusted_low": _plain(low), "adjusted_high": _plain(high)}
        found.append(row | {"p_adjusted": _plain(p)} | ends)
    return found


def has_adjusted(rows: Sequence[Row]) -> bool:
    """Whether rows have intervals that agree with their adjusted tests."""
    return all("adjusted_low" in row for row in rows)


def with_adjusted(rows: Sequence[Row], value: str = "ratio") -> list[Row]:
    """Rows as they are if they have the adjusted columns, else with them."""
    return list(rows) if has_adjusted(rows) else adjusted_ratios(rows, value)


def shown(row: Row, null: float) -> str:
    """``"more"``, ``"less"`` or ``"unclear"``: what the adjusted test of a row shows.

    Args:
        row: of a table of effects, with p_adjusted.
        null: the value without an effect.
    """
    value = next(row[name] for name in ("ratio", "correlation", "value") if name in row)
    decided = number(row["p_adjusted"]) <= LEVEL
    if not decided or np.isnan(ends(row)[1]):
        return "unclear"
    return "more" if number(value) > null else "less"


def spread(row: Row, form: str) -> str:
    """The interval of a row in words, with its adjusted p-value.

    Args:
        row: of a table of effects.
        form: of a number, such as "+.2f".
    """
    kind, low, high = ends(row)
    p_value = number(row["p_adjusted"])
    if np.isnan(low):
        return f"no adjusted interval, adjusted p = {p_value:.2g}"
    return f"{kind} {low:{form}} to {high:{form}}, adjusted p = {p_value:.2g}"


def ends(row: Row) -> tuple[str, float, float]:
    """What kind of interval a row has, and its ends; NaN where there is none."""
    if "adjusted_low" in row:
        names, kind = ("adjusted_low", "adjusted_high"), "adjusted 95 % interval"
    else:
        names, kind = ("low", "high"), "95 % interval, not adjusted,"
    low, high = (number(row[name]) for name in names)
    return kind, low, high


def ratio_interval(
    row: Row, confidence: float, value: str = "ratio"
) -> tuple[float, float]:
    """The interval of a ratio at another confidence; NaN where it does not follow.

    Args:
        row: as of `adjusted_ratios`.
        confidence: of the interval.
        value: name of the ratio in the row.
    """
    ratio, low, high, p_value = (
        number(row[name]) for name in (value, "low", "high", "p_value")
    )
    nothing = (np.nan, np.nan)
    if not np.isfinite([ratio, low, high, p_value, confidence]).all() or low <= 0:
        return nothing
    difference = np.log(ratio)
    half = (np.log(high) - np.log(low)) / 2
    freedom = _freedom(abs(difference) / half if half > 0 else np.nan, p_value)
    if np.isnan(freedom):
        return nothing
    wide = half * _quantile(1 - confidence, freedom) / _quantile(LEVEL, freedom)
    return np.exp(difference - wide), np.exp(difference + wide)


def _freedom(times: float, p_value: float) -> float:
    """Degrees of freedom at which a p-value and a 95 % interval are of one test.

    Args:
        times: how many times the value is half the interval.
        p_value: two-sided.
    """
    if not times > 0 or not 0 < p_value < 1 or abs(p_value - LEVEL) < _NEAR:
        return np.nan

    def off(log_freedom: float) -> float:
        freedom = np.exp(log_freedom)
        ratio = _quantile(p_value, freedom) / _quantile(LEVEL, freedom)
        return float(np.log(ratio) - np.log(times))

    low, high = np.log(_FREEDOM)
    if off(low) * off(high) > 0:
        return np.nan
    return float(np.exp(brentq(off, low, high, xtol=1e-12)))


def _quantile(p_value: float, freedom: float) -> float:
    """Student's, of which so much is on both sides together."""
    return float(student.isf(p_value / 2, freedom))


def _plain(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
