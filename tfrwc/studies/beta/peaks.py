"""Where a curve through values at several β is highest."""

from collections.abc import Sequence

import numpy as np
from scipy.interpolate import make_interp_spline


def peak(betas: Sequence[float], values: np.ndarray) -> np.ndarray:
    """The β at which a cubic spline, over log β, through values (betas, …) is highest.

    Returns:
        (…,), NaN if not all values are finite.
    """
    if not np.isfinite(values).all():
        return np.full(values.shape[1:], np.nan)
    logs = np.log(betas)
    fine = np.linspace(logs[0], logs[-1], 2001)
    return np.exp(fine[make_interp_spline(logs, values)(fine).argmax(axis=0)])
