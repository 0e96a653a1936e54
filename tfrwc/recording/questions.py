"""What a recording can be asked: questions that rooms above this one answer.

>>> print(recording.summary())  # doctest: +SKIP
>>> recording.plot.heat_map()  # doctest: +SKIP
>>> recording.report("report.html")  # doctest: +SKIP
>>> print(recording.compare(other))  # doctest: +SKIP

The classes of this file say what the answers have; see `tfrwc.answers` for them.
"""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pandas as pd

from tfrwc._common import doors

if TYPE_CHECKING:
    from tfrwc.recording.recording import Recording


class Answer(Protocol):
    """What a question about layers is answered by.

    It prints as its sentences and a short table, in a notebook too.
    """

    @property
    def table(self) -> pd.DataFrame:
        """A row per watched tensor, those that matter most first."""

    @property
    def sentence(self) -> str:
        """The answer, in one to three sentences that name layers."""

    @property
    def uncertain(self) -> list[str]:
        """What cannot be told from what was recorded, a sentence each."""


class Display(Protocol):
    """A picture in scikit-learn's convention: it keeps its axes and its figure."""

    ax_: Any
    figure_: Any

    def plot(self, ax: Any = None) -> "Display":
        """Draw it again, on axes of Matplotlib or on new ones."""


class Plot(Protocol):
    """Pictures of a recording; `ax` are axes of Matplotlib, or None for new ones."""

    def heat_map(self, ax: Any = None) -> Display:
        """Change by layer and record, as colours."""

    def trends(self, ax: Any = None) -> Display:
        """The shapes of curve that layers share."""

    def layers(self, names: Iterable[str], ax: Any = None) -> Display:
        """The curves of these layers."""

    def depth(self, ax: Any = None) -> Display:
        """Typical change of each layer against its depth."""

    def compare(self, other: "Recording", ax: Any = None) -> Display:
        """Typical change of each layer here and in another recording."""


class Questions:
    """The questions; `tfrwc.Recording` has them."""

    def summary(self) -> Answer:
        """Which layers learn, when, and how much.

        Returns:
            A `tfrwc.answers.Summary`: ``table``, a DataFrame ranked by change;
            ``sentence``; and ``uncertain``, what cannot be told.
        """
        answer: Answer = doors.behind("summary")(self)
        return answer

    def compare(self, other: "Recording | Iterable[Recording]") -> Answer:
        """Which layers change more in another training of this network, how much.

        Args:
            other: a recording, or several of one training with different seeds.

        Returns:
            A `tfrwc.answers.Difference`: ``table``, a DataFrame with the largest
            differences first; ``sentence``; and ``uncertain``.

        Raises:
            TypeError: if `other` is neither.
            ValueError: if layers, schedules or references do not fit, or there are no
                records.
        """
        answer: Answer = doors.behind("compare")(self, other)
        return answer

    @property
    def plot(self) -> Plot:
        """Pictures of this recording, such as ``recording.plot.heat_map()``."""
        plot: Plot = doors.behind("plot")(self)
        return plot

    def report(
        self,
        path: str | os.PathLike[str],
        against: "Recording | Iterable[Recording]" = (),
    ) -> Path:
        """Write a page about this recording: one HTML file that needs no other.

        Args:
            path: of the file, in the place of any that is there.
            against: recordings to hold it against.

        Returns:
            The path of the file.

        Raises:
            ValueError: if `path` is not a local path, or a recording has no records.
            OSError: if the file cannot be written.
        """
        written: Path = doors.behind("report")(self, path, against)
        return written

    def _repr_html_(self) -> str:
        page: str = doors.behind("html")(self)
        return page
