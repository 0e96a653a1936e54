"""Align the layers of recordings of one network on several tasks.

Automatic names differ from build to build, so layers are aligned by order and shape.
"""

from itertools import zip_longest
from typing import Any

import numpy as np
import pandas as pd

from tfrwc.dynamics.arrays import Bools
from tfrwc.dynamics.depth import check_recordings, check_settings
from tfrwc.recording.names import display_names, shortened
from tfrwc.recording.recording import Recording


def check_conditions(conditions: Any) -> dict[str, list[Recording]]:
    """`conditions`, with a list of recordings for each.

    Raises:
        TypeError: if it is no dict of recordings.
        ValueError: for fewer than 2 conditions, or recordings that have no records or
            were made with different schedules or references.
    """
    if not isinstance(conditions, dict):
        raise TypeError(
            "compare takes a dict of condition to recordings. Received: "
            f"{type(conditions).__name__}."
        )
    if len(conditions) < 2:
        raise ValueError(
            f"compare needs 2 or more conditions. Received: {list(conditions)}."
        )
    checked: dict[str, list[Recording]] = {
        name: check_recordings(seeds, f"compare (condition {name!r})")
        for name, seeds in conditions.items()
    }
    everything = [(name, r) for name, seeds in checked.items() for r in seeds]
    for name, recording in everything:
        if not len(recording):
            raise ValueError(
                f"A recording of condition {name!r} has no records. Leave it out, or "
                "train it for an epoch or more."
            )
    check_settings([recording for _, recording in everything])
    return checked


def align(conditions: dict[str, list[Recording]], baseline: str) -> Bools:
    """Whether each layer has one shape in all recordings; bool (layers,).

    Args:
        conditions: dict of condition to a list of recordings.
        baseline: the condition whose first recording the others are held against.

    Raises:
        ValueError: if a layer does not fit: a shape differs by more than the input
            channels of the first kernel or the outputs of the last layer.
    """
    reference = conditions[baseline][0].layers
    kernels = [len(shape) > 1 for shape in reference["shape"]]
    first = kernels.index(True) if any(kernels) else -1
    last = reference["depth"] == reference["depth"].max()
    same = np.ones(len(reference), bool)
    for name, seeds in conditions.items():
        for recording in seeds:
            other = recording.layers
            pairs = zip_longest(reference["shape"], other["shape"])
            for row, (one, two) in enumerate(pairs):
                if one == two:
                    continue
                if not _fits(one, two, row == first, row in last[last].index):
                    raise ValueError(
                        f"Layer {row} does not fit: {_describe(reference, row)} in "
                        f"{baseline!r}, {_describe(other, row)} in {name!r}. Only the "
                        "input channels of the first kernel and the outputs of the "
                        "last layer may differ. Compare recordings of one network "
                        "that watch the same weights."
                    )
                same[row] = False
    return same


def _fits(
    one: tuple[int, ...] | None,
    other: tuple[int, ...] | None,
    is_first: bool,
    is_last: bool,
) -> bool:
    if one is None or other is None or len(one) != len(other):
        return False
    axes = {axis for axis, (i, j) in enumerate(zip(one, other, strict=True)) if i != j}
    allowed = ({len(one) - 2} if is_first else set()) | (
        {len(one) - 1} if is_last else set()
    )
    return axes <= allowed


def _describe(layers: pd.DataFrame, row: int) -> str:
    if row >= len(layers):
        return "nothing"
    name = shortened(display_names(layers)[row])
    return f"{name} {layers['shape'].iloc[row]}"
