"""What the pace of the weights shows: steps too large to settle, or too few."""

from collections.abc import Iterator

import numpy as np
from scipy import stats

from tfrwc.dynamics.diagnosis.advice import finding
from tfrwc.dynamics.diagnosis.course import Course
from tfrwc.dynamics.diagnosis.finding import Finding
from tfrwc.dynamics.diagnosis.from_logs import KNOWN
from tfrwc.dynamics.diagnosis.progress import falls, how_it_went, knows, learned
from tfrwc.dynamics.diagnosis.thresholds import Thresholds

_LEAST_RECORDS = 8


def unsettled(course: Course, limits: Thresholds) -> Iterator[Finding]:
    """Weights that go far in each epoch, with a loss that no longer falls.

    Where a loss stands, steps go to and fro: what some examples write, the next ones
    overwrite. Such a walk covers the root of n times the distance in n times the steps,
    from which its length in an epoch follows whatever the records are apart.
    """
    in_epoch, records = course.facts.get("steps_per_epoch"), len(course.steps)
    half = records // 2
    if not in_epoch or records < _LEAST_RECORDS or course.is_lost:
        return
    if course.length < 2 * limits.least_steps:
        return
    guessing = course.chance_loss
    start = guessing if np.isfinite(guessing) else course.loss_ends[0]
    if not course.loss_ends[1] >= 0.5 * start:
        return
    if falls(course.loss[half:]):
        return
    taken = np.diff(course.steps)[half - 1 :, None].clip(1)
    squares = np.nan_to_num(course.change[half:]) ** 2 / taken
    moved = course.total_change > 0
    if not moved.any():
        return
    walk = float(np.median(np.sqrt(squares.mean(axis=0) * in_epoch)[moved]))
    if walk >= limits.walk:
        yield finding(
            "lr_too_high",
            f"Since step {course.steps[half]:,} the loss has not fallen, though half "
            f"of the layers move back and forth by {100 * walk:.3g} % of their weights "
            "or more in each epoch: the steps are too large to settle, or the batches "
            "too small. "
            f"{how_it_went(course)}",
            "likely",
            since=int(course.steps[half]),
        )


def rising(course: Course, limits: Thresholds) -> Iterator[Finding]:
    """A loss that rises from the beginning on: steps lead up."""
    first, last = course.loss_ends
    if course.length < 2 * limits.least_steps or knows(course) or course.is_lost:
        return
    if course.facts.get("loss") not in KNOWN or len(course.loss) < _LEAST_RECORDS:
        return  # other losses may change their meaning on the way
    if not last - first >= limits.slow_fall * abs(first):
        return
    time = np.arange(len(course.loss))
    rise = stats.kendalltau(time, course.loss, alternative="greater")
    if rise.pvalue < 1e-3 and not course.gain >= limits.standing_gain:
        yield finding(
            "lr_too_high",
            f"The loss keeps rising. {how_it_went(course)}",
            "possible",
        )


def few_steps(course: Course, limits: Thresholds) -> Iterator[Finding]:
    """Batches as large as the data, so that epochs have hardly a step."""
    in_epoch = course.facts.get("steps_per_epoch") or np.inf
    if in_epoch > 2 or learned(course, limits) or knows(course):
        return
    if course.length < limits.least_steps or not course.fall >= limits.flat_fall:
        return
    yield finding(
        "wrong_batch",
        f"An epoch has only {in_epoch} step{'s' if in_epoch > 1 else ''}, so that "
        f"{course.length // in_epoch:,} epochs were {course.length:,} steps, and the "
        "loss was still falling. "
        f"{how_it_went(course)}",
        "possible",
    )
