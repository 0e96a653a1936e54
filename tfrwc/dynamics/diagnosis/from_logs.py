"""What loss and metric show of a training that does not learn."""

from collections.abc import Iterator

import numpy as np

from tfrwc.dynamics.diagnosis.advice import finding
from tfrwc.dynamics.diagnosis.course import OF_NUMBERS, Course
from tfrwc.dynamics.diagnosis.finding import Finding
from tfrwc.dynamics.diagnosis.from_facts import CLASSES, PROBABILITIES
from tfrwc.dynamics.diagnosis.progress import (
    falls,
    guesses,
    how_it_went,
    is_good,
    knows,
    learned,
    went_well,
)
from tfrwc.dynamics.diagnosis.thresholds import Thresholds

_SQUASHED = ("sigmoid", "softmax")
CROSS_ENTROPIES = (*CLASSES, "binary_crossentropy")
# How far apart two values of these can be.
_SPANS = {"sigmoid": 1.0, "softmax": 1.0, "tanh": 2.0}
# Keras adds as much to probabilities before it takes their logarithm, and a sum of many
# losses is rounded.
_ROUNDING = 1e-3
_OF_MARGINS = ("hinge", "squared_hinge", "categorical_hinge")
KNOWN = (*PROBABILITIES, *OF_NUMBERS, *_OF_MARGINS)


def above_chance(course: Course, limits: Thresholds) -> Iterator[Finding]:
    """A loss far above that of guessing: outputs are certain, and wrong."""
    chance, (first, last) = course.chance_loss, course.loss_ends
    if not course.is_mean_loss or not np.isfinite(chance):
        return
    if first >= limits.above_chance * chance and last >= chance:
        began, ended = course.named_loss
        yield finding(
            "unscaled_input",
            f"The loss began at {began:.3g} and is {ended:.3g}; guessing with all "
            f"classes equally likely costs {chance:.3g}. So the outputs were extreme "
            "from the start, as with inputs far from the range of -1 to 1.",
            "likely",
        )


def out_of_range(course: Course, limits: Thresholds) -> Iterator[Finding]:
    """A loss that is impossible for targets in the range of the last layer."""
    if not course.is_mean_loss or not np.isfinite(course.loss).any():
        return
    loss, output = course.facts.get("loss"), course.output_activation
    least, last = float(np.nanmin(course.loss)), course.loss_ends[1]
    if loss in CROSS_ENTROPIES and least < -_ROUNDING:
        at = int((course.loss < -_ROUNDING).argmax())
        yield finding(
            "wrong_loss" if course.output_units == 1 else "wrong_labels",
            f"The loss fell below 0, to {least:.3g}, which {loss} of targets from 0 to "
            "1 cannot: some targets lie outside.",
            "certain",
            since=int(course.steps[at]),
        )
    span = _SPANS.get(output or "")
    if loss in ("mean_squared_error", "mean_absolute_error") and span is not None:
        most = span**2 if loss == "mean_squared_error" else span
        # Weights of examples, which no recording knows, may make it larger, too.
        if last > most and not went_well(course):
            yield finding(
                "wrong_last_activation",
                f"The loss ({loss}) is {course.named_loss[1]:.3g}; for targets that "
                f"the last layer ({output}) can reach, it is {most:g} at most.",
                "likely",
                "output",
            )


def loss_of_numbers(course: Course, limits: Thresholds) -> Iterator[Finding]:
    """A loss for numbers on outputs that are probabilities, which does not learn."""
    loss, output = course.facts.get("loss"), course.output_activation
    if loss not in OF_NUMBERS or output not in _SQUASHED:
        return
    # A yes or no is learned by its squared error, too, if slowly.
    of_yes_or_no = course.metric is not None and course.output_units == 1
    slow = 10 if loss == "mean_squared_error" and of_yes_or_no else 1
    if learned(course, limits) or course.length < slow * limits.least_steps:
        return
    if course.metric is None:
        yield finding(
            "wrong_last_activation",
            f"The last layer ({output}) gives only numbers from 0 to 1, but the loss "
            f"({loss}) is for numbers of any size. {how_it_went(course)}",
            "possible",
            "output",
        )
    else:
        yield finding(
            "wrong_loss",
            f"{loss} of {output} has hardly a gradient where the output is certain and "
            f"wrong. {how_it_went(course)}",
            "likely",
        )


