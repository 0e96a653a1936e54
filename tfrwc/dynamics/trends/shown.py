"""Trends as a notebook shows them: a sentence and a small table."""

from typing import Any

import numpy as np

from tfrwc._common.html import escaped, table
from tfrwc.recording.names import some_names


def trends_sentence(fitted: Any) -> str:
    """How many trends there are, and of how many layers.

    Args:
        fitted: a `TrendClusterer` that is.
    """
    labels = fitted.labels_
    sizes = [int((labels == trend).sum()) for trend in range(fitted.n_clusters_)]
    none = int((labels == -1).sum())
    if not sizes:
        return f"None of {none} layers shares the shape of its curve with others."
    rest = f"; {none} in none" if none else ""
    return (
        f"{len(labels)} layers fall into {len(sizes)} "
        f"trend{'s' if len(sizes) > 1 else ''} of shape "
        f"({', '.join(map(str, sizes))} layers{rest}), with a stability of "
        f"{fitted.stability_:.2f} (1 is perfect)."
    )


def trends_html(fitted: Any, names: list[str] | None) -> str:
    """A fitted `TrendClusterer`.

    Args:
        fitted: that.
        names: of its layers, if they are known.
    """
    rows = [
        (
            trend + 1,  # as in pictures
            trend,
            int((fitted.labels_ == trend).sum()),
            *(f"{value:.2g}" for value in (center[0], center[-1], center.max())),
            int(np.argmax(center)) + 1,
            *([] if names is None else [_names_of(trend, fitted, names)]),
        )
        for trend, center in enumerate(fitted.centers_)
    ]
    heads = ["trend", "label", "layers", "first", "last", "largest", "at record"]
    if names is not None:
        heads.append("which")
    return f"<p><strong>{escaped(trends_sentence(fitted))}</strong></p>" + table(
        heads, rows
    )


def _names_of(trend: int, fitted: Any, names: list[str]) -> str:
    return some_names([names[i] for i in np.flatnonzero(fitted.labels_ == trend)])
