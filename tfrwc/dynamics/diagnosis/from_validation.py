"""What the validation shows: a network that learns its examples by heart."""

from collections.abc import Iterator

import numpy as np
from scipy import stats

from tfrwc.dynamics.arrays import Floats
from tfrwc.dynamics.diagnosis.advice import finding
from tfrwc.dynamics.diagnosis.course import Course
from tfrwc.dynamics.diagnosis.finding import Finding
from tfrwc.dynamics.diagnosis.thresholds import Thresholds

# How often a validation loss that does not rise, with noise that is independent from
# epoch to epoch, is taken for one that does.
ERROR = 1e-3


def overfitting(course: Course, limits: Thresholds) -> Iterator[Finding]:
    """A loss that goes on falling while that of the validation rises.

    The rise is one of Kendall's rank correlation with time (exact, one-sided) over all
    epochs, their last half or their last quarter, at a third of `ERROR` each. It needs
    seven epochs. It is told if it is large, too, and if no metric of the validation
    rises over the same epochs.
    """
    seen = course.validation
    window = _rising(seen.loss)
    if not window:
        return
    tail = slice(len(seen.loss) - window, None)
    smooth = _smoothed(seen.loss)
    best = int(np.argmin(smooth))
    late = max(1, window // 4)
    first, last = float(smooth[best]), float(np.mean(seen.loss[-late:]))
    size = max(abs(first), 0.1 * abs(course.loss_ends[0]))
    if not last - first > limits.overfitting * size:
        return
    if _p_of_rise(seen.metric[tail]) < 0.05:
        return
    before, now = _losses_around(course, int(seen.steps[best]))
    if not now < before:
        return
    yield finding(
        "overfitting",
        f"The validation loss was least at epoch {seen.epochs[best]} ({first:.3g}) and "
        f"is {last:.3g} at epoch {seen.epochs[-1]}, while the loss of the training "
        f"fell from {before:.3g} to {now:.3g}.",
        "likely",
        since=int(seen.steps[best]),
    )


def _rising(values: Floats) -> int:
    """Over how many of the last values they rise; 0 if over none."""
    for part in (1, 2, 4):
        window = len(values) // part
        if _p_of_rise(values[len(values) - window :]) < ERROR / 3:
            return window
    return 0


def _p_of_rise(values: Floats) -> float:
    """How probable so clear a rise is without one; 1 where that cannot be told."""
    if len(values) < 3 or not np.isfinite(values).all() or not np.ptp(values):
        return 1.0
    time = np.arange(len(values))
    return float(stats.kendalltau(time, values, alternative="greater").pvalue)


def _smoothed(values: Floats) -> Floats:
    """Means of each value and its neighbours."""
    inner = np.convolve(values, np.ones(3), mode="same")
    count = np.convolve(np.ones(len(values)), np.ones(3), mode="same")
    return np.asarray(inner / count)


def _losses_around(course: Course, step: int) -> tuple[float, float]:
    """The loss of the training in the last records before a step, and at the end."""
    many = max(1, len(course.steps) // 10)
    before = course.loss[: max(1, int(np.sum(course.steps <= step)))]
    return float(np.mean(before[-many:])), float(np.mean(course.loss[-many:]))
