"""Trends per kind of layer, as the WeightScale study has them for EfficientNet.

>>> from tfrwc import load_recording
>>> recording = load_recording("run.parquet")  # doctest: +SKIP
>>> fitted = trends_by_kind(recording)  # doctest: +SKIP
>>> fitted["depthwise"].labels_  # doctest: +SKIP
"""

import re
import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tfrwc.dynamics.trends import TrendClusterer
from tfrwc.recording.recording import Recording

# The preset weightscale drops two, and clusters need two.
_FEWEST = 4


def trends_by_kind(
    curves: Recording | npt.ArrayLike, kinds: Any = None, **settings: Any
) -> dict[str, TrendClusterer]:
    """Cluster the layers of each kind by themselves (arXiv:2107.07005).

    Args:
        curves: a `Recording`, or relative change (layers, records).
        kinds: the kind of each layer (layers,); None takes `conv_kinds` of a
            recording's layers.
        settings: of `TrendClusterer`.

    Returns:
        A fitted `TrendClusterer` per kind, in order of first appearance. Its labels
        are of the layers of that kind, in their order.

    Warns:
        UserWarning: naming the kinds left out because fewer than 4 of their layers
            have values.

    Raises:
        ValueError: if the kinds are not one per layer, or all are left out.
    """
    if isinstance(curves, Recording):
        kinds = conv_kinds(curves.layers) if kinds is None else kinds
        curves = curves.values().T
    elif kinds is None:
        raise ValueError(
            "trends_by_kind needs the kind of each layer with plain curves. Received: "
            "kinds=None. Pass a recording, or one kind per row."
        )
    rows, kinds = np.asarray(curves, np.float64), np.asarray(kinds, object)
    if rows.ndim != 2 or kinds.shape != rows.shape[:1]:
        raise ValueError(
            "kinds must hold one kind per layer, curves be (layers, records). "
            f"Received: kinds of shape {kinds.shape}, curves of {rows.shape}."
        )
    fitted, left_out = {}, []
    for kind in dict.fromkeys(kinds):
        part = rows[kinds == kind]
        with_values = int((np.isfinite(part) & (part != 0)).any(axis=1).sum())
        if with_values < _FEWEST:
            left_out.append(f"{kind} ({with_values} of {len(part)})")
        else:
            fitted[kind] = TrendClusterer(**settings).fit(part)
    message = (
        f"trends need {_FEWEST} or more layers of a kind that have values; left out, "
        f"with their number of these: {', '.join(left_out)}"
    )
    if not fitted:
        raise ValueError(f"No kind has enough layers: {message}.")
    if left_out:
        warnings.warn(message, UserWarning, stacklevel=2)
    return fitted


def conv_kinds(layers: pd.DataFrame) -> pd.Series:
    """Kinds of layers that tell EfficientNet's four convolutions apart.

    ``squeeze_excite`` by name (``se_reduce``, ``squeeze``, ``excite``);
    ``depthwise`` by class; ``pointwise_expand`` and ``pointwise_project`` by name, or
    by whether a 1x1 convolution inside the network has more outputs than inputs. All
    others, stem and top among them, keep their class.

    Args:
        layers: a recording's table, with the columns name, kind, shape.

    Returns:
        A kind per layer, with the index of `layers`.
    """
    rows = zip(layers["name"], layers["kind"], layers["shape"], strict=True)
    return pd.Series(
        [
            _conv_kind(str(name).lower(), kind, tuple(shape))
            for name, kind, shape in rows
        ],
        index=layers.index,
        name="kind",
        dtype=object,
    )


def _conv_kind(name: str, kind: str, shape: tuple[int, ...]) -> str:
    if "conv" not in kind.lower():
        return kind
    if re.search(r"(^|[_/])se[_/]|squeeze|excit", name):
        return "squeeze_excite"
    if "depthwise" in kind.lower():
        return "depthwise"
    if re.search(r"(^|[_/])(stem|top)[_/]", name):
        return kind
    if "project" in name:
        return "pointwise_project"
    if "expand" in name:
        return "pointwise_expand"
    if len(shape) == 4 and shape[:2] == (1, 1):
        return "pointwise_expand" if shape[3] > shape[2] else "pointwise_project"
    return kind
