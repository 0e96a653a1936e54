"""The pictures of a recording by name: what ``recording.plot`` is."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tfrwc.answers.plot.comparison import ComparisonDisplay
from tfrwc.answers.plot.depth import DepthDisplay
from tfrwc.answers.plot.heat_map import HeatMapDisplay
from tfrwc.answers.plot.layers import LayersDisplay
from tfrwc.answers.plot.trends import TrendsDisplay
from tfrwc.recording.recording import Recording


@dataclass(frozen=True)
class Pictures:
    """Draws a recording.

    Each method takes axes of Matplotlib, or None to make new ones by pyplot, and
    returns a display that keeps its data, ``ax_`` and ``figure_``.

    Args:
        recording: with a record or more.
    """

    recording: Recording

    def heat_map(self, ax: Any = None) -> HeatMapDisplay:
        """Which layers changed, when, and how much, as colours.

        Raises:
            ValueError: if the recording has no records or no layers.
        """
        return HeatMapDisplay.from_recording(self.recording, ax=ax)

    def trends(self, ax: Any = None) -> TrendsDisplay:
        """The shapes of curve that layers share.

        Raises:
            ValueError: if the recording has no records or no layers.
        """
        return TrendsDisplay.from_recording(self.recording, ax=ax)

    def layers(self, names: Iterable[str], ax: Any = None) -> LayersDisplay:
        """The curves of the layers that are named.

        Args:
            names: as in the columns name or path of ``recording.layers``.
            ax: axes of Matplotlib, or None for new ones.

        Raises:
            ValueError: if a layer is not there, or none is named.
        """
        return LayersDisplay.from_recording(self.recording, names, ax=ax)

    def depth(self, ax: Any = None) -> DepthDisplay:
        """Typical change of each layer against its depth.

        Raises:
            ValueError: if the recording has no records or no layers.
        """
        return DepthDisplay.from_recording(self.recording, ax=ax)

    def compare(self, other: Any, ax: Any = None) -> ComparisonDisplay:
        """Typical change of each layer here and in another training.

        Args:
            other: a recording of this network, or a list of several seeds.
            ax: axes of Matplotlib, or None for new ones.

        Raises:
            TypeError: if `other` is neither.
            ValueError: if the layers, schedules or references do not fit.
        """
        return ComparisonDisplay.from_recordings(self.recording, other, ax=ax)
