"""What the weights show of a training that does not learn."""

from collections.abc import Iterator

import numpy as np

from tfrwc.dynamics.arrays import Bools
from tfrwc.dynamics.diagnosis.advice import finding
from tfrwc.dynamics.diagnosis.course import Course
from tfrwc.dynamics.diagnosis.finding import Finding
from tfrwc.dynamics.diagnosis.progress import how_it_went, learned, stands, went_well
from tfrwc.dynamics.diagnosis.thresholds import Thresholds

_SATURATING = ("sigmoid", "tanh", "hard_sigmoid", "softsign")
_ADAM = ("Adam", "AdamW", "Nadam", "RMSprop")


def rates(course: Course, limits: Thresholds) -> Iterator[Finding]:
    """Learning rates that no training can do with."""
    known = course.rate[np.isfinite(course.rate)]
    if not known.size:
        return
    adaptive = course.facts.get("optimizer") in _ADAM
    if (known < 0).any():
        yield finding(
            "lr_too_high",
            f"The learning rate is {known.min():g}, which makes the loss grow.",
            "certain",
            since=_first(course, course.rate < 0),
        )
    elif not known.any():
        yield finding("lr_too_low", "The learning rate is 0 throughout.", "certain")
    elif adaptive and known.max() >= limits.adaptive_rate and not went_well(course):
        yield finding(
            "lr_too_high",
            f"The learning rate is {known.max():g}: a step of "
            f"{course.facts['optimizer']} moves each weight by about as much, and "
            "weights are smaller than that.",
            "likely",
            since=_first(course, course.rate >= limits.adaptive_rate),
        )


def not_finite(course: Course, limits: Thresholds) -> Iterator[Finding]:
    """Weights or a loss that are no numbers any more."""
    if not course.is_lost:
        return
    weights = course.not_finite.any(axis=1)
    logged = np.isfinite(course.loss).any() or not weights.any()
    at = int((weights | (logged & ~np.isfinite(course.loss))).argmax())
    layers = np.flatnonzero(course.not_finite[at])
    what = "The loss is" if not layers.size else "Weights are"
    where = course.names[layers[0]] if layers.size else None
    evidence = f"{what} not finite at step {course.steps[at]:,}."
    unbounded = [a for a in course.activations if a == "exponential"]
    if unbounded:
        evidence += f" Layers with exponential activations: {len(unbounded)}."
    yield finding("exploding", evidence, "certain", where, since=int(course.steps[at]))


def huge_steps(course: Course, limits: Thresholds) -> Iterator[Finding]:
    """Steps that replace the weights."""
    if not len(course.change):
        return
    taken = np.diff(course.steps, prepend=0).clip(1)
    # Weights that begin at zero, and single numbers, may go as far as they like.
    alive = np.isfinite(course.change[0]) & (course.change[0] > 0)
    if alive.sum() < 2:
        return
    size = np.median(np.nan_to_num(course.change[:, alive]), axis=1)
    largest = int(size.argmax())
    if size[largest] < limits.huge_step * np.sqrt(taken[largest]):
        return
    if not went_well(course) or size[largest] > 10:
        until = f"step {course.steps[largest]:,}"
        when = (
            f"the {taken[largest]:,} steps to {until}" if taken[largest] > 1 else until
        )
        yield finding(
            "lr_too_high",
            f"In {when}, half of the layers changed by {size[largest]:.3g} times "
            "their own weights or more.",
            "likely",
            since=_first(course, size >= limits.huge_step * np.sqrt(taken)),
        )


def no_motion(course: Course, limits: Thresholds) -> Iterator[Finding]:
    """Layers none of which change any more, of a network that learned little."""
    if not len(course.change) or course.not_finite.any() or went_well(course):
        return
    moving = np.flatnonzero((np.nan_to_num(course.change) > 0).any(axis=1))
    still_for = len(course.change) - (moving[-1] + 1 if moving.size else 0)
    if not moving.size:
        since, evidence = None, "No layer changed at all"
    elif still_for >= max(2, len(course.change) / 4):
        since = int(course.steps[moving[-1]])
        evidence = f"No layer has changed since step {since:,}"
    else:
        return
    evidence += ": no gradient reaches any weight."
    kind = "dying_relu" if "relu" in course.activations else "no_gradient"
    if course.output_activation == "relu":
        kind = "wrong_last_activation"
        evidence += " The last layer is relu: it is silent where its sums are negative."
    yield finding(kind, evidence, "likely", since=since)


