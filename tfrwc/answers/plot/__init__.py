"""Pictures of recordings, in scikit-learn's convention of displays.

>>> display = recording.plot.heat_map()  # doctest: +SKIP
>>> display.ax_.set_title("my network")  # doctest: +SKIP
>>> display.figure_.savefig("change.png")  # doctest: +SKIP

Trends and conditions are told apart by style of line, marker and label besides their
colours, which are Okabe and Ito's. Up to 40 layers are shown one by one; of more,
blocks of neighbours by their median and the quantiles 0.1 and 0.9.
"""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from tfrwc.answers.plot.comparison import ComparisonDisplay
    from tfrwc.answers.plot.depth import DepthDisplay
    from tfrwc.answers.plot.heat_map import HeatMapDisplay
    from tfrwc.answers.plot.layers import LayersDisplay
    from tfrwc.answers.plot.pictures import Pictures
    from tfrwc.answers.plot.trends import TrendsDisplay

__all__ = [
    "ComparisonDisplay",
    "DepthDisplay",
    "HeatMapDisplay",
    "LayersDisplay",
    "Pictures",
    "TrendsDisplay",
]

__getattr__, __dir__, _ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "comparison": ["ComparisonDisplay"],
        "depth": ["DepthDisplay"],
        "heat_map": ["HeatMapDisplay"],
        "layers": ["LayersDisplay"],
        "pictures": ["Pictures"],
        "trends": ["TrendsDisplay"],
    },
)
