"""Typical change of each layer against its depth."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.ticker import MaxNLocator

from tfrwc.answers import trends as found
from tfrwc.answers.plot._axes import MARKERS, Drawn, given_or_new, legend, scale_for
from tfrwc.answers.view import View, typical, view_of
from tfrwc.dynamics.arrays import Floats, Ints
from tfrwc.recording.recording import Recording
from tfrwc.report.canvas import trend_colour


@dataclass(eq=False, repr=False)
class DepthDisplay(Drawn):
    """A point per layer: the geometric mean of its change, against its depth.

    The colour and the marker say the trend. Layers that never changed are at the lower
    edge; layers without a value are counted in the legend.

    Args:
        view: of a recording.
        labels: trend of each layer, int64 (layers,); -1 for none.

    Attributes:
        change: typical change of each layer, float64 (layers,).
        ax_, figure_: of Matplotlib, after `plot`.
    """

    view: View
    labels: Ints

    @property
    def change(self) -> Floats:
        """Typical change of each layer, float64 (layers,)."""
        return typical(self.view.values)

    @classmethod
    def from_recording(cls, recording: Recording, ax: Any = None) -> "DepthDisplay":
        """Draw a recording.

        Args:
            recording: with a record or more; its first measure is drawn.
            ax: axes of Matplotlib, or None for new ones.

        Raises:
            ValueError: if the recording has no records or no layers.
        """
        of = view_of(recording)
        return cls(of, found.labels(recording)).plot(ax)

    def plot(self, ax: Any = None) -> "DepthDisplay":
        """Draw it on `ax`, or on new axes."""
        ax = given_or_new(ax, 7, 4.5)
        self.ax_, self.figure_ = ax, ax.figure
        depth, change = self.view.depth, self.change
        for trend in found.trends(self.view, self.labels):
            with_change = trend.members[change[trend.members] > 0]
            ax.scatter(
                depth[with_change],
                change[with_change],
                s=34,
                color=trend_colour(trend.number),
                marker=MARKERS[trend.number % len(MARKERS)]
                if trend.number >= 0
                else ".",
                alpha=0.85,
                label=trend.title,
            )
        zero, none = change == 0, int(np.isnan(change).sum())
        if zero.any():
            ax.plot(
                depth[zero],
                np.zeros(zero.sum()),
                "v",
                color="0.3",
                markerfacecolor="none",
                clip_on=False,
                transform=ax.get_xaxis_transform(),
                label=f"exactly 0: {zero.sum()}",
            )
        if none:
            ax.plot([], [], " ", label=f"no value: {none}")
        ax.set(xlabel=self.view.depth_label, ylabel=f"typical {self.view.y_label}")
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        scale_for(ax.yaxis, ax.set_yscale, ax.set_ylim, change)
        legend(ax)
        return self