def metric_stands(course: Course, limits: Thresholds) -> Iterator[Finding]:
    """A loss that falls below that of guessing, and a metric that does not care."""
    if course.length < 2 * limits.least_steps or not course.is_mean_loss:
        return
    if is_good(course) or not course.gain < limits.standing_gain:
        return
    if not np.isfinite(course.chance_loss) or guesses(course, limits):
        return
    several = (course.output_units or 0) > 1
    output, loss = course.output_activation, course.facts.get("loss")
    if several and loss == "binary_crossentropy" and _has_several_labels(course):
        return  # Keras' accuracy is of one class
    kind = "metric_stands"
    if several and output == "sigmoid":
        kind = (
            "wrong_loss" if loss == "binary_crossentropy" else "wrong_last_activation"
        )
    evidence = how_it_went(course)
    if kind != "metric_stands":
        evidence += (
            f" The {course.output_units} sigmoids each answer a question of their own; "
            "for one of several classes, softmax and categorical_crossentropy belong "
            "together."
        )
    yield finding(kind, evidence, "possible")


def _has_several_labels(course: Course) -> bool:
    """Whether units have learned more than how common each of them is among classes.

    Of one class in n, each of n units learns that it is the right one in 1 / n of the
    examples. A loss below what that leaves would show in the accuracy.
    """
    share = 1 / course.output_units
    common = -share * np.log(share) - (1 - share) * np.log(1 - share)
    return bool(course.loss_ends[1] < 0.9 * common)


def sigmoids_of_classes(course: Course, limits: Thresholds) -> Iterator[Finding]:
    """Sigmoids where one of several classes is asked for, and a loss near guessing."""
    units = course.output_units or 0
    if course.output_activation != "sigmoid" or units < 2:
        return
    if course.facts.get("loss") not in CLASSES or not course.is_mean_loss:
        return
    if course.length < 2 * limits.least_steps:
        return
    if guesses(course, limits):
        yield finding(
            "wrong_last_activation",
            f"The {units} sigmoids each answer a question of their own; "
            f"{course.facts['loss']} asks for one of {units} classes, which softmax "
            f"gives. {how_it_went(course)}",
            "possible",
            "output",
        )


def slow_regression(course: Course, limits: Thresholds) -> Iterator[Finding]:
    """An error of numbers that hardly falls."""
    loss, (first, last) = course.facts.get("loss"), course.named_loss
    is_regression = course.metric is None and not np.isfinite(course.chance_loss)
    if loss not in OF_NUMBERS or not is_regression:
        return
    if course.length < 2 * limits.least_steps or not course.fall < limits.slow_fall:
        return
    how = f"The loss went from {first:.3g} to {last:.3g} in {course.length:,} steps."
    # Relative errors and logarithms do not tell how far off outputs are.
    squared = loss == "mean_squared_error"
    tells = squared or loss in ("mean_absolute_error", "huber", "log_cosh")
    off, far = (np.sqrt(last), 1.0) if squared else (last, 0.5)
    if tells and course.loss_ends[1] >= limits.huge_loss**far:
        yield finding(
            "unscaled_target",
            f"{how} So predictions are {off:.2g} off on average, which is far for "
            "outputs that begin near 0 and move in small steps.",
            "likely",
        )
    elif course.fall < limits.flat_fall:
        yield finding("no_progress", how, "likely")
    else:
        yield finding(
            "lr_too_low",
            f"{how} It is falling steadily, but has hardly begun to.",
            "possible",
        )


def no_progress(course: Course, limits: Thresholds) -> Iterator[Finding]:
    """Neither loss nor metric move."""
    if course.length < 3 * limits.least_steps or not np.isfinite(course.fall):
        return
    if course.facts.get("loss") not in KNOWN:
        return  # other losses need not fall, as of two networks against each other
    if knows(course):
        return
    # A loss may stay near that of guessing for some hundred steps, and fall then.
    is_long = course.length >= 10 * limits.least_steps
    guesses = is_long and course.loss_ends[1] >= 0.98 * course.chance_loss
    flat = course.fall < limits.flat_fall and (is_long or not falls(course.loss))
    stands = flat or (guesses and course.is_mean_loss)
    if stands and not course.gain >= limits.standing_gain:
        yield finding("no_progress", how_it_went(course), "possible")
