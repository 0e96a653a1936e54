"""Comparisons as people read them: a sentence, and tables for a notebook."""

from typing import Any

import numpy as np
import pandas as pd

from tfrwc._common.html import escaped, table
from tfrwc.recording.names import shortened

LEVEL = 0.05
"""Adjusted p-value up to which a difference is called clear."""
_ROWS = 10  # of each table


def comparison_sentence(comparison: Any) -> str:
    """What was compared, and how many layers clearly differ from the baseline.

    Args:
        comparison: a `tfrwc.dynamics.Comparison`.
    """
    layers, conditions = comparison.layers, comparison.conditions
    tested = layers[layers["p_adjusted"].notna()]
    said = (
        f"{layers['layer'].nunique()} layers in {len(conditions)} conditions, by "
        f"{comparison.measure} over {comparison.records} records, against "
        f"{shortened(str(comparison.baseline))}"
    )
    if tested.empty:
        return f"{said}: no test, as conditions have one recording each."
    clear = int((tested["p_adjusted"] <= LEVEL).sum())
    return (
        f"{said}: {clear} of {len(tested)} differences are clear (adjusted p of "
        f"{LEVEL} or less)."
    )


def comparison_html(comparison: Any) -> str:
    """The sentence, the conditions, and the layers that differ most.

    Args:
        comparison: a `tfrwc.dynamics.Comparison`.
    """
    conditions = comparison.conditions
    rows = [
        (
            shortened(str(row.condition)),
            row.seeds,
            _ranged(row.late_share, row.late_share_low, row.late_share_high),
            _ranged(row.late_to_early, row.late_to_early_low, row.late_to_early_high),
        )
        for row in conditions.head(_ROWS).itertuples(index=False)
    ]
    heads = ("condition", "recordings", "late share", "late to early")
    said = f"<p><strong>{escaped(comparison_sentence(comparison))}</strong></p>"
    whole = table(heads, rows, len(conditions) - len(rows))
    return said + whole + _differences(comparison)


def _differences(comparison: Any) -> str:
    layers = comparison.layers
    others = layers[layers["condition"] != comparison.baseline]
    others = others[others["difference"].notna()]
    order = np.argsort(-others["difference"].abs(), kind="stable")
    shown = others.iloc[order].head(_ROWS)
    rows = [
        (
            shortened(str(row.layer)),
            shortened(str(row.condition)),
            _number(row.change),
            _ranged(
                *np.exp([row.difference, row.adjusted_low, row.adjusted_high]),
            ),
            _number(row.p_adjusted),
        )
        for row in shown.itertuples(index=False)
    ]
    heads = (
        "layer",
        "condition",
        "change",
        f"times that of {shortened(str(comparison.baseline), 24)}",
        "p adjusted",
    )
    return table(heads, rows, len(others) - len(rows))


def _ranged(value: float, low: float, high: float) -> str:
    """A value with its interval, where it has one."""
    if not np.isfinite([low, high]).all():
        return _number(value)
    return f"{_number(value)} ({_number(low)} to {_number(high)})"


def _number(value: float) -> str:
    return "–" if pd.isna(value) else f"{value:.3g}"
