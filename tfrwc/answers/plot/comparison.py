"""Typical change of each layer in two trainings."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfrwc.answers.folding import SPREAD, folded
from tfrwc.answers.plot._axes import given_or_new, legend, scale_for
from tfrwc.answers.view import View, usual_measure, view_of
from tfrwc.dynamics.arrays import Ints
from tfrwc.dynamics.comparison import Comparison, compare
from tfrwc.recording.recording import Recording
from tfrwc.report.canvas import TREND_COLOURS, label

THIS, OTHER = "this", "other"


@dataclass(eq=False)
class ComparisonDisplay:
    """A row per layer, or block of layers, with its typical change in both trainings.

    Of layers, lines reach from the lowest to the highest of several seeds; of blocks,
    marks are medians and lines reach over the middle 80 % of their layers.

    Args:
        comparison: of two conditions, ``"this"`` and ``"other"``.
        view: of this recording.

    Attributes:
        rows: pairs of a name and the numbers of its layers.
        ax_, figure_: of Matplotlib, after `plot`.
    """

    comparison: Comparison
    view: View

    def __post_init__(self) -> None:
        self.rows: list[tuple[str, Ints]] = folded(self.view)

    @classmethod
    def from_recordings(
        cls,
        recording: Recording,
        other: Recording | Sequence[Recording],
        ax: Any = None,
    ) -> "ComparisonDisplay":
        """Hold a recording against another, or against several seeds, and draw both.

        Args:
            recording: with a record or more; its first measure is drawn.
            other: of the same network.
            ax: axes of Matplotlib, or None for new ones.

        Raises:
            TypeError: if `other` holds something else than recordings.
            ValueError: if the layers, schedules or references do not fit.
        """
        of = view_of(recording)
        compared = compare(
            {THIS: recording, OTHER: other}, measure=usual_measure(recording)
        )
        return cls(compared, of).plot(ax)

    def plot(self, ax: Any = None) -> "ComparisonDisplay":
        """Draw it on `ax`, or on new axes."""
        ax = given_or_new(ax, 8, 1.2 + 0.22 * max(len(self.rows), 6))
        self.ax_, self.figure_ = ax, ax.figure
        table, shown = self.comparison.layers, []
        for side, marker, colour, shift in (
            (THIS, "o", TREND_COLOURS[0], -0.17),
            (OTHER, "D", TREND_COLOURS[1], 0.17),
        ):
            mine = table[table["condition"] == side]
            found = np.array([_row(mine, members) for _, members in self.rows])
            places = np.arange(len(found)) + shift
            shown.append(found)
            ax.hlines(places, found[:, 1], found[:, 2], color=colour, linewidth=1.6)
            ax.plot(
                found[:, 0],
                places,
                marker,
                color=colour,
                markersize=5,
                markerfacecolor=colour if side == THIS else "white",
                label=f"{side} ({self._runs(side)})",
            )
        for place in np.flatnonzero(~np.isfinite(np.hstack(shown)).any(axis=1)):
            ax.annotate("no change, or no value", (0.01, place), fontsize=7,
                        color="0.35", va="center",
                        xycoords=ax.get_yaxis_transform())  # fmt: skip
        names = [label(name, 40) for name, _ in self.rows]
        ax.set_yticks(range(len(names)), names, fontsize=8)
        ax.set_ylim(len(names) - 0.4, -0.6)
        ax.set_xlabel(f"typical {self.view.y_label}")
        scale_for(ax.xaxis, ax.set_xscale, ax.set_xlim, np.concatenate(shown))
        ax.grid(axis="y", color="0.92")
        ax.set_axisbelow(True)
        legend(ax, 2)
        return self

    def _runs(self, side: str) -> str:
        conditions = self.comparison.conditions
        count = int(conditions.loc[conditions["condition"] == side, "seeds"].iloc[0])
        return "one run: no interval" if count == 1 else f"{count} runs, their range"


def _row(table: Any, members: Ints) -> tuple[float, float, float]:
    """Middle, low and high of a row."""
    part = table.iloc[members]
    if len(part) == 1:
        row = part.iloc[0]
        return row["change"], row["lowest"], row["highest"]
    change = part["change"].to_numpy()
    change = change[np.isfinite(change)]
    if not change.size:
        return np.nan, np.nan, np.nan
    low, middle, high = np.quantile(change, (SPREAD[0], 0.5, SPREAD[1]))
    return middle, low, high
