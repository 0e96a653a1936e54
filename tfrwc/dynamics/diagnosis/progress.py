"""Whether a training got anywhere, by its loss and its metric."""

import numpy as np
from scipy import stats

from tfrwc.dynamics.arrays import Floats
from tfrwc.dynamics.diagnosis.course import Course
from tfrwc.dynamics.diagnosis.thresholds import Thresholds


def learned(course: Course, limits: Thresholds) -> bool:
    """Whether loss or metric show that something was learned, now or before."""
    if guesses(course, limits):
        return False
    if course.gain >= limits.learned_gain or knows(course):
        return True
    return course.metric is None and course.fall >= limits.learned_fall


def guesses(course: Course, limits: Thresholds) -> bool:
    """Whether the loss is near that of guessing, whatever a metric says by chance."""
    if not course.is_mean_loss:
        return False
    return bool(course.loss_ends[1] >= (1 - limits.learned_bits) * course.chance_loss)


def falls(losses: Floats) -> bool:
    """Whether losses fall with time, however little: at 5 %, by Kendall's correlation.

    Four records are the fewest that can tell.
    """
    time = np.arange(len(losses))
    return bool(stats.kendalltau(time, losses, alternative="less").pvalue < 0.05)


def stands(course: Course, limits: Thresholds) -> bool:
    """Whether the metric, or without one the loss, does not move, and is not good."""
    if knows(course):
        return False
    if course.metric is not None:
        return bool(course.gain < limits.standing_gain)
    return bool(course.fall < limits.flat_fall)


def went_well(course: Course) -> bool:
    """Whether half of what there is to learn was learned, and more than to guess."""
    best = max(np.nan_to_num(course.gain), np.nan_to_num(course.fall))
    good = best >= 0.5 or knows(course)
    return bool(good and not course.loss_ends[1] >= course.chance_loss)


def knows(course: Course) -> bool:
    """Whether the network is half as good as can be, whenever it learned that.

    So it is where a training goes on with one of before, or tunes one finely.
    """
    return is_good(course) or bool(course.loss_ends[1] < 0.5 * course.chance_loss)


def is_good(course: Course) -> bool:
    """Whether the metric is half way from that of guessing to 1, or more."""
    chance = 0.5 if "auc" in course.metric_name.lower() else course.chance_accuracy
    if not chance:
        return bool(course.metric_ends[1] >= 0.9)
    return bool(course.metric_ends[1] - chance >= 0.5 * (1 - chance))


def how_it_went(course: Course) -> str:
    """What loss and metric did, in a sentence: as logged at the first and last record.

    So a page that says them elsewhere, too, says the same. Rules go by the means of
    the records at both ends, which chance moves less.
    """
    first, last = course.named_loss
    said = f"The loss went from {first:.4g} to {last:.4g}"
    if course.metric is not None:
        start, end = course.named_metric
        said += f", {course.metric_name} from {start:.2f} to {end:.2f}"
    return f"{said} in {course.length:,} steps."
