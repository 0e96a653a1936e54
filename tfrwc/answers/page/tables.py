"""The tables of a page, as texts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from tfrwc.answers.curves import SETTLED, SPELL
from tfrwc.answers.page.conditions import Condition
from tfrwc.answers.page.points import has_intervals, no_interval, ratio_rows
from tfrwc.answers.page.svg import all_fitted, fitted
from tfrwc.answers.words import amount, plural
from tfrwc.dynamics.comparison import Comparison
from tfrwc.recording import validation
from tfrwc.recording.names import shortened

ROWS = 2000
"""At most so many rows are on a page."""

_NAME = 290  # pixels
_PATH, _KIND = 200, 20


@dataclass(frozen=True)
class Table:
    """A table, of texts.

    Attributes:
        id: of the element on the page.
        caption: what it is.
        heads: of the columns.
        texts: how many of the first columns are words.
        rows: of cells.
        titles: whole name of each row.
        trends: trend of each row, for the choice of trends; empty for none.
        condition: number of the condition whose trends these are.
    """

    id: str
    caption: str
    heads: Sequence[str]
    texts: int
    rows: Sequence[Sequence[str]]
    titles: Sequence[str]
    trends: Sequence[int] = ()
    condition: int = 0


def layers_table(condition: Condition, number: int) -> Table:
    """The layers of a condition, those that changed most first."""
    table, clock = condition.summary.table, condition.summary.clock
    shown = table.head(ROWS)
    columns = {
        "layer": all_fitted(list(shown["name"]), _NAME),
        "block": [shortened(block, 28) for block in shown["block"]],
        "kind": [shortened(kind, _KIND) for kind in shown["kind"]],
        "size": [f"{size:,}" for size in shown["size"]],
        "change": _numbers(shown["change"]),
        "typical": _numbers(shown["typical"]),
        "share": [_percent(share) for share in shown["share"]],
        "first": _numbers(shown["first"]),
        "last": _numbers(shown["last"]),
        "largest": _numbers(shown["largest"]),
        "at": _times(shown["largest_at"]),
        "settled": _times(shown["settled"]),
        "trend": [str(n + 1) if n >= 0 else "–" for n in shown["trend"]],
    }
    if not any(columns["block"]):
        del columns["block"]
    heads = list(columns)
    left = len(table) - len(shown)
    more = f" The first {len(shown):,} of {len(table):,} layers." if left else ""
    return Table(
        id=f"layers-{number}",
        caption="Every layer, those that changed most first. Change is "
        f"{_change(condition)}{_unit(condition)}; typical, the geometric mean, which "
        "the figures over depth and the comparisons show; share, of the change of all; "
        f"at, the {clock} of the largest; settled, from when on it stays below "
        f"{100 * SETTLED:.0f} % of that, for {SPELL} records or more.{more}",
        heads=heads,
        texts=heads.index("size"),
        rows=[*zip(*columns.values(), strict=True)],
        titles=[shortened(path, _PATH) for path in shown["path"]],
        trends=shown["trend"].tolist(),
        condition=number,
    )


def comparison_table(compared: Comparison) -> Table:
    """The layers of all conditions but the baseline, the furthest from it first."""
    rows = ratio_rows(compared)
    far = rows["difference"].abs().sort_values(ascending=False, kind="stable").index
    rows, base = rows.loc[far], compared.baseline
    intervals = has_intervals(compared)
    shown = rows.head(ROWS)
    # Rows of a condition are in the order of those of the baseline.
    before = compared.layers.loc[compared.layers["condition"] == base, "change"]
    own = before.to_numpy()[shown.index.to_numpy() % len(before)]
    columns = [
        all_fitted(list(shown["layer"]), _NAME),
        [fitted(name, _NAME) for name in shown["condition"]],
        _numbers(own),
        _numbers(shown["change"]),
        _numbers(np.exp(shown["difference"])),
    ]
    heads = [
        "layer",
        "condition",
        f"change in {shortened(base, 24)}",
        "change",
        "times",
    ]
    if intervals:
        columns += [
            _numbers(np.exp(shown[end])) for end in ("adjusted_low", "adjusted_high")
        ]
        columns.append(_numbers(shown["p_adjusted"]))
        heads += ["low", "high", "adjusted p"]
    percent = f"{100 * compared.confidence:.0f} %"
    said = (
        f"Low and high: the {percent} interval of times, Welch's over seeds, adjusted "
        "as p is: Holm's, over all layers and conditions."
        if intervals
        else no_interval(compared)
    )
    left = len(rows) - len(shown)
    more = f" The first {len(shown):,} of {len(rows):,} rows." if left else ""
    return Table(
        id="compared",
        caption=f"Typical change (the geometric mean over "
        f"{plural(compared.records, 'record')}) against “{shortened(base, 40)}”, the "
        f"largest differences first. "
        f"{said}{more}",
        heads=heads,
        texts=2,
        rows=[*zip(*columns, strict=True)],
        titles=[shortened(name, _PATH) for name in shown["layer"]],
    )


def settings_rows(condition: Condition) -> list[tuple[str, str]]:
    """How the recordings of a condition were made, in pairs of words."""
    first = condition.recordings[0]
    settings = {k: v for k, v in first.settings.items() if k != validation.KEY}
    facts: dict[str, Any] = {
        "recordings": len(condition.recordings),
        "records": ", ".join(f"{len(one):,}" for one in condition.recordings[:8]),
        "layers": f"{len(first.layers):,}",
        "measures": ", ".join(first.measures),
        **_flat(settings),
        "versions": ", ".join(f"{k} {v}" for k, v in first.versions.items()),
    }
    return [
        (shortened(key, 60), shortened(str(value), 160)) for key, value in facts.items()
    ]


def _flat(settings: Mapping[str, Any]) -> dict[str, str]:
    """Settings as words; those of settings, such as an optimizer's, beside them."""
    rows: dict[str, str] = {}
    for key, value in settings.items():
        name = str(key).replace("_", " ")
        if isinstance(value, Mapping):
            rows |= {f"{name}, {part}": word for part, word in _flat(value).items()}
        elif isinstance(value, list):
            rows[name] = ", ".join(map(_word, value))
        else:
            rows[name] = _word(value)
    return rows


def _word(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _change(condition: Condition) -> str:
    if condition.mean.settings.get("reference") == "initial":
        return "the last value, since the initial weights"
    return "the mean over the records"


def _unit(condition: Condition) -> str:
    """What a value is a share of, as the sentences of the page say it in percent."""
    said = amount(0.1, condition.summary.measure, whole=True)
    return f" (0.1 is {said})" if "%" in said else ""


def _numbers(values: pd.Series | np.ndarray) -> list[str]:
    return [
        "–" if np.isnan(value) else f"{value:.3g}"
        for value in np.asarray(values, np.float64).tolist()
    ]


def _times(values: pd.Series) -> list[str]:
    return ["–" if np.isnan(value) else f"{value:,.0f}" for value in values]


def _percent(share: float) -> str:
    return "–" if np.isnan(share) else f"{100 * share:.2g} %"
