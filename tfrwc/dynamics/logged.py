"""Numbers of the logs, as every sentence that names one has them.

A loss or a metric is named by the values that its log holds at the first and the last
record, which are those that Keras printed and that figures draw, whatever means a rule
has looked at.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from tfrwc.dynamics.arrays import Floats


def bounded(values: npt.ArrayLike) -> Floats:
    """Numbers whose differences and ratios are numbers, too.

    Those above 1e300 are infinite, and those below 1e-300 zero.
    """
    given = np.asarray(values, np.float64)
    size = np.abs(given)
    large = np.where(size > 1e300, np.copysign(np.inf, given), given)
    return np.asarray(np.where(size < 1e-300, 0.0, large))


def logged(logs: pd.DataFrame, name: str) -> Floats:
    """The values of a name in the logs, in the order of the records.

    Returns:
        float64; without values that are not finite, and empty where there is no such
        name.
    """
    values = bounded(logs.get(name, pd.Series(dtype=float)))
    return np.asarray(values[np.isfinite(values)])


def logged_ends(logs: pd.DataFrame, name: str) -> tuple[float, float]:
    """The first and the last of `logged`; NaN where there is none."""
    values = logged(logs, name)
    return (float(values[0]), float(values[-1])) if values.size else (np.nan, np.nan)
