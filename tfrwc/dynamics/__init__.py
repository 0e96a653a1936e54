"""Analyse recordings: relative change, trends of layers, effects of depth,
comparisons of tasks.

>>> from tfrwc.dynamics import TrendClusterer, relative_change
>>> relative_change([1.0, -1.0], [1.1, -1.1])  # doctest: +ELLIPSIS
0.1...
"""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from tfrwc.dynamics.comparison import Comparison, compare
    from tfrwc.dynamics.depth import block_effect, depth_effect
    from tfrwc.dynamics.diagnosis import diagnose
    from tfrwc.dynamics.difficulty import difficulty_trend
    from tfrwc.dynamics.freeze import suggest_freeze
    from tfrwc.dynamics.kinds import conv_kinds, trends_by_kind
    from tfrwc.dynamics.measures import MEASURES, relative_change
    from tfrwc.dynamics.online import OnlineTrends
    from tfrwc.dynamics.trends import TrendClusterer

__all__ = [
    "MEASURES",
    "Comparison",
    "OnlineTrends",
    "TrendClusterer",
    "block_effect",
    "compare",
    "conv_kinds",
    "depth_effect",
    "diagnose",
    "difficulty_trend",
    "relative_change",
    "suggest_freeze",
    "trends_by_kind",
]

__getattr__, __dir__, _ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "comparison": ["Comparison", "compare"],
        "depth": ["block_effect", "depth_effect"],
        "diagnosis": ["diagnose"],
        "difficulty": ["difficulty_trend"],
        "freeze": ["suggest_freeze"],
        "kinds": ["conv_kinds", "trends_by_kind"],
        "measures": ["MEASURES", "relative_change"],
        "online": ["OnlineTrends"],
        "trends": ["TrendClusterer"],
    },
)
