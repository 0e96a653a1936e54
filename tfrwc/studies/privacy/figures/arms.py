"""How an arm of the study is named and drawn, wherever it is."""

from typing import Any

from tfrwc.report.canvas import TREND_COLOURS
from tfrwc.studies.privacy.findings import epsilon_of, guaranteed

PLAIN, DP_SGD = "0.25", TREND_COLOURS[1]
COLOURS = {
    "PixelLaplace": TREND_COLOURS[0],
    "PixelGaussian": TREND_COLOURS[5],
    "DPPix": TREND_COLOURS[2],
    "RandomizedResponse": TREND_COLOURS[3],
    "DPSVD": TREND_COLOURS[6],
    "ScalarShift": TREND_COLOURS[8],
}
MARKERS = dict(zip(COLOURS, "sDv^P*", strict=True))


def style(arm: dict[str, Any]) -> tuple[str, str]:
    """Colour and marker of an arm."""
    if arm["kind"] == "non-private":
        return PLAIN, "o"
    if arm["kind"] == "dp-sgd":
        return DP_SGD, "o"
    # A mechanism of a user's own is drawn in grey.
    mechanism = arm["mechanism"]
    return COLOURS.get(mechanism, "0.4"), MARKERS.get(mechanism, "X")


def arm_name(arm: dict[str, Any]) -> str:
    """What an arm is called in a legend."""
    if arm["kind"] == "non-private":
        return "no privacy"
    if arm["kind"] == "local-dp":
        return f"images by {arm['name']}"
    if not guaranteed(arm):
        return "clipped, no noise"
    return f"DP-SGD, epsilon {epsilon_of(arm):.3g}"
