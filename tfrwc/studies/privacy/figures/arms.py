"""How an arm of the study is named and drawn, wherever it is."""

from typing import Any

from tfrwc.privacy.release.catalogue import style_of
from tfrwc.report.canvas import TREND_COLOURS
from tfrwc.studies.privacy.findings import epsilon_of, guaranteed

PLAIN, DP_SGD = "0.25", TREND_COLOURS[1]


def style(arm: dict[str, Any]) -> tuple[str, str]:
    """Colour and marker of an arm."""
    if arm["kind"] == "non-private":
        return PLAIN, "o"
    if arm["kind"] == "dp-sgd":
        return DP_SGD, "o"
    return style_of(arm["mechanism"])


def arm_name(arm: dict[str, Any]) -> str:
    """What an arm is called in a legend."""
    if arm["kind"] == "non-private":
        return "no privacy"
    if arm["kind"] == "local-dp":
        return f"images by {arm['name']}"
    if not guaranteed(arm):
        return "clipped, no noise"
    return f"DP-SGD, epsilon {epsilon_of(arm):.3g}"
