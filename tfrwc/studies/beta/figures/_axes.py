"""An axis of β."""

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

PLAIN = FuncFormatter(lambda value, _: f"{value:g}")


def beta_axis(axes: Axes) -> None:
    """Powers of two, written plainly."""
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_locator(LogLocator(base=4))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(PLAIN)
