"""What several releases of the same images, or trainings on them, guarantee together.

>>> from tfrwc.privacy import PixelLaplace, compose
>>> january = PixelLaplace(scale=2550.0).statement((8, 8))
>>> february = PixelLaplace(scale=5100.0).statement((8, 8))
>>> both = compose([january, february])
>>> round(both.per_value_epsilon, 9), round(both.image_epsilon, 9)
(0.15, 9.6)
>>> print(both.summary())
epsilon 3.579, delta 2e-05, for an image

Trainings alone compose for one example, or unit, that is there or not, as each of their
statements is. With releases, which change an image, they compose for an image that is
replaced by another.
"""

import math
from collections.abc import Iterable
from typing import NamedTuple

from tfrwc.privacy.accounting.bounds import group_guarantee
from tfrwc.privacy.accounting.mixed import Known, Part, Training, mixed
from tfrwc.privacy.accounting.release import BASIC, PURE, Cost
from tfrwc.privacy.arguments import check_delta
from tfrwc.privacy.composed import ComposedStatement
from tfrwc.privacy.composed_training import ComposedTraining, composed_training
from tfrwc.privacy.guarantee import EpsilonDelta
from tfrwc.privacy.release.statement import ADJACENCY, Statement
from tfrwc.privacy.release_parts import parts_of
from tfrwc.privacy.sgd.sentences import of_fixed_batches
from tfrwc.privacy.sgd.statement import TrainingStatement
from tfrwc.privacy.statement import PrivacyStatement

_ALWAYS = (
    "These numbers are for what is listed here. Whatever else was made of the same "
    "images, and is not a function of what is listed, adds to them.",
)
_SHAPES = (
    "The releases have images of several shapes, so that a value of an original image "
    "can be in many values of another release: there is no guarantee for one value, "
    "only for whole images, whatever was made of them.",
)
_BY_PATIENT = (
    "A training has the patient as its unit: its numbers for a value or an image are "
    "those for the patient whose they are.",
)
_ONE_IMAGE = (
    "Of the others a patient is taken to have one image: give their statements "
    "images_per_patient if some have more.",
)
_TRAININGS = (
    "For a training, an image is replaced by another here, too, which tells more than "
    "one that is there or not, which its own statement is for.",
)
_STEEPEST = 1e6  # epsilon of a training with no noise to speak of


class _Guarantee(NamedTuple):
    """Of one statement, for a value, an image or a patient.

    Attributes:
        pure: epsilon with a delta of 0.
        approximate: epsilon and delta.
        parts: all noise that it is made of, or what else is known.
    """

    pure: float
    approximate: EpsilonDelta
    parts: list[Part]


def compose(
    statements: Iterable[PrivacyStatement], delta: float | None = None
) -> ComposedStatement | ComposedTraining:
    """The statement of several uses of the same images together.

    Pure epsilons add up. With a delta, all noise is composed by its privacy loss
    distributions where the statements say what noise it is (the mechanisms and the
    trainings of this package); other statements count with their epsilon and delta.
    Where that is not possible or not better, epsilons and deltas add up (basic
    composition).

    Trainings of one unit compose to a guarantee for one of it that is there or not.
    Beside releases, or trainings of another unit, they count for an image, or for the
    images of a patient, that are replaced by others; for this the worst pair of
    distributions is known, too (`GaussianStep.of_replacement`).

    What is made of a release, such as a model trained on released images, costs nothing
    more, and is left out; so is a training whose weights another training went on from,
    which has its steps in its own statement. A release that is only repeated, with the
    same key, ids and images, is the same one, and counts once.

    Args:
        statements: of releases (also of other sizes of the same images), of trainings
            on them, by image or by patient, or composed before. The patient's numbers
            are for the greatest `images_per_patient`.
        delta: of the guarantees of all together; None for the sum of their deltas,
            with which no epsilon is said to be below that of a part.

    Raises:
        TypeError: if one is not a statement.
        ValueError: if there is none, if they are for units other than images and
            patients and not all trainings of one unit, or if delta is not a
            probability.
    """
    listed = _flat(statements)
    if delta is not None:
        check_delta(delta)
    trainings = [one for one in listed if isinstance(one, TrainingStatement)]
    units = sorted({one.unit for one in listed})
    if len(trainings) == len(listed) and len(units) == 1:
        return composed_training(trainings, delta)
    for unit in units:
        if unit not in ("image", "patient"):
            raise ValueError(
                f"A statement is for one {unit}, and cannot be added to those for "
                "one image or patient. Compose statements for the same unit."
            )
    return _composed_statement(listed, delta)


