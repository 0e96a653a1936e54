"""Amounts, times and lists of names, as people say them.

>>> percent(0.314), percent(0.00021), percent(12.5)
('31 %', '0.021 %', '1,250 %')
>>> listed(["a", "b", "c"])
'a, b and c'
"""

import math
from collections.abc import Sequence

from tfrwc.recording.measures import REGISTRY


def percent(share: float) -> str:
    """A share in percent, with two digits or more."""
    return f"{_plain(100 * share)} %"


def times(ratio: float) -> str:
    """A ratio, such as "2.1 times"."""
    return f"{_plain(ratio)} times"


def amount(value: float, measure: str, whole: bool = False) -> str:
    """A value of a measure.

    Args:
        value: finite.
        measure: of which it is; one that is not registered here is told as a number.
        whole: whether to say what it is a share of.
    """
    share_of = REGISTRY[measure].share_of if measure in REGISTRY else None
    if share_of is None:
        return f"{value:.2g} by {measure}" if whole else f"{value:.2g}"
    return f"{percent(value)} {share_of}" if whole else percent(value)


def moment(time: float, clock: str) -> str:
    """A moment, such as "epoch 3" or "step 1,200"."""
    return f"{clock} {time:,.0f}"


def listed(words: Sequence[str], most: int = 3) -> str:
    """The first few words of a list, and how many more there are."""
    if len(words) > most + 1:  # "and 1 more" is no shorter than its name
        return f"{', '.join(words[:most])} and {len(words) - most} more"
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def plural(count: int, word: str) -> str:
    """A number with its word: "1 layer", "2 layers"."""
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def number(value: float) -> str:
    """A number, such as a loss, with three digits or more."""
    return f"{value:,.0f}" if 999.5 <= abs(value) < 1e6 else f"{value:.3g}"


def _plain(value: float) -> str:
    if value == 0:
        return "0"
    if abs(value) < 1e-3:
        return f"{value:.2g}"
    if abs(value) >= 1e6:
        return f"{value:.1e}"
    # Rounded first, since 9.96 has two digits before the point once it is.
    digits = 1 - math.floor(math.log10(abs(float(f"{value:.1e}"))))
    return f"{value:,.{max(digits, 0)}f}"
