"""Whether a training got anywhere, by its loss and its metric."""

import numpy as np

from tfrwc.dynamics.diagnosis.course import Course
from tfrwc.dynamics.diagnosis.thresholds import Thresholds


def learned(course: Course, limits: Thresholds) -> bool:
    """Whether loss or metric show that something was learned."""
    if course.gain >= limits.learned_gain:
        return True
    return course.metric is None and course.fall >= limits.learned_fall


def stands(course: Course, limits: Thresholds) -> bool:
    """Whether the metric, or without one the loss, does not move."""
    if course.metric is not None:
        return bool(course.gain < limits.standing_gain)
    return bool(course.fall < limits.flat_fall)


def went_well(course: Course) -> bool:
    """Whether half of what there is to learn was learned, and more than to guess."""
    best = max(np.nan_to_num(course.gain), np.nan_to_num(course.fall))
    return bool(best >= 0.5 and not course.loss_ends[1] >= course.chance_loss)


def how_it_went(course: Course) -> str:
    """What loss and metric did, in a sentence."""
    first, last = course.loss_ends
    said = f"The loss went from {first:.4g} to {last:.4g}"
    if course.metric is not None:
        start, end = course.metric_ends
        said += f", {course.metric_name} from {start:.2f} to {end:.2f}"
    return f"{said} in {course.length:,} steps."