def _composed_statement(
    listed: list[PrivacyStatement], delta: float | None
) -> ComposedStatement:
    """Of statements for images and patients that are replaced by others."""
    k = max(getattr(one, "images_per_patient", 1) for one in listed)
    value, image, patient = (
        _together([of_one(one, k) for one in listed], delta)
        for of_one in (_of_value, _of_image, _of_patient)
    )
    one_shape = len({getattr(one, "image_shape", None) for one in listed} - {None}) < 2
    if not one_shape:
        value = math.inf, EpsilonDelta(math.inf, value[1].delta), "no guarantee"
    without_sampling = None
    fixed = []
    if any(getattr(one, "sampling", "") == "fixed" for one in listed):
        unsampled = [_of_image(one, k, sampling=False) for one in listed]
        without_sampling = _together(unsampled, delta)[1].epsilon
        fixed = [f"For an image: {of_fixed_batches(without_sampling)}"]
    trained = any(isinstance(one, TrainingStatement) for one in listed)
    units = {one.unit for one in listed}
    by_patient = "patient" in units
    sentences = [
        *(() if one_shape else _SHAPES),
        *(_TRAININGS if trained else ()),
        *(_BY_PATIENT if by_patient else ()),
        *(_ONE_IMAGE if by_patient and k == 1 and len(units) > 1 else ()),
        *fixed,
        *_ALWAYS,
        *(text for one in listed for text in getattr(one, "rests_on", ())),
        *(text for one in listed for text in getattr(one, "not_promised", ())),
    ]
    return ComposedStatement(
        parts=tuple(one.to_dict() for one in listed),
        per_value_epsilon=value[0],
        per_value_epsilon_delta=value[1],
        image_epsilon=image[0],
        image_epsilon_delta=image[1],
        images_per_patient=k,
        patient_epsilon=patient[0],
        patient_epsilon_delta=patient[1],
        method=(value[2], image[2], patient[2]),
        numerical_delta=min(
            1.0, math.fsum(getattr(one, "numerical_delta", 0.0) for one in listed)
        ),
        labels_covered=all(getattr(one, "labels_covered", True) for one in listed),
        not_promised=tuple(dict.fromkeys(sentences)),
        adjacency=ADJACENCY,
        image_epsilon_without_sampling=without_sampling,
    )


def _flat(statements: Iterable[PrivacyStatement]) -> list[PrivacyStatement]:
    """The statements, with the parts of composed ones in their place."""
    listed: list[PrivacyStatement] = []
    if isinstance(statements, PrivacyStatement) or not isinstance(statements, Iterable):
        raise TypeError(
            "compose takes a list of statements. Received: "
            f"{type(statements).__name__}."
        )
    for one in statements:
        if not isinstance(one, PrivacyStatement):
            raise TypeError(
                "compose takes statements, such as mechanism.statement(shape) or "
                f"read_statement(folder). Received: {type(one).__name__}."
            )
        if isinstance(one, (ComposedStatement, ComposedTraining)):
            listed += one.statements
        else:
            listed.append(one)
    if not listed:
        raise ValueError("compose takes one statement or more. Received: none.")
    return listed


