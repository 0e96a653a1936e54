"""Typical change of each layer in several trainings."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfrwc.answers.folding import SPREAD, folded
from tfrwc.answers.plot._axes import MARKERS, Drawn, given_or_new, legend, scale_for
from tfrwc.answers.view import View, usual_measure, view_of
from tfrwc.dynamics.arrays import Ints
from tfrwc.dynamics.comparison import Comparison, compare
from tfrwc.recording.names import MOST, shortened
from tfrwc.recording.recording import Recording
from tfrwc.report.canvas import label, labels, trend_colour

THIS, OTHER = "this", "other"


@dataclass(eq=False, repr=False)
class ComparisonDisplay(Drawn):
    """A row per layer, or block of layers, with its typical change in each condition.

    Of layers, lines reach from the lowest to the highest of several seeds; of blocks,
    marks are medians and lines reach over the middle 80 % of their layers. Each
    condition has a colour and a marker, which is full for the first.

    Args:
        comparison: of two conditions or more.
        view: of a recording of the first.

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

    @classmethod
    def from_comparison(
        cls, comparison: Comparison, ax: Any = None
    ) -> "ComparisonDisplay":
        """Draw a comparison.

        Args:
            comparison: of `tfrwc.dynamics.compare`.
            ax: axes of Matplotlib, or None for new ones.
        """
        first = comparison.layers["condition"] == comparison.baseline
        layers = comparison.layers[first].reset_index(drop=True)
        unit = ", per learning rate" if comparison.per_learning_rate else ""
        view = View(
            values=np.empty((len(layers), 0)),
            layers=layers,
            names=[shortened(name, MOST) for name in layers["layer"]],
            x=np.empty(0),
            x_label="record",
            y_label=f"relative change ({shortened(comparison.measure, 30)}{unit})",
        )
        return cls(comparison, view).plot(ax)

    def plot(self, ax: Any = None) -> "ComparisonDisplay":
        """Draw it on `ax`, or on new axes."""
        table, conditions = self.comparison.layers, self.comparison.conditions
        count = len(conditions)
        height = max(0.22, 0.1 * count) * max(len(self.rows), 6)
        ax = given_or_new(ax, 8, 1.2 + height)
        self.ax_, self.figure_ = ax, ax.figure
        apart, shown = 0.68 / count, []
        are_blocks = any(len(members) > 1 for _, members in self.rows)
        for i, (name, seeds) in enumerate(
            zip(conditions["condition"], conditions["seeds"], strict=True)
        ):
            colour = trend_colour(i)
            mine = table[table["condition"] == name]
            found = np.array([_row(mine, members) for _, members in self.rows])
            places = np.arange(len(found)) + apart * (i - (count - 1) / 2)
            shown.append(found)
            ax.hlines(places, found[:, 1], found[:, 2], color=colour, linewidth=1.6)
            ax.plot(
                found[:, 0],
                places,
                MARKERS[i % len(MARKERS)],
                color=colour,
                markersize=5,
                markerfacecolor="white" if i else colour,
                label=f"{label(str(name), 40)} ({_runs(seeds, are_blocks)})",
            )
        if are_blocks:
            ax.plot([], [], color="0.5", linewidth=1.6,
                    label="middle 80 % of a block's layers")  # fmt: skip
        for place in np.flatnonzero(~np.isfinite(np.hstack(shown)).any(axis=1)):
            ax.annotate("no change, or no value", (0.01, place), fontsize=7,
                        color="0.35", va="center",
                        xycoords=ax.get_yaxis_transform())  # fmt: skip
        names = labels([name for name, _ in self.rows], 40)
        ax.set_yticks(range(len(names)), names, fontsize=8)
        ax.set_ylim(len(names) - 0.4, -0.6)
        ax.set_xlabel(f"typical {self.view.y_label}")
        scale_for(ax.xaxis, ax.set_xscale, ax.set_xlim, np.concatenate(shown))
        ax.grid(axis="y", color="0.92")
        ax.set_axisbelow(True)
        legend(ax, 2)
        return self


def _runs(seeds: int, are_blocks: bool) -> str:
    if are_blocks:
        return "one run" if seeds == 1 else f"{seeds} runs"
    return "one run: no interval" if seeds == 1 else f"{seeds} runs, their range"


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
