"""Analyse recordings: relative change, trends of layers, effects of depth.

>>> from tfrwc.dynamics import TrendClusterer, relative_change
>>> relative_change([1.0, -1.0], [1.1, -1.1])  # doctest: +ELLIPSIS
0.1...
"""

from tfrwc.dynamics.depth import depth_effect
from tfrwc.dynamics.freeze import suggest_freeze
from tfrwc.dynamics.measures import MEASURES, relative_change
from tfrwc.dynamics.online import OnlineTrends
from tfrwc.dynamics.trends import TrendClusterer

__all__ = [
    "MEASURES",
    "OnlineTrends",
    "TrendClusterer",
    "depth_effect",
    "relative_change",
    "suggest_freeze",
]
