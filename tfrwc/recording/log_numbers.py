"""A recording's numbers for the logs of Keras, which every logger gets."""

from collections.abc import Mapping

import numpy as np

from tfrwc.recording.recording import Recording


def log_numbers(recording: Recording, taken: Mapping[str, object]) -> dict[str, float]:
    """What an epoch's last records say of all layers together.

    Of the change of each layer, averaged over the records with the last epoch number:
    mean, median and largest over the layers. The names are the same in each epoch, as
    `keras.callbacks.CSVLogger` needs; NaN where there is no value.

    Args:
        recording: of the records since the epoch before.
        taken: names that are in the logs already; one that is gets a number.

    Returns:
        For each measure ``rwc_{measure}_mean``, ``_median`` and ``_largest``.
    """
    numbers = {}
    for measure in recording.measures:
        values = recording.values(measure).astype(np.float64)
        if len(values):
            values = values[recording.epochs == recording.epochs[-1]]
        finite = np.isfinite(values)
        count = finite.sum(axis=0)
        sums = np.where(finite, values, 0).sum(axis=0)
        change = sums[count > 0] / count[count > 0]
        for name, function in (
            ("mean", np.mean),
            ("median", np.median),
            ("largest", np.max),
        ):
            value = float(function(change)) if change.size else np.nan
            numbers[_free(f"rwc_{measure}_{name}", taken)] = value
    return numbers


def _free(name: str, taken: Mapping[str, object]) -> str:
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}_{number}"
    return free
