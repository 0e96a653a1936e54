"""Answers as people read them: text for a terminal, HTML for a notebook."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tfrwc._common.html import escaped, items, notes, table
from tfrwc.answers.curves import SPELL
from tfrwc.answers.words import amount, moment, percent
from tfrwc.recording.names import distinct, shortened

if TYPE_CHECKING:
    from tfrwc.answers.summary import Summary

ROWS = 10
"""Layers shown of each answer; its table has all."""
_HEADS = ("layer", "block", "kind", "change", "share", "largest", "settled", "last")


def summary_text(summary: "Summary") -> str:
    """A summary as a terminal shows it."""
    return text(
        summary.sentence,
        summary.uncertain,
        *_columns(summary),
        left=len(summary.table) - ROWS,
        key=_key(summary),
        wrong=list(map(str, summary.wrong)),
    )


def summary_html(summary: "Summary") -> str:
    """A summary as a notebook shows it."""
    from tfrwc.answers.heat_map import heat_map  # Matplotlib, for notebooks alone

    picture = heat_map(summary.curves, summary.table.sort_index())
    wrong = items("What is wrong", map(str, summary.wrong))
    return html(
        summary.sentence,
        summary.uncertain,
        *_columns(summary),
        left=len(summary.table) - ROWS,
        key=_key(summary),
        picture=wrong + picture,
    )


def html(
    sentence: str,
    uncertain: Sequence[str],
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    left: int,
    key: str = "",
    picture: str = "",
) -> str:
    """An answer as HTML: as `text`, with what is shown above its table."""
    said = f"<p><strong>{escaped(sentence)}</strong></p>"
    below = f"<p><small>{escaped(key)}</small></p>" if key and rows else ""
    return f"{said}{picture}{table(heads, rows, left)}{below}{notes(uncertain)}"


def text(
    sentence: str,
    uncertain: Sequence[str],
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    left: int,
    key: str = "",
    wrong: Sequence[str] = (),
) -> str:
    """An answer as text: its sentence, what is wrong, a few rows, what is unsure.

    Args:
        sentence: the answer.
        uncertain: sentences.
        heads: of the columns.
        rows: of cells.
        left: how many rows are not shown.
        key: what the columns mean.
        wrong: sentences.
    """
    lines = [sentence]
    if wrong:
        lines += ["", "What is wrong:", *(f"- {finding}" for finding in wrong)]
    if rows:
        frame = pd.DataFrame(rows, columns=list(heads))
        lines += ["", frame.to_string(index=False)]
        lines += [f"and {left:,} more rows"] if left > 0 else []
        lines += [key] if key else []
    if uncertain:
        lines += ["", "Not certain:", *(f"- {doubt}" for doubt in uncertain)]
    return "\n".join(lines)


def without_empty(
    heads: Sequence[str], rows: Sequence[Sequence[str]]
) -> tuple[list[str], list[list[str]]]:
    """Heads and rows without the column of blocks where none has a name."""
    keep = [
        i
        for i, head in enumerate(heads)
        if head != "block" or any(row[i] != "–" for row in rows)
    ]
    return [heads[i] for i in keep], [[row[i] for i in keep] for row in rows]


def _columns(summary: "Summary") -> tuple[list[str], list[list[str]]]:
    """Heads and rows of the layers that changed most; no rows before any record."""
    if not len(summary.curves):
        return [], []
    measure, clock = summary.measure, summary.clock
    names = distinct(list(summary.table["name"].head(ROWS)))

    def value(number: float) -> str:
        return "–" if np.isnan(number) else amount(number, measure)

    def when(time: float) -> str:
        return "–" if np.isnan(time) else moment(time, clock)

    def at(number: float, time: float) -> str:
        return f"{value(number)} ({when(time)})" if number > 0 else "–"

    rows = [
        [
            name,
            shortened(row.block, 24) or "–",
            shortened(row.kind, 24),
            value(row.change),
            "–" if np.isnan(row.share) else percent(row.share),
            at(row.largest, row.largest_at),
            when(row.settled),
            value(row.last),
        ]
        for name, row in zip(
            names, summary.table.head(ROWS).itertuples(index=False), strict=True
        )
    ]
    return without_empty(_HEADS, rows)


def _key(summary: "Summary") -> str:
    """What the columns mean that do not say it themselves."""
    change, below = (
        ("from the initial to the last weights", "within a tenth of its last value")
        if summary.curves.since_start
        else ("the mean over records", "below a tenth of its largest")
    )
    return (
        f"Change: {change}; share: of the change of all; settled: from when on it "
        f"stays {below}, for {SPELL} records or more."
    )
