"""A small heat map as SVG, for notebooks: a row per layer, a column per record."""

import numpy as np

from tfrwc._common.html import escaped
from tfrwc.answers.curves import Curves
from tfrwc.answers.words import amount, moment
from tfrwc.dynamics.arrays import Floats
from tfrwc.recording.names import distinct

ROWS, COLUMNS = 24, 40
_HEIGHT, _LEAST, _MOST = 10, 8, 24  # pixels: of a cell, and its least and most width
_WIDTH = 320  # pixels that few records are stretched to
_NAME = 230  # pixels for the names of layers
_STILL = "#bbbbbb"
_MARGIN = 3  # pixels below the last row, for what hangs down of its name
# Viridis at nine places: even to the eye, and told apart with any colour vision.
_COLOURS = "440154 472d7b 3b528b 2c728e 21918c 28ae80 5ec962 addc30 fde725"
_ANCHORS = np.frombuffer(bytes.fromhex(_COLOURS), np.uint8).reshape(-1, 3)


def heat_map(curves: Curves, names: list[str]) -> str:
    """The picture; empty where there is no value above zero.

    Of more layers or records than fit, neighbours are drawn as one cell, by the largest
    of their values.

    Args:
        curves: values by record and layer.
        names: of the layers, in forward order.
    """
    values = np.where(np.isfinite(curves.values), curves.values, np.nan)
    positive = values[values > 0]
    if not positive.size:
        return ""
    low, high = positive.min(), positive.max()
    layers = np.array_split(np.arange(values.shape[1]), min(ROWS, values.shape[1]))
    records = np.array_split(np.arange(len(values)), min(COLUMNS, len(values)))
    wide = min(max(_WIDTH // len(records), _LEAST), _MOST)
    labels = distinct([names[rows[0]] for rows in layers], 36)
    cells = []
    for y, rows in enumerate(layers):
        more = "" if len(rows) == 1 else f" and {len(rows) - 1} more"
        cells.append(
            f'<text x="{_NAME - 6}" y="{y * _HEIGHT + 9}" text-anchor="end" '
            f'font-size="9" fill="currentColor">{escaped(labels[y] + more)}</text>'
        )
        cells += [
            _cell(x * wide, y, wide, largest(values[np.ix_(columns, rows)]), low, high)
            for x, columns in enumerate(records)
        ]
    width = _NAME + len(records) * wide
    height = len(layers) * _HEIGHT + _MARGIN
    first, last = (moment(curves.times[i], curves.clock) for i in (0, -1))
    scale = (
        f"{first} to {last}, left to right; dark {amount(low, curves.measure)}, bright "
        f"{amount(high, curves.measure)} (logarithmic); "
        "grey: no change; blank: no value"
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img" font-family="sans-serif">'
        f"<title>Change of each layer: {escaped(scale)}</title>{''.join(cells)}</svg>"
        f"<p><small>{escaped(scale)}</small></p>"
    )


def largest(values: Floats) -> float:
    """The largest of some values; NaN where all are."""
    finite = values[np.isfinite(values)]
    return float(finite.max()) if finite.size else np.nan


def _cell(x: int, row: int, wide: int, value: float, low: float, high: float) -> str:
    if np.isnan(value):
        return ""
    colour = _STILL
    if value > 0:
        place = np.log(value / low) / np.log(high / low) if high > low else 0.5
        colour = _colour(float(place))
    return (
        f'<rect x="{_NAME + x}" y="{row * _HEIGHT}" width="{wide}" '
        f'height="{_HEIGHT}" fill="{colour}"/>'
    )


def _colour(place: float) -> str:
    """The colour at a place from 0, dark, to 1, bright."""
    at = place * (len(_ANCHORS) - 1)
    parts = [np.interp(at, range(len(_ANCHORS)), _ANCHORS[:, i]) for i in range(3)]
    return "#" + "".join(f"{round(part):02x}" for part in parts)
