"""The colours of heat maps, from little to much change: on pages, in notebooks and in
figures of Matplotlib."""

from collections.abc import Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import LogNorm, Normalize, to_hex

from tfrwc.answers.folding import Row
from tfrwc.answers.scales import Scale, scale_of
from tfrwc.answers.view import View, spans_decades

MAP = "viridis"
"""The colour map; no colour vision is needed to order its colours."""

PAINTS = [to_hex(colour) for colour in colormaps[MAP](np.linspace(0, 1, 64))]


def paints_of(views: Sequence[View], shown: Sequence[Row]) -> Scale:
    """The scale of colours: from the least to the most of what rows show, as 0 to 1.

    Args:
        views: of the pictures that share it.
        shown: the rows of all of them.
    """
    values = np.concatenate([np.ravel(view.values) for view in views])
    medians = np.concatenate([row.median for row in shown])
    return scale_of(medians, 0, 1, spans_decades(values))


def paint(value: float, colours: Scale) -> str:
    """The colour of a value that has a place on the scale."""
    share = float(np.clip(colours.share(value), 0, 1))
    return PAINTS[round(share * (len(PAINTS) - 1))]


def norm_of(colours: Scale) -> Normalize:
    """The same scale for Matplotlib, with the colours of `MAP`."""
    kind = LogNorm if colours.log else Normalize
    return kind(colours.low, colours.high)
