"""Which layers changed, when, and how much, as colours."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm, Normalize
from matplotlib.patches import Patch
from matplotlib.ticker import LogLocator, MaxNLocator

from tfrwc.answers.folding import Row, columns, rows, spread_of
from tfrwc.answers.paints import MAP, norm_of, paints_of
from tfrwc.answers.plot._axes import Drawn, given_or_new
from tfrwc.answers.scales import Scale, tick_text
from tfrwc.answers.view import View, view_of
from tfrwc.dynamics.arrays import Floats
from tfrwc.recording.recording import Recording
from tfrwc.report.canvas import labels

_COLUMNS = 1500  # more would not be seen
_NONE, _ZERO = "0.92", 0.62  # greys


@dataclass(eq=False, repr=False)
class HeatMapDisplay(Drawn):
    """Relative change by layer (rows, the first on top) and record (columns).

    Bright is much change. Grey is a change of exactly 0, hatched is no value. Where
    rows are blocks of layers, the strip on the right has their spread: the median of
    the block, and the quantiles 0.1 and 0.9 of the values of its layers.

    Args:
        view: of a recording.
        rows: layers or blocks of them, with a value for each column.

    Attributes:
        values: float64 (rows, columns).
        ax_, figure_: of Matplotlib, after `plot`.
    """

    view: View
    rows: list[Row]

    @property
    def values(self) -> Floats:
        """What the colours say, float64 (rows, columns)."""
        return np.array([row.median for row in self.rows])

    @classmethod
    def from_recording(cls, recording: Recording, ax: Any = None) -> "HeatMapDisplay":
        """Draw a recording.

        Args:
            recording: with a record or more; its first measure is drawn.
            ax: axes of Matplotlib, or None for new ones.

        Raises:
            ValueError: if the recording has no records or no layers.
        """
        return cls.from_view(view_of(recording), ax)

    @classmethod
    def from_view(cls, view: View, ax: Any = None) -> "HeatMapDisplay":
        """Draw values with their names and units, as studies have them.

        Args:
            view: of any values by layer and record.
            ax: axes of Matplotlib, or None for new ones.
        """
        return cls(view, rows(view, columns(view, _COLUMNS))).plot(ax)

    def plot(self, ax: Any = None) -> "HeatMapDisplay":
        """Draw it on `ax`, or on new axes."""
        ax = given_or_new(ax, 9, 1.6 + 0.2 * max(len(self.rows), 6))
        self.ax_, self.figure_ = ax, ax.figure
        x, values = self.view.x, self.values
        scale = paints_of([self.view], self.rows)
        norm = norm_of(scale)
        half = 0.5 * (x[-1] - x[0]) / max(len(x) - 1, 1) or 0.5
        extent = (x[0] - half, x[-1] + half, len(values) - 0.5, -0.5)
        ax.set_facecolor(_NONE)
        ax.patch.set(hatch="////", edgecolor="0.65")
        looks = {"aspect": "auto", "extent": extent, "interpolation": "nearest"}
        painted = ScalarMappable(norm, MAP).to_rgba(np.ma.masked_invalid(values))
        painted[values == 0, :3] = _ZERO
        painted[np.isnan(values), 3] = 0
        ax.imshow(painted, **looks)
        ax.set_xlabel(self.view.x_label)
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        names = labels([row.label for row in self.rows], 40)
        ax.set_yticks(range(len(names)), names, fontsize=8)
        self._legends(scale, bool((values > 0).any()))
        if any(row.folded for row in self.rows):
            self._spread(norm)
        return self

    def _legends(self, scale: Scale, any_change: bool) -> None:
        if any_change:
            bar = self.figure_.colorbar(
                ScalarMappable(norm_of(scale), MAP),
                ax=self.ax_,
                location="bottom",
                label=self.view.y_label,
                fraction=0.06,
                aspect=50,
            )
            ticks = scale.ticks(6)
            bar.minorticks_off()
            bar.set_ticks(ticks, labels=[*map(tick_text, ticks)])
        handles = []
        if (self.values == 0).any():
            handles.append(Patch(facecolor=str(_ZERO), label="exactly 0"))
        if np.isnan(self.values).any():
            handles.append(
                Patch(facecolor=_NONE, edgecolor="0.65", hatch="////", label="no value")
            )
        if handles:
            self.ax_.legend(
                handles=handles,
                loc="lower left",
                bbox_to_anchor=(0, 1),
                ncols=2,
                frameon=False,
                fontsize=8,
            )

    def _spread(self, norm: Normalize) -> None:
        """Median and spread of each block, right of its row."""
        beside = self.ax_.inset_axes([1.05, 0, 0.2, 1])
        beside.set_ylim(self.ax_.get_ylim())
        beside.set_yticks([])
        if isinstance(norm, LogNorm):
            beside.set_xscale("log")
            beside.xaxis.set_major_locator(LogLocator(numticks=3))
        for place, row in enumerate(self.rows):
            spread = spread_of(self.view, row, isinstance(norm, LogNorm))
            if spread is not None:
                low, middle, high = spread
                beside.plot([low, high], [place, place], color="0.55", linewidth=2)
                beside.plot(middle, place, "o", color="0.15", markersize=3.5)
        beside.set_title("median, and\n10 to 90 % of\na block", fontsize=7)
        beside.tick_params(labelsize=7)
        beside.spines[["top", "right"]].set_visible(False)
