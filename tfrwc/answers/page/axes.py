"""The frame of a picture: axes with numbers and units, and where zeros stand."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from markupsafe import Markup

from tfrwc.answers.page.svg import CHARACTER, Figure, fitted, group, tag
from tfrwc.answers.scales import Scale, scale_of, tick_text
from tfrwc.dynamics.arrays import Floats

_MOST_ZEROS = 60  # more triangles would lie on each other
_GAP = 6  # pixels between an axis and its numbers
_ZEROS = 14  # pixels below a scale of logarithms where zeros stand


@dataclass(frozen=True)
class Frame:
    """Where a picture is drawn, with a scale for each direction.

    Attributes:
        x, y: scales; that of y runs upward.
        x_label, y_label: what is on them, with units.
        zeros: pixels of the line on which zeros stand where y is of logarithms.
        width: of the picture, in pixels.
    """

    x: Scale
    y: Scale
    x_label: str
    y_label: str
    zeros: float
    width: float

    def down(self, values: npt.ArrayLike) -> Floats:
        """Vertical places of values; NaN for none, and for zeros among logarithms."""
        return self.y(values)

    def axes(self) -> Markup:
        """The axes."""
        return group([self._horizontal(), self._vertical()], class_="axis")

    def zeros_at(self, x: Floats, values: Floats, what: str, **looks: object) -> Markup:
        """Triangles for the values that are exactly 0, where y is of logarithms."""
        if not self.y.log:
            return Markup("")
        zero = np.flatnonzero(values == 0)
        chosen = zero[:: -(-len(zero) // _MOST_ZEROS) or 1]
        marks = [
            tag(
                "path",
                title=f"{what}, {self.x_label} {place:.0f}: exactly 0",
                d=f"M{at - 4:.1f} {self.zeros - 4:.1f}h8l-4 7z",
                **looks,  # type: ignore[arg-type]
            )
            for at, place in zip(self.x(x[chosen]), x[chosen].tolist(), strict=True)
        ]
        return group(marks, class_="zero") if marks else Markup("")

    def _horizontal(self) -> Markup:
        bottom = max(self.y.start, self.zeros)
        width = self.x.end - self.x.start
        ticks = whole(self.x, max(2, int(width / 60)))
        marks = [tag("path", d=f"M{self.x.start:.1f} {bottom:.1f}h{width:.1f}")]
        for tick in ticks:
            at = float(self.x(tick))
            marks.append(tag("path", d=f"M{at:.1f} {bottom:.1f}v4"))
            marks.append(beneath(tick_text(tick), at, bottom + 16, self.width))
        middle = (self.x.start + self.x.end) / 2
        marks.append(
            tag(
                "text", text=self.x_label, x=middle, y=bottom + 32, text_anchor="middle"
            )
        )
        return group(marks)

    def _vertical(self) -> Markup:
        marks = []
        for tick in _upward_ticks(self.y):
            at = float(self.y(tick))
            marks.append(
                tag(
                    "path",
                    d=f"M{self.x.start:.1f} {at:.1f}H{self.x.end:.1f}",
                    class_="grid",
                )
            )
            marks.append(
                tag(
                    "text",
                    text=tick_text(tick),
                    x=self.x.start - _GAP,
                    y=at + 4,
                    text_anchor="end",
                )
            )
        if self.zeros > self.y.start:
            marks.append(
                tag(
                    "text",
                    text="0",
                    x=self.x.start - _GAP,
                    y=self.zeros + 4,
                    text_anchor="end",
                )
            )
        room = self.x.end + 20
        marks.append(
            tag("text", text=fitted(self.y_label, room), x=2, y=self.y.end - 12)
        )
        return group(marks)


def frame(
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    box: tuple[float, float, float, float],
    labels: tuple[str, str],
    width: float,
    log_x: bool | None = False,
    log_y: bool | None = None,
) -> Frame:
    """A frame that holds all values.

    Args:
        x, y: values, of any shape.
        box: left, top, right and bottom of what lies between the axes, in pixels; the
            left is further in where numbers need it.
        labels: of the axes.
        width: of the picture, in pixels.
        log_x, log_y: None takes logarithms where the values span decades.
    """
    left, top, right, bottom = box
    y = np.asarray(y, np.float64)
    upward = scale_of(y, bottom, top, log_y)
    with_zeros = upward.log and (y == 0).any()
    if with_zeros:
        upward = scale_of(y, bottom - _ZEROS, top, log_y)
    numbers = [width_of(tick_text(tick)) for tick in _upward_ticks(upward)]
    left = max([left, *(number + _GAP for number in numbers)])
    across = scale_of(x, left, right, log_x)
    if not across.log:
        values = np.asarray(x, np.float64)
        low, high = float(np.nanmin(values)), float(np.nanmax(values))
        room = 0.02 * (high - low) or 0.5
        across = Scale(low - room, high + room, left, right, False)
    zeros = bottom if with_zeros else upward.start
    return Frame(across, upward, *labels, zeros, width)


def ends(values: npt.ArrayLike) -> Floats:
    """What an axis must reach to hold values: the least, also above 0, and the most."""
    values = np.asarray(values, np.float64)
    values = values[np.isfinite(values)]
    if not values.size:
        return values
    above = values[values > 0]
    return np.array([values.min(), above.min(initial=np.inf), values.max()])[
        [True, above.size > 0, True]
    ]


def nothing(id: str, title: str, finding: str, width: float) -> Figure:
    """A picture of a recording without any value: that there is none."""
    said = "No layer has a value in any record."
    words = tag("text", text=said, x=width / 2, y=24, text_anchor="middle")
    return Figure(id, words, width, 40, title, finding, "")


def beneath(text: str, at: float, y: float, width: float) -> Markup:
    """A label in the middle below its place, or as near to that as a picture has room.

    Args:
        text: of the label.
        at: its place, in pixels from the left.
        y: of its foot.
        width: of the picture, in pixels.
    """
    half = width_of(text) / 2
    middle = min(max(at, half), width - half)
    return tag("text", text=text, x=middle, y=y, text_anchor="middle")


def _upward_ticks(scale: Scale) -> list[float]:
    return scale.ticks(max(2, int((scale.start - scale.end) / 40)))


def whole(scale: Scale, most: int) -> list[float]:
    """Whole numbers on a scale, such as epochs, at most so many.

    They are round where two or more are.
    """
    even = [tick for tick in scale.ticks(most) if abs(tick - round(tick)) < 1e-9]
    if len(even) > 1:
        return even
    first, last = math.ceil(scale.low - 1e-9), math.floor(scale.high + 1e-9)
    step = -(-(last - first) // (most - 1)) or 1
    return [float(number) for number in range(first, last + 1, step)]


def width_of(text: str) -> float:
    """About how wide a label is, in pixels."""
    return len(text) * CHARACTER