def zeroed(course: Course, limits: Thresholds) -> Iterator[Finding]:
    """Layers whose weights have all become zero."""
    if not len(course.zero) or went_well(course):
        return
    became = course.zero[-1] & ~course.zero[0]
    if not became.any():
        return
    layer = int(became.argmax())
    at = int((~course.zero[:, layer]).nonzero()[0][-1])
    yield finding(
        "penalty_too_high",
        f"All weights of {course.names[layer]} have been 0 since step "
        f"{course.steps[at]:,}, as when a penalty or decay outweighs the gradient.",
        "likely",
        course.names[layer],
        since=int(course.steps[at]),
    )


def still_units(course: Course, limits: Thresholds) -> Iterator[Finding]:
    """Units that have no gradient, in a network that does not learn."""
    if learned(course, limits) or course.length < limits.least_steps:
        return
    # Layers that never moved may be frozen.
    hidden = np.where(course.total_change > 0, course.still_at_end, np.nan)[:-1]
    if not np.isfinite(hidden).any() or np.nanmax(hidden) < limits.still_share:
        return
    worst = int(np.nanargmax(hidden))
    if (course.activations[worst] or "relu") in _SATURATING:
        return
    many = int((hidden >= limits.still_share).sum())
    yield finding(
        "dying_relu",
        f"In {many} of {len(hidden)} hidden layers, {100 * limits.still_share:.0f} % "
        f"of the units or more get no gradient; in {course.names[worst]} it is "
        f"{100 * hidden[worst]:.0f} %. "
        f"{how_it_went(course)}",
        "likely",
        course.names[worst],
    )


def vanishing(course: Course, limits: Thresholds) -> Iterator[Finding]:
    """Gradients that do not reach the first layers of a network that stands still."""
    if not stands(course, limits) or course.length < limits.least_steps:
        return
    moved = np.flatnonzero(course.total_change)  # others may be frozen
    if len(moved) < 2:
        return
    total = course.total_change[moved]
    sigmoids = _longest_run(course.activations[:-1], ("sigmoid", "hard_sigmoid"))
    reached = total[0] >= min(0.1 * total[-1], limits.unreached) or len(total) < 3
    rectified = _longest_run(course.activations[:-1], ("relu",))
    if sigmoids < limits.deep_saturation and rectified < limits.deep_relu and reached:
        return
    if sigmoids >= limits.deep_saturation:
        evidence = (
            f"{sigmoids} sigmoid layers follow each other; each passes on at most a "
            "quarter of a gradient."
        )
        kind = "vanishing"
    elif rectified >= limits.deep_relu:
        evidence = (
            f"{rectified} layers with ReLU follow each other: the deeper, the likelier "
            "that one of them is 0 for every example."
        )
        kind = "dying_relu"
    else:
        evidence = (
            f"{course.names[moved[0]]} changed by {100 * total[0]:.2g} % of its "
            f"weights in all, the last layer by {100 * total[-1]:.3g} %."
        )
        kind = "dying_relu" if "relu" in course.activations else "vanishing"
    if course.facts.get("optimizer") in ("Adam", "AdamW", "Nadam", "RMSprop"):
        evidence += (
            f" {course.facts['optimizer']} divides out the size of gradients, so the "
            "weights move all the same."
        )
    yield finding(
        kind, f"{evidence} {how_it_went(course)}", "likely", course.names[moved[0]]
    )


def small_changes(course: Course, limits: Thresholds) -> Iterator[Finding]:
    """Steps so small that nothing could be learned."""
    total = course.total_change
    if learned(course, limits) or course.length < limits.least_steps:
        return
    largest = float(total.max(initial=0))
    if not 0 < largest <= limits.small_total:
        return
    pace = largest / course.length
    yield finding(
        "lr_too_low",
        f"In {course.length:,} steps no layer changed by more than "
        f"{100 * largest:.2g} % of its weights: at this pace, a change of 10 % takes "
        f"{0.1 / pace:,.0f} steps. "
        f"{how_it_went(course)}",
        "likely",
    )


def _first(course: Course, seen: Bools) -> int | None:
    """The step of the first record at which it was seen; None if from the start."""
    at = int(seen.argmax())
    return int(course.steps[at]) if at else None


def _longest_run(names: list[str | None], wanted: tuple[str, ...]) -> int:
    longest = run = 0
    for name in names:
        run = run + 1 if name in wanted else 0
        longest = max(longest, run)
    return longest
