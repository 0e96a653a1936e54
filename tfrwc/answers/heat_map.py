"""A small heat map as SVG, for notebooks: a row per layer, a column per record."""

import numpy as np
import pandas as pd

from tfrwc._common.html import escaped
from tfrwc.answers.curves import Curves
from tfrwc.answers.folding import columns, rows
from tfrwc.answers.paints import paint, paints_of
from tfrwc.answers.scales import Scale
from tfrwc.answers.view import View
from tfrwc.answers.words import amount, moment
from tfrwc.recording.names import distinct

ROWS, COLUMNS = 24, 40
_HEIGHT, _LEAST, _MOST = 10, 8, 24  # pixels: of a cell, and its least and most width
_WIDTH = 320  # pixels that few records are stretched to
_NAME = 230  # pixels for the names of layers
_STILL = "#bbbbbb"
_MARGIN = 3  # pixels below the last row, for what hangs down of its name


def heat_map(curves: Curves, layers: pd.DataFrame) -> str:
    """The picture; empty where it has no value above zero.

    More layers than fit are folded into blocks, and more records into columns, as on a
    page: a cell is the median.

    Args:
        curves: values by record and layer.
        layers: a row for each layer, in forward order, with its name and path.
    """
    names = list(layers["name"])
    view = View(
        values=curves.values.T,
        layers=layers,
        names=names,
        x=curves.times,
        x_label=curves.clock,
        y_label=curves.measure,
    )
    if not (view.values > 0).any():
        return ""
    of = columns(view, COLUMNS)
    shown = rows(view, of, ROWS)
    colours = paints_of([view], shown)
    medians = np.array([row.median for row in shown])
    positive = medians[medians > 0]
    if not positive.size:
        return ""
    wide = min(max(_WIDTH // len(of.labels), _LEAST), _MOST)
    labels = distinct([row.label for row in shown], 36)
    cells = []
    for y, row in enumerate(shown):
        count = f" ({len(row.members)})" if row.folded else ""
        cells.append(
            f'<text x="{_NAME - 6}" y="{y * _HEIGHT + 9}" text-anchor="end" '
            f'font-size="9" fill="currentColor">{escaped(labels[y] + count)}</text>'
        )
        cells += [
            _cell(x * wide, y, wide, value, colours)
            for x, value in enumerate(row.median.tolist())
        ]
    width = _NAME + len(of.labels) * wide
    height = len(shown) * _HEIGHT + _MARGIN
    first, last = (moment(curves.times[i], curves.clock) for i in (0, -1))
    low, high = (
        amount(end, curves.measure) for end in (positive.min(), positive.max())
    )
    scale = (
        f"{first} to {last}, left to right; dark {low}, bright {high}"
        f"{' (logarithmic)' if colours.log else ''}; grey: no change; blank: no value"
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img" font-family="sans-serif">'
        f"<title>Change of each layer: {escaped(scale)}</title>{''.join(cells)}</svg>"
        f"<p><small>{escaped(scale)}</small></p>"
    )


def _cell(x: int, row: int, wide: int, value: float, colours: Scale) -> str:
    if np.isnan(value):
        return ""
    colour = _STILL if value == 0 else paint(value, colours)
    return (
        f'<rect x="{_NAME + x}" y="{row * _HEIGHT}" width="{wide}" '
        f'height="{_HEIGHT}" fill="{colour}"/>'
    )
