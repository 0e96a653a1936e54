"""A recording in tidy form: a row per record, layer and measure.

The names of layers, kinds and measures are categories, so that a row takes 40 bytes;
whoever has not the memory for all of them takes them in parts.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd


def tidy_frame(
    layers: pd.DataFrame,
    steps: npt.NDArray[np.int64],
    epochs: npt.NDArray[np.int64],
    values: Mapping[str, npt.NDArray[np.float32]],
) -> pd.DataFrame:
    """The tidy form of some records.

    Args:
        layers: table of the recording.
        steps, epochs: of the records, int64 (records,).
        values: by measure, float32 (records, layers).

    Returns:
        DataFrame with the columns step, epoch, layer, depth, kind, size, measure and
        value; the rows of a measure follow those of the one before.
    """
    records, measures = len(steps), len(values)
    times = records * measures
    codes = np.arange(measures, dtype=np.min_scalar_type(-measures))
    # Each value exists once, in the frame: arrays are handed over without a copy.
    return pd.DataFrame(
        {
            "step": np.tile(np.repeat(steps, len(layers)), measures),
            "epoch": np.tile(np.repeat(epochs, len(layers)), measures),
            "layer": _tiled(layers["name"], times),
            "depth": np.tile(layers["depth"].to_numpy(), times),
            "kind": _tiled(layers["kind"], times),
            "size": np.tile(layers["size"].to_numpy(), times),
            "measure": pd.Categorical.from_codes(
                np.repeat(codes, records * len(layers)), list(values)
            ),
            "value": np.concatenate([each.ravel() for each in values.values()]),
        },
        copy=False,
    )


def _tiled(names: pd.Series, times: int) -> pd.Categorical:
    codes, categories = pd.factorize(names.to_numpy(dtype=object))
    small = codes.astype(np.min_scalar_type(-max(len(categories), 1)))
    return pd.Categorical.from_codes(np.tile(small, times), categories)
