"""`diagnose`: from what was recorded, and from a look at the model, to findings."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from tfrwc.dynamics.diagnosis import (
    from_facts,
    from_logs,
    from_pace,
    from_validation,
    from_weights,
)
from tfrwc.dynamics.diagnosis.course import Course
from tfrwc.dynamics.diagnosis.finding import SURE, Diagnosis, Finding
from tfrwc.dynamics.diagnosis.progress import learned, went_well
from tfrwc.dynamics.diagnosis.thresholds import LIMITS, Thresholds
from tfrwc.recording.recording import Recording

if TYPE_CHECKING:
    from tfrwc.dynamics.diagnosis.look import Look

# Causes come before what they explain.
RULES = (
    from_weights.rates,
    from_weights.not_finite,
    from_weights.huge_steps,
    from_facts.initial_weights,
    from_facts.dropout,
    from_facts.penalty,
    from_logs.out_of_range,
    from_logs.above_chance,
    from_weights.no_motion,
    from_weights.zeroed,
    from_weights.still_units,
    from_weights.vanishing,
    from_logs.loss_of_numbers,
    from_weights.small_changes,
    from_pace.unsettled,
    from_logs.metric_stands,
    from_logs.sigmoids_of_classes,
    from_logs.slow_regression,
    from_pace.rising,
    from_pace.few_steps,
    from_logs.no_progress,
    from_validation.overfitting,
)
# What follows from another fault, and is told with it.
_SYMPTOMS = {
    "no_progress",
    "metric_stands",
    "no_gradient",
    "constant_output",
    "lr_too_low",
}
# A network that cannot learn for one of these reasons shows these signs, too.
_EXPLAINS = {
    "wrong_last_activation": {"dying_relu", "vanishing", "exploding", "unscaled_input"},
    "missing_last_activation": {"exploding", "unscaled_input"},
    "wrong_loss": {"wrong_labels"},
    "lr_too_high": {"dying_relu", "vanishing", "exploding", "unscaled_input"},
    "dropout_too_high": {"dying_relu", "vanishing", "unscaled_input"},
    "wrong_input": {"dying_relu", "vanishing"},
    "wrong_initializer": {"dying_relu", "vanishing"},
    "penalty_too_high": {"dying_relu", "vanishing"},
    "unscaled_input": {"exploding", "dying_relu", "vanishing"},
    "unscaled_target": {"exploding"},
    "exploding": {"dying_relu", "vanishing"},
}
# Losses that are not finite, or as large as numbers can be, are what is looked for.
_of_any_size = np.errstate(over="ignore", invalid="ignore", divide="ignore")
_ADAPTIVE = ("Adam", "AdamW", "Adamax", "Nadam", "RMSprop", "Lion", "Adagrad")


@_of_any_size
def diagnose(
    recording: Recording | None,
    model: Any = None,
    batch: Any = None,
    limits: Thresholds = LIMITS,
) -> Diagnosis:
    """What is wrong with a training, worst first.

    From a recording it tells what weights and logs show: values that are not finite,
    steps that are too large or too small, units that are silent, gradients that vanish,
    a loss that is far above guessing or does not fall. From a model and a batch it
    tells what does not fit: labels, last layer and loss, the scale of inputs and
    targets, missing activations. Where a training learns well, only what is certain is
    said; where nothing is wrong, nothing is.

    >>> from tfrwc.dynamics import diagnose
    >>> print(diagnose(recording, model, (x[:256], y[:256])))  # doctest: +SKIP
    1. Wrong activation of the last layer (certain)
       The last layer is softmax over one unit, which is 1 for every input: ...
       First: Use sigmoid for a yes or no, or no activation for a regression.

    Args:
        recording: against previous records; best with ``still_units`` among its
            measures. None for a model that has not been trained yet.
        model: the `keras.Model`, before or after training.
        batch: some examples, ``(x, y)`` or ``(x, y, sample_weight)`` as `fit` takes
            them.
        limits: from which numbers on something is wrong.

    Returns:
        A `Diagnosis`: a sequence of `Finding`, with ``to_frame()``, ``explain()`` and
        ``untold``, what could not be seen.

    Raises:
        ValueError: if there is neither a recording nor a model with a batch; if one of
            these lacks the other; if the recording has no measure of change or compares
            with the initial weights, or the model cannot take the batch.
    """
    if (model is None) != (batch is None):
        raise ValueError(
            "diagnose needs a model and a batch together. Received: "
            f"model={'None' if model is None else 'a model'}, "
            f"batch={'None' if batch is None else 'a batch'}."
        )
    if recording is None and model is None:
        raise ValueError("diagnose needs a recording, or a model and a batch, or all.")
    course = None
    seen: list[Finding] = []
    if recording is not None:
        _check(recording)
        course = Course.of(recording)
        seen += _seen_in_course(course, limits)
    untold = list(_untold(course, model))
    if model is not None:
        # Here, since it needs Keras, which a recording alone does not.
        from tfrwc.dynamics.diagnosis.look import Look

        look = Look.at(model, batch)
        believed = _believed(look, course, limits)
        given, shown = _seen_in_model(look, course, limits)
        # What the model is given is a cause of how the training went, and what its
        # layers show of the batch a result.
        if course is not None and course.is_lost:
            shown = []  # numbers that are not finite show no more than that
        seen = [*filter(believed, given), *seen, *filter(believed, shown)]
        untold += look.untold
    return Diagnosis(tuple(_told_as_one(seen)), tuple(untold))


@_of_any_size
def findings_of(course: Course, limits: Thresholds = LIMITS) -> list[Finding]:
    """The findings of a course alone, in their order."""
    return _told_as_one(list(_seen_in_course(course, limits)))


def _seen_in_course(course: Course, limits: Thresholds) -> Iterator[Finding]:
    yield from from_facts.misfits(course.facts)
    for rule in RULES:
        yield from rule(course, limits)
        if course.is_lost and rule is from_weights.huge_steps:
            return  # what is not finite shows no more than that


def _check(recording: Any) -> None:
    if not isinstance(recording, Recording):
        raise ValueError(
            "recording must be a tfrwc.Recording, as load_recording returns. Received: "
            f"{type(recording).__name__}."
        )
    if recording.settings.get("reference") == "initial":
        raise ValueError(
            "diagnose reads changes since the record before. This recording compares "
            "with the initial weights: record with reference='previous'."
        )


def _seen_in_model(
    look: "Look", course: Course | None, limits: Thresholds
) -> tuple[list[Finding], list[Finding]]:
    """What is wrong with what the model is given, and with what it makes of it."""
    from tfrwc.dynamics.diagnosis import from_layers, from_look

    of_scales = from_look.Scales()
    given = [] if course is not None else list(from_facts.misfits(look.facts))
    given += from_look.misfits(look)
    given += from_look.several_labels(look)
    given += from_look.scales(look, of_scales)
    given += from_layers.frozen(look)
    shown = [*from_look.silence(look), *from_layers.fading(look, limits)]
    return given, [*shown, *from_layers.structure(look, limits)]


def _believed(
    look: "Look", course: Course | None, limits: Thresholds
) -> Callable[[Finding], bool]:
    """Which findings in a model to believe: of a training that goes well, few."""
    from tfrwc.dynamics.diagnosis.from_look import is_no_better_than_the_mean

    doubt = 2
    if course is not None and learned(course, limits):
        # Where targets are far from 0, a loss falls a long way until their mean is met.
        well = went_well(course) and not is_no_better_than_the_mean(look)
        doubt = 0 if well else 1
    return lambda one: SURE.index(one.sure) <= doubt


def _told_as_one(found: list[Finding]) -> list[Finding]:
    """The findings in order, without those that another one explains."""
    causes: list[Finding] = []
    explained: set[str] = set()
    for one in sorted(found, key=_place):
        if one.kind in explained:
            continue
        kinds = [other.kind for other in causes]
        if one.kind in kinds:
            same = kinds.index(one.kind)
            causes[same] = causes[same].located(one)
            continue
        if not (causes and one.kind in _SYMPTOMS):
            causes.append(one)
            explained |= _EXPLAINS.get(one.kind, set())
    return causes


def _place(one: Finding) -> float:
    """In the order of findings: what is surest first."""
    # That numbers are not finite is certain; a likely reason helps more.
    return 1.5 if one.kind == "exploding" else SURE.index(one.sure)


def _untold(course: Course | None, model: Any) -> Iterator[str]:
    """What could not be seen from what was given."""
    if course is not None and not len(course.steps):
        yield "The recording has no record: nothing could be seen of the training."
        return
    if model is None:
        hidden = "labels, the scale of inputs and targets, and the outputs of layers"
        yield f"Without model= and batch=, {hidden} cannot be seen."
        optimizer = course.facts.get("optimizer") if course is not None else None
        if optimizer in _ADAPTIVE:
            yield (
                f"{optimizer} divides out the size of gradients, so the weights "
                "cannot show a vanishing gradient: model= and batch= can."
            )
    if course is None:
        yield "Without a recording, how the training went cannot be seen."
        return
    if np.isnan(course.still).all() and not course.is_lost:
        yield (
            "Silent units were not recorded: use RWCCallback(diagnose=True), or "
            "still_units among its measures."
        )
    if not np.isfinite(course.loss).any() and not course.is_lost:
        yield "No loss was logged, so what was learned cannot be told."
    if "unknown" in course.facts:
        yield (
            "The model did not tell optimizer, loss and activations: "
            f"{course.facts['unknown']}."
        )
    if not course.facts:
        yield (
            "The recording does not tell optimizer, loss and activations: it was made "
            "from checkpoints or by an earlier version."
        )
