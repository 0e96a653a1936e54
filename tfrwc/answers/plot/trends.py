"""The shapes of curve that layers share."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from tfrwc.answers import trends as found
from tfrwc.answers.folding import ROWS
from tfrwc.answers.plot._axes import (
    STYLES,
    Drawn,
    curve,
    given_or_new,
    legend,
    over_records,
    say_zeros,
)
from tfrwc.answers.view import View, spans_decades, view_of
from tfrwc.dynamics.arrays import Floats, Ints
from tfrwc.recording.recording import Recording
from tfrwc.report.canvas import trend_colour

_APART = 13  # points, of two numbers at the ends of lines


@dataclass(eq=False, repr=False)
class TrendsDisplay(Drawn):
    """Trends: the median of the layers of each, in the band of the middle 80 %.

    Each trend has a colour, a style of line and its number at the end of its line. Up
    to 40 layers are drawn too, thin.

    Args:
        view: of a recording.
        labels: trend of each layer, int64 (layers,); -1 for none.

    Attributes:
        trends: a `tfrwc.answers.trends.Trend` for each that is drawn.
        ax_, figure_: of Matplotlib, after `plot`.
    """

    view: View
    labels: Ints

    def __post_init__(self) -> None:
        self.trends = found.trends(self.view, self.labels)

    @classmethod
    def from_recording(cls, recording: Recording, ax: Any = None) -> "TrendsDisplay":
        """Find the trends of a recording, and draw them.

        Args:
            recording: with a record or more; its first measure is drawn.
            ax: axes of Matplotlib, or None for new ones.

        Raises:
            ValueError: if the recording has no records or no layers.
        """
        of = view_of(recording)
        return cls(of, found.labels(recording)).plot(ax)

    def plot(self, ax: Any = None) -> "TrendsDisplay":
        """Draw them on `ax`, or on new axes."""
        ax = given_or_new(ax, 8, 4.5)
        self.ax_, self.figure_ = ax, ax.figure
        x, every = self.view.x, self.view.values
        few = len(every) <= ROWS
        shown = [every] if few else [t.median for t in self.trends]
        shown += [edge for t in self.trends for edge in (t.low, t.high)]
        everything = np.concatenate([np.ravel(part) for part in shown])
        log = spans_decades(everything)
        for place, trend in enumerate(self.trends):
            colour = trend_colour(trend.number)
            if few:
                for i in trend.members:
                    ax.plot(x, np.where(every[i] > 0, every[i], np.nan), color=colour,
                            linewidth=0.7, alpha=0.4)  # fmt: skip
            ax.fill_between(
                x, trend.low, trend.high, color=colour, alpha=0.15, linewidth=0
            )
            curve(
                ax,
                x,
                trend.median,
                log,
                color=colour,
                linestyle=STYLES[place % len(STYLES)],
                linewidth=2.4,
                label=trend.title,
            )
        over_records(ax, self.view, everything)
        _number_at_ends(ax, x, self.trends)
        say_zeros(ax, [trend.median for trend in self.trends])
        if few:
            ax.plot([], [], color="0.5", linewidth=0.7, label="each layer")
        legend(ax)
        return self


def _number_at_ends(ax: Any, x: Floats, trends: list[found.Trend]) -> None:
    """The number of each trend at the end of its line, and none on another."""
    ends = []
    for trend in trends:
        seen = np.flatnonzero(trend.median > 0)
        if seen.size and trend.number >= 0:
            end = (x[seen[-1]], trend.median[seen[-1]])
            height = ax.transData.transform(end)[1] * 72 / ax.figure.dpi  # points
            ends.append((height, trend.number, end))
    free = -np.inf
    for height, number, end in sorted(ends):
        place = max(height, free)
        free = place + _APART
        ax.annotate(
            str(number + 1),
            end,
            xytext=(5, place - height),
            textcoords="offset points",
            va="center",
            color=trend_colour(number),
            weight="bold",
        )
