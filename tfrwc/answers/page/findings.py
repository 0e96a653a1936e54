"""What a page says before it shows anything: findings with names of layers."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from tfrwc.answers.difference import difference
from tfrwc.answers.difference_words import LEVEL
from tfrwc.answers.page.conditions import Condition
from tfrwc.answers.page.points import has_intervals, no_interval, ratio_rows
from tfrwc.answers.page.svg import isolated
from tfrwc.answers.scales import text_of
from tfrwc.answers.trends import Trend
from tfrwc.answers.view import usual_measure
from tfrwc.answers.words import amount
from tfrwc.dynamics.comparison import Comparison
from tfrwc.dynamics.depth import depth_effect
from tfrwc.recording.names import shortened

_NAMED = 3
# So that 2,000 layers take less than a second.
_DRAWS = {"n_bootstrap": 500, "n_permutations": 999}


def layers_finding(condition: Condition) -> str:
    """Which layer reached most, and how the typical layer went."""
    view = condition.view
    values = np.where(np.isfinite(view.values), view.values, -np.inf)
    layer, record = np.unravel_index(values.argmax(), values.shape)
    if not np.isfinite(values[layer, record]):
        return "No layer has a value in any record."
    name = isolated(shortened(view.names[layer]))
    most = (
        f"{name} reached the largest change, "
        f"{_amount(condition, values[layer, record])} at {view.x_label} "
        f"{view.x[record]:.0f}"
    )
    ends = [view.values[:, i][np.isfinite(view.values[:, i])] for i in (0, -1)]
    if not all(part.size for part in ends) or len(view.x) == 1:
        return f"{most}."
    first, last = (_amount(condition, np.median(part)) for part in ends)
    return (
        f"{most}; the median layer went from {first} in the first record to {last} in "
        "the last."
    )


def trends_finding(condition: Condition, found: list[Trend]) -> str:
    """How many layers each trend has, and which lead it."""
    shared = [trend for trend in found if trend.number >= 0]
    if not shared:
        return "No shape of curve is shared by enough layers to be a trend."
    order = condition.summary.table.index.to_numpy()
    parts = []
    for trend in shared:
        leading = [i for i in order if i in set(trend.members.tolist())][:2]
        names = " and ".join(
            isolated(shortened(condition.view.names[i])) for i in leading
        )
        course = _course(condition, trend)
        parts.append(f"{trend.title} ({course}), most of all {names}")
    outside = [trend for trend in found if trend.number < 0]
    rest = f"; {len(outside[0].members)} in no trend" if outside else ""
    return _upper(f"{'; '.join(parts)}{rest}.")


def depth_finding(condition: Condition) -> str:
    """Whether later layers changed more, with interval and test."""
    try:
        table = depth_effect(
            condition.recordings, usual_measure(condition.mean), **_DRAWS
        )
    except ValueError as error:
        why = str(error).split(". ")[0].replace("depth_effect", "the test")
        return f"Whether depth matters cannot be told: {why}."
    rows = table.set_index("effect")
    return (
        f"{_upper(_direction(rows.loc['depth']))}; with the size of layers held fixed, "
        f"{_direction(rows.loc['depth given size'])}."
    )


def logs_finding(condition: Condition) -> str:
    """Where the metrics ended; empty where the logs have none."""
    logs, view = condition.mean.logs, condition.view
    parts = []
    for name in logs:
        values = logs[name].to_numpy(float)
        if name == "learning_rate" or not np.isfinite(values).any():
            continue
        seen = np.flatnonzero(np.isfinite(values))
        parts.append(
            f"{shortened(str(name), 40)} {text_of(values[seen[-1]])} at {view.x_label} "
            f"{view.x[seen[-1]]:.0f}"
        )
    if not parts:
        return ""
    more = f", and {len(parts) - 6} more" if len(parts) > 6 else ""
    return _upper(f"{', '.join(parts[:6])}{more}.")


def comparison_findings(compared: Comparison, found: Sequence[Condition]) -> list[str]:
    """What differs between the first condition and the others, and what is unsure.

    Of two conditions it is what `Recording.compare` says.
    """
    if len(found) == 2:
        here, there = (isolated(one.name) for one in found)
        answer = difference(*(one.recordings for one in found), (here, there))
        return [answer.sentence, *answer.uncertain]
    return [comparison_finding(compared, one.name) for one in found[1:]]


def comparison_finding(compared: Comparison, name: str) -> str:
    """Which layers changed more and less than in the baseline, and how sure that is."""
    rows = ratio_rows(compared)
    rows = rows[(rows["condition"] == name) & rows["difference"].notna()]
    base, other = isolated(compared.baseline), isolated(name)
    if rows.empty:
        return f"No layer has a change in both {base} and {other}."
    typical = f"{np.exp(rows['difference'].median()):.3g}"
    start = f"The median layer changed {typical} times as much in {other} as in {base}"
    if not has_intervals(compared) or rows["p_adjusted"].isna().all():
        return (
            f"{start}; most different: {_extremes(rows)}. {no_interval(compared)} All "
            "of this may be chance."
        )
    told = rows[rows["p_adjusted"] <= LEVEL]
    if told.empty:
        return (
            f"{start}, but no layer clearly differs by the test over seeds (adjusted p "
            f"of {LEVEL} or less)."
        )
    return (
        f"{start}. {len(told)} of {len(rows)} layers clearly differ (adjusted p of "
        f"{LEVEL} or less), most of all {_extremes(told)}."
    )


def _extremes(rows: pd.DataFrame) -> str:
    far = rows.loc[rows["difference"].abs().sort_values(ascending=False).index[:_NAMED]]
    return ", ".join(
        f"{isolated(shortened(row.layer))} {np.exp(row.difference):.3g} times"
        for row in far.itertuples()
    )


def _course(condition: Condition, trend: Trend) -> str:
    seen = trend.median[np.isfinite(trend.median)]
    if not seen.size:
        return "without values"
    first, last = (_amount(condition, seen[i]) for i in (0, -1))
    return f"median {first} at first, {last} at the end"


def _amount(condition: Condition, value: float) -> str:
    """A value as the sentence above the findings says it."""
    return amount(float(value), condition.summary.measure)


def _direction(row: pd.Series) -> str:
    rho, p_value = row["correlation"], row["p_adjusted"]
    if np.isnan(rho):
        return "the effect of depth cannot be told"
    interval = (
        "with no interval, as these few layers are in perfect order"
        if np.isnan(row["adjusted_low"])
        else f"adjusted 95 % interval {row['adjusted_low']:+.2f} to "
        f"{row['adjusted_high']:+.2f}"
    )
    numbers = f"ρ = {rho:+.2f}, {interval}, adjusted p = {p_value:.2g}"
    if not p_value <= LEVEL:
        return f"no clear effect of depth ({numbers})"
    return f"later layers changed {'more' if rho > 0 else 'less'} ({numbers})"


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
