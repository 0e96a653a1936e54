"""Answers as people read them: text for a terminal, HTML for a notebook."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tfrwc._common.html import escaped, items, notes, table
from tfrwc.answers.heat_map import heat_map
from tfrwc.answers.words import amount, moment, percent
from tfrwc.recording.names import shortened

if TYPE_CHECKING:
    from tfrwc.answers.summary import Summary

ROWS = 10
"""Layers shown of each answer; its table has all."""
_HEADS = ("layer", "block", "kind", "change", "share", "largest", "settled", "last")


def summary_text(summary: "Summary") -> str:
    """A summary as a terminal shows it."""
    wrong = list(map(str, summary.wrong))
    return text(summary.sentence, summary.uncertain, _HEADS, _rows(summary), wrong)


def summary_html(summary: "Summary") -> str:
    """A summary as a notebook shows it."""
    rows = _rows(summary)
    picture = heat_map(summary.curves, list(summary.table["name"].sort_index()))
    left = len(summary.table) - len(rows)
    wrong = items("Wrong", map(str, summary.wrong))
    said = wrong + picture
    return html(summary.sentence, summary.uncertain, _HEADS, rows, left, said)


def html(
    sentence: str,
    uncertain: Sequence[str],
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    left: int,
    picture: str = "",
) -> str:
    """An answer as HTML: as `text`, with what is shown above its table, and how many
    rows of that are left out."""
    said = f"<p><strong>{escaped(sentence)}</strong></p>"
    return f"{said}{picture}{table(heads, rows, left)}{notes(uncertain)}"


def text(
    sentence: str,
    uncertain: Sequence[str],
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    wrong: Sequence[str] = (),
) -> str:
    """An answer as text: its sentence, what is wrong, a few rows, what is unsure."""
    lines = [sentence]
    if wrong:
        lines += ["", "Wrong:", *(f"- {finding}" for finding in wrong)]
    if rows:
        frame = pd.DataFrame(rows, columns=list(heads))
        lines += ["", frame.to_string(index=False)]
    if uncertain:
        lines += ["", "Not certain:", *(f"- {doubt}" for doubt in uncertain)]
    return "\n".join(lines)


def _rows(summary: "Summary") -> list[list[str]]:
    measure, clock = summary.measure, summary.clock

    def value(number: float) -> str:
        return "–" if np.isnan(number) else amount(number, measure)

    def when(time: float) -> str:
        return "–" if np.isnan(time) else moment(time, clock)

    return [
        [
            shortened(row.name),
            shortened(row.block, 24) or "–",
            shortened(row.kind, 24),
            value(row.change),
            "–" if np.isnan(row.share) else percent(row.share),
            f"{value(row.largest)} ({when(row.largest_at)})",
            when(row.settled),
            value(row.last),
        ]
        for row in summary.table.head(ROWS).itertuples(index=False)
    ]
