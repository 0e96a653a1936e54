"""How an arm of the study is named and drawn, wherever it is."""

from typing import Any

from tfrwc.privacy.release.catalogue import style_of
from tfrwc.report.canvas import TREND_COLOURS
from tfrwc.studies.privacy.names import arm_name

__all__ = ["DP_SGD", "PLAIN", "arm_name", "style"]

PLAIN, DP_SGD = "0.25", TREND_COLOURS[1]


def style(arm: dict[str, Any]) -> tuple[str, str]:
    """Colour and marker of an arm."""
    if arm["kind"] == "non-private":
        return PLAIN, "o"
    if arm["kind"] == "dp-sgd":
        return DP_SGD, "o"
    return style_of(arm["mechanism"])
