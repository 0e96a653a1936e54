"""An axis of ratios."""

from collections.abc import Callable

from matplotlib.axis import Axis
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter


def ratios(
    axis: Axis,
    set_scale: Callable[[str], object],
    limits: Callable[[], tuple[float, float]],
) -> None:
    """A logarithmic axis with plain numbers, a few of them whatever its range."""
    set_scale("log")
    low, high = limits()
    if high / low > 100:
        steps: tuple[float, ...] = (1,)
    elif high / low > 3:
        steps = (1, 2, 5)
    else:
        steps = (1, 1.2, 1.5, 2, 3, 4, 5, 6, 7, 8, 9)
    axis.set_major_locator(LogLocator(subs=steps))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())