def _together(
    guarantees: list[_Guarantee], delta: float | None
) -> tuple[float, EpsilonDelta, str]:
    """Pure epsilon, epsilon with delta and method of several guarantees."""
    # In an order of their own, so that rounding is the same for any order.
    guarantees = sorted(guarantees, key=str)
    pure = math.fsum(one.pure for one in guarantees)
    deltas = min(math.fsum(one.approximate.delta for one in guarantees), 1 - 2.0**-53)
    whole = deltas if delta is None else delta
    if any(math.isinf(min(one.pure, one.approximate.epsilon)) for one in guarantees):
        return pure, EpsilonDelta(math.inf, whole), "no guarantee"
    costs = [Cost(pure, PURE)]
    if deltas <= whole:
        basic = math.fsum(one.approximate.epsilon for one in guarantees)
        costs.append(Cost(basic, BASIC))
    parts = [part for one in guarantees for part in one.parts]
    if parts and (accounted := mixed(parts, whole)) is not None:
        costs.append(accounted)
    best = min(costs, key=lambda cost: cost.epsilon)
    epsilon = best.epsilon
    if delta is None:
        epsilon = max(epsilon, *(min(one[0], one[1].epsilon) for one in guarantees), 0)
    return pure, EpsilonDelta(epsilon, whole), best.method


def _of_value(one: PrivacyStatement, k: int) -> _Guarantee:
    if isinstance(one, Statement):
        pure, approximate = one.per_value_epsilon, one.per_value_epsilon_delta
        return _of_release(one, pure, approximate, 1, "value")
    return _of_image(one, k)  # of which a value is a part


def _of_image(one: PrivacyStatement, k: int, sampling: bool = True) -> _Guarantee:
    if isinstance(one, Statement):
        pure, approximate = one.image_epsilon, one.image_epsilon_delta
        return _of_release(one, pure, approximate, 1, "image")
    return _of_others_in_place(one, 1, sampling)


def _of_patient(one: PrivacyStatement, k: int) -> _Guarantee:
    if one.unit == "patient":
        return _of_others_in_place(one, 1)
    if isinstance(one, Statement):
        pure, approximate = one.patient_epsilon, one.patient_epsilon_delta
        if one.images_per_patient < k:
            pure = k * one.image_epsilon
            approximate = _group(one.image_epsilon_delta, k)
        return _of_release(one, pure, approximate, k, "image")
    return _of_others_in_place(one, k)


def _of_release(
    one: Statement, pure: float, approximate: EpsilonDelta, k: int, per: str
) -> _Guarantee:
    parts = parts_of(one, k, per)
    if parts is None:
        # Which of both is the better worst case depends on the others: mostly this.
        is_close = pure <= 2 * approximate.epsilon
        parts = [Known(pure) if is_close else Known(*approximate)]
    return _Guarantee(pure, approximate, parts)


def _of_others_in_place(
    one: PrivacyStatement, images: int, sampling: bool = True
) -> _Guarantee:
    """For images that are replaced, of a statement for what is there or not."""
    if not isinstance(one, TrainingStatement):
        both = _group(one.guarantee_of(images), 2)
        pure = both.epsilon if both.delta == 0 else math.inf
        return _Guarantee(pure, both, [Known(*both)])
    both, stages = one.guarantee_of_replaced(images, sampling), one.accounted(sampling)
    if stages == ():
        return _Guarantee(0.0, both, [])
    if stages is None or both.epsilon > _STEEPEST:
        return _Guarantee(math.inf, both, [Known(*both)])
    return _Guarantee(math.inf, both, [Training(stages, images)])


def _group(guarantee: EpsilonDelta, size: int) -> EpsilonDelta:
    if math.isinf(guarantee.epsilon):
        return guarantee
    epsilon, delta = group_guarantee(*guarantee, size)
    return EpsilonDelta(epsilon if delta < 1 else math.inf, delta if delta < 1 else 0.0)
