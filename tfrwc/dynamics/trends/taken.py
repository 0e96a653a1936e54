"""What trends are found in: arrays (layers, records), or what is known to hold one."""

from typing import Any

import pandas as pd

from tfrwc.recording.handed_out import has_records_first
from tfrwc.recording.names import display_names
from tfrwc.recording.recording import Recording


def layers_first(X: Any) -> Any:
    """Relative change (layers, records).

    Args:
        X: a recording; what ``recording.values()`` returned; or anything else, which is
            returned as it is.

    Raises:
        TypeError: for several recordings, or a tidy table of one.
    """
    if isinstance(X, Recording):
        return X.values().T
    if isinstance(X, (list, tuple)) and any(isinstance(x, Recording) for x in X):
        raise TypeError(
            f"Trends are found in one recording. Received: a {type(X).__name__} of "
            f"{len(X)}. Fit one of them, or the mean of "
            "[recording.values().T for recording in recordings]."
        )
    if isinstance(X, pd.DataFrame) and {"record", "step", "layer"} & set(X.columns):
        raise TypeError(
            "Trends are found in an array (layers, records). Received: a tidy table "
            "with a row per value, as recording.to_frame() returns. Fit the recording "
            "itself, or recording.values().T."
        )
    return X.T if has_records_first(X) else X


def layer_names(X: Any) -> list[str] | None:
    """Names of the layers of a recording; None of an array, which has none."""
    return display_names(X.layers) if isinstance(X, Recording) else None
