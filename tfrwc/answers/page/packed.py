"""Values of all layers, packed for the script of the page, which opens blocks by them.

A value is one number of 16 bits: 0 for none, 1 for exactly 0, else its place between
the lowest and the highest, on a scale of logarithms where values span decades. So it is
right to three digits or better.
"""

import base64
import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from tfrwc.answers.folding import columns
from tfrwc.answers.page.svg import isolated
from tfrwc.answers.scales import Scale, scale_of
from tfrwc.answers.view import View
from tfrwc.dynamics.arrays import Floats

VALUES = 1_000_000
"""At most so many on a page; of more, neighbouring records share a column."""

_STEPS = 65_533


def packed(views: Sequence[View], paints: Sequence[Scale]) -> list[dict[str, Any]]:
    """What the script needs of each condition, as JSON has it.

    Args:
        views: of the conditions.
        paints: scales of colours of their heat maps.

    Returns:
        For each: names (layers), labels (columns), first, the number of records in the
        widest column, low, high, log (of the scale of values), dark, bright (the
        ends of the colours), and values, base 64 of little-endian 16 bits
        (layers, columns).
    """
    return [
        _packed(view, of, VALUES // len(views))
        for view, of in zip(views, paints, strict=True)
    ]


def _packed(view: View, paint: Scale, most: int) -> dict[str, Any]:
    of = columns(view, max(1, most // len(view.names)))
    values = _medians(view.values, of.edges) if of.most > 1 else view.values
    scale = scale_of(view.values, 0, 1)
    share = scale.share(values)
    codes = np.where(np.isnan(share), 0, 2 + np.nan_to_num(share) * _STEPS)
    if scale.log:
        codes[values == 0] = 1
    whole = codes.round().astype("<u2")
    return {
        "names": [isolated(name) for name in view.names],
        "labels": of.labels,
        "widest": of.most,
        "low": scale.low,
        "high": scale.high,
        "log": scale.log,
        "dark": paint.low,
        "bright": paint.high,
        "values": base64.b64encode(whole.tobytes()).decode(),
    }


def _medians(values: Floats, edges: np.ndarray) -> Floats:
    found = np.full((len(values), len(edges) - 1), np.nan)
    for i, (start, stop) in enumerate(itertools.pairwise(edges)):
        part = values[:, start:stop]
        seen = np.isfinite(part).any(axis=1)
        found[seen, i] = np.nanmedian(part[seen], axis=1)
    return found
