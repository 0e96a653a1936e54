"""What readers of the page call ways of training, releases and classes."""

import math
import re
from typing import Any

from tfrwc._common.plain import number
from tfrwc.privacy.release.catalogue import MECHANISMS

Arm = dict[str, Any]
_UNITS = {"value": " for a value", "image": " for an image", None: ""}
_BUDGET = re.compile(r"[a-z]+?(?:_(value|image))?_(\d+(?:p\d+)?)")


def epsilon_of(arm: Arm) -> float:
    """The epsilon of an arm for one image; infinity where nothing is guaranteed."""
    return number(arm["epsilon"])


def guaranteed(arm: Arm) -> bool:
    """Whether there is a finite epsilon for an image."""
    return math.isfinite(epsilon_of(arm))


def mechanism_name(mechanism: str) -> str:
    """Of the class of a mechanism; without a title it is called as its class."""
    return _title(mechanism) or mechanism


def release_name(budget: str, mechanism: str | None = None) -> str:
    """Of a standard mechanism with its budget.

    Args:
        budget: its name, such as "laplace_value_4".
        mechanism: name of its class; None to look it up.
    """
    owner = mechanism or _owner(budget)
    match = _BUDGET.fullmatch(budget)
    if owner is None or _title(owner) is None or match is None:
        return budget.replace("_", " ")
    unit, size = match[1], match[2].replace("p", ".")
    if size.isdecimal():
        size = f"{int(size):,}"
    number = MECHANISMS[owner].number
    return f"{mechanism_name(owner)}, {number} {size}{_UNITS[unit]}"


def arm_name(arm: Arm) -> str:
    """What a way of training is called."""
    if arm["kind"] == "non-private":
        return "no privacy"
    if arm["kind"] == "local-dp":
        return f"images with {release_name(arm['name'], arm.get('mechanism'))}"
    if not guaranteed(arm):
        return "gradients clipped, no noise"
    return f"DP-SGD, epsilon {epsilon_of(arm):.3g}"


def class_name(name: str) -> str:
    """Of a class of images."""
    return name.lower() if name.isupper() else name


def _title(mechanism: str) -> str | None:
    return MECHANISMS[mechanism].title if mechanism in MECHANISMS else None


def _owner(budget: str) -> str | None:
    owners = (name for name, item in MECHANISMS.items() if budget in item.budgets)
    return next(owners, None)
