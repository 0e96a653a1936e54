"""The curves of some layers."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np

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
from tfrwc.recording.names import shortened
from tfrwc.recording.recording import Recording
from tfrwc.report.canvas import labels, trend_colour


@dataclass(eq=False, repr=False)
class LayersDisplay(Drawn):
    """View of chosen layers, each with a colour, a style of line and its name.

    Args:
        view: of a recording.
        chosen: numbers of the layers, int64 (chosen layers,).

    Attributes:
        values: float64 (chosen layers, records).
        ax_, figure_: of Matplotlib, after `plot`.
    """

    view: View
    chosen: Ints

    def __repr__(self) -> str:
        return f"LayersDisplay of {len(self.chosen)} layers"

    @property
    def values(self) -> Floats:
        """What is drawn, float64 (chosen layers, records)."""
        return np.asarray(self.view.values[self.chosen])

    @classmethod
    def from_recording(
        cls, recording: Recording, names: Iterable[str], ax: Any = None
    ) -> "LayersDisplay":
        """Draw some layers of a recording.

        Args:
            recording: with a record or more; its first measure is drawn.
            names: of layers, as in the columns name or path of ``recording.layers``.
            ax: axes of Matplotlib, or None for new ones.

        Raises:
            ValueError: if a layer is not there, or none is named.
        """
        of = view_of(recording)
        return cls(of, numbers_of(of, names)).plot(ax)

    def plot(self, ax: Any = None) -> "LayersDisplay":
        """Draw them on `ax`, or on new axes."""
        ax = given_or_new(ax, 8, 4.5)
        self.ax_, self.figure_ = ax, ax.figure
        log = spans_decades(self.values)
        names = labels([self.view.names[i] for i in self.chosen], 40)
        for place, values in enumerate(self.values):
            curve(
                ax,
                self.view.x,
                values,
                log,
                color=trend_colour(place),
                linestyle=STYLES[(place + place // 10) % len(STYLES)],
                label=names[place],
            )
        over_records(ax, self.view, self.values)
        say_zeros(ax, self.values)
        legend(ax, 2 if len(self.chosen) <= 20 else 4)
        return self


def numbers_of(of: View, names: Iterable[str]) -> Ints:
    """The numbers of the layers that are named.

    A layer's variable may be left out where that leaves one: ``dense`` for
    ``dense/kernel``.

    Raises:
        ValueError: if a name is of no layer, or of several, or there is none.
    """
    wanted = [names] if isinstance(names, str) else list(names)
    if not wanted:
        raise ValueError("layers takes the names of one layer or more. Received none.")
    table = of.layers
    known: dict[str, set[int]] = {}
    for i, of_one in enumerate(
        zip(of.names, table["name"], table["path"], strict=True)
    ):
        for name in {*of_one, *(each.rpartition("/")[0] for each in of_one)} - {""}:
            known.setdefault(name, set()).add(i)
    numbers: list[int] = []
    for name in wanted:
        found = known.get(name, set())
        if len(found) != 1:
            raise ValueError(_not_one(str(name), sorted(found), of, list(known)))
        numbers += found
    return np.array(numbers)


def _not_one(name: str, found: list[int], of: View, known: list[str]) -> str:
    if found:
        some = ", ".join(shortened(of.names[i]) for i in found[:5])
        what, remedy = f"{len(found)} layers have this name", f"Choose from: {some}."
    else:
        near = get_close_matches(name, known, n=3, cutoff=0.3) or of.names[:3]
        what = "there is no such layer"
        remedy = f"Did you mean {', '.join(shortened(each) for each in near)}?"
    return (
        "layers takes names as in the columns name or path of recording.layers. "
        f"Received: {shortened(name)!r}, and {what}. {remedy}"
    )
