"""Statements of several releases of the same images, together."""

import json
import math
from dataclasses import dataclass, replace
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from privacy import statements

from tfrwc.privacy import (
    DPSVD,
    ComposedStatement,
    ComposedTraining,
    DPPix,
    PixelGaussian,
    PixelLaplace,
    RandomizedResponse,
    compose,
    read_statement,
    write_statement,
)
from tfrwc.privacy.accounting.bounds import group_guarantee
from tfrwc.privacy.release import register
from tfrwc.privacy.release.catalogue import MECHANISMS as MECHANISMS_BY_NAME
from tfrwc.privacy.sgd.statement import NoPrivacy
from tfrwc.privacy.statement import statement_from_dict

SHAPE = (4, 5)
MECHANISMS = [
    PixelLaplace(2550.0),
    PixelGaussian(2000.0),
    DPPix(0.5, 3, 4),
    RandomizedResponse(0.1, 4),
]
TRAINING = replace(
    statements.TRAINING,
    epsilon=0.5,
    delta=1e-6,
    sampling="poisson",
    patient_epsilon=1.2,
)


@pytest.mark.parametrize("mechanism", MECHANISMS, ids=lambda m: type(m).__name__)
@pytest.mark.parametrize("releases", [1, 2, 5])
def test_equal_releases_cost_what_so_many_images_cost(mechanism, releases):
    """The noise on k releases of an image is that on k images."""
    one = mechanism.statement(SHAPE, delta=1e-5, images_per_patient=3)
    delta = releases * 1e-5
    many = mechanism.statement(SHAPE, delta, images_per_patient=releases)
    patients = mechanism.statement(SHAPE, delta, images_per_patient=3 * releases)
    for composed in (compose([one] * releases), compose([one] * releases, delta)):
        assert composed.image_epsilon == pytest.approx(many.patient_epsilon)
        assert composed.image_epsilon_delta == pytest.approx(many.patient_epsilon_delta)
        assert composed.images_per_patient == 3
        assert composed.patient_epsilon == pytest.approx(patients.patient_epsilon)
        expected = patients.patient_epsilon_delta
        assert composed.patient_epsilon_delta == pytest.approx(expected)
        of_value = compose([mechanism.statement((1, 1), delta=1e-5)] * releases)
        if not isinstance(mechanism, DPPix):
            assert composed.per_value_epsilon_delta == pytest.approx(
                of_value.image_epsilon_delta
            )


def test_two_scales_of_laplace_noise_against_an_oracle():
    """Losses of both values on a grid, convolved; to 1 %."""
    composed = compose(
        [PixelLaplace(255.0).statement((1, 1)), PixelLaplace(85.0).statement((1, 1))],
        delta=1e-2,
    )
    # Of noise scale 1 at distances 1 and 3: loss |x - d| - |x|.
    x = np.linspace(-40, 40, 4001)
    p = np.exp(-np.abs(x))
    p /= p.sum()
    first, second = (np.abs(x - d) - np.abs(x) for d in (1, 3))
    losses = (first[:, None] + second[None, :]).ravel()
    weights = np.outer(p, p).ravel()
    epsilon = composed.image_epsilon_delta.epsilon
    excess = weights @ np.maximum(-np.expm1(epsilon - losses), 0)
    assert excess == pytest.approx(1e-2, rel=0.01)
    assert composed.image_epsilon == pytest.approx(4.0)


STATEMENTS = st.sampled_from(
    [
        *(mechanism.statement(SHAPE, delta=1e-5) for mechanism in MECHANISMS),
        PixelLaplace(300.0).statement(SHAPE, delta=1e-4, images_per_patient=2),
        PixelGaussian(9000.0).statement(SHAPE, delta=1e-6),
        PixelLaplace(5000.0).statement((2, 2), delta=1e-5),
        TRAINING,
    ]
)


def epsilons(composed):
    if isinstance(composed, ComposedTraining):
        # Images that are replaced: taken away, and others added.
        image, patient = composed.epsilon, composed.patient_epsilon
        return [2 * image, 2 * image, 2 * patient]
    return [
        composed.per_value_epsilon_delta.epsilon,
        composed.image_epsilon_delta.epsilon,
        composed.patient_epsilon_delta.epsilon,
    ]


@given(st.lists(STATEMENTS, min_size=2, max_size=3))
@settings(max_examples=10, deadline=None, derandomize=True)
def test_order_does_not_matter_and_bounds_hold(statements):
    composed = compose(statements)
    other = compose(statements[::-1])
    assert epsilons(other) == epsilons(composed)
    alone = [compose([statement]) for statement in statements]
    for level in (1, 2):
        parts = [epsilons(one)[level] for one in alone]
        # A patient with more images than a part says costs more than that part.
        assert epsilons(composed)[level] >= max(parts) * (1 - 1e-9)
    assert epsilons(composed)[1] <= sum(epsilons(one)[1] for one in alone) + 1e-9
    pure = sum(getattr(one, "image_epsilon", math.inf) for one in alone)
    if isinstance(composed, ComposedStatement):
        assert composed.image_epsilon == pytest.approx(pure)


@pytest.mark.parametrize("order", list(permutations(range(3)))[1:])
def test_composing_step_by_step_is_composing_at_once(order):
    parts = [m.statement(SHAPE) for m in MECHANISMS[:3]]
    first, second, third = (parts[i] for i in order)
    nested = compose([compose([first, second]), third])
    assert len(nested.parts) == 3
    assert epsilons(nested) == epsilons(compose(parts))


def test_a_training_counts_twice_since_an_image_is_replaced():
    release = PixelLaplace(25500.0).statement(SHAPE, delta=1e-6)
    composed = compose([release, TRAINING])
    epsilon, delta = group_guarantee(0.5, 1e-6, 2)
    assert composed.image_epsilon_delta.delta == pytest.approx(delta + 1e-6)
    assert composed.image_epsilon_delta.epsilon >= epsilon
    most = epsilon + release.image_epsilon_delta.epsilon
    assert composed.image_epsilon_delta.epsilon <= most
    assert composed.image_epsilon == math.inf
    assert composed.images_per_patient == 2
    of_patient, _ = group_guarantee(1.2, 1e-6, 2)
    assert composed.patient_epsilon_delta.epsilon > of_patient
    assert not composed.labels_covered
    assert any("is replaced by another here" in text for text in composed.not_promised)
    assert "A model trained on them" in composed.explain()


def test_other_sizes_leave_no_guarantee_for_a_value():
    sizes = [PixelLaplace(2550.0).statement(shape) for shape in ((4, 5), (2, 2))]
    composed = compose(sizes)
    assert composed.per_value_epsilon == math.inf
    assert composed.per_value_epsilon_delta.epsilon == math.inf
    assert composed.image_epsilon == pytest.approx(2.4)
    assert any("no guarantee for one value" in text for text in composed.not_promised)


def test_what_guarantees_nothing_leaves_nothing():
    for one in (DPSVD(0.1, 2).statement(SHAPE), NoPrivacy()):
        composed = compose([MECHANISMS[0].statement(SHAPE), one])
        assert composed.guarantee.epsilon == math.inf
        assert composed.summary() == "none"
        assert "no guarantee at all" in composed.explain()


def test_a_mechanism_of_a_users_own_counts_with_its_guarantee():
    ours = MECHANISMS[0].statement(SHAPE, delta=1e-6)
    own = replace(ours, mechanism="Dither")
    composed = compose([ours, own], delta=1e-5)
    together = compose([ours, ours], delta=1e-5)
    assert composed.image_epsilon == together.image_epsilon == pytest.approx(4.0)
    epsilon = composed.image_epsilon_delta.epsilon
    assert together.image_epsilon_delta.epsilon < epsilon < 4.0
    # And so does a statement that says it is of a mechanism that states otherwise.
    forged = replace(ours, per_value_epsilon=0.5)
    assert compose([forged], delta=1e-5).method[1] != "analytic Gaussian"


def test_a_delta_too_small_for_the_parts_takes_the_pure_guarantee():
    release = MECHANISMS[0].statement(SHAPE, delta=1e-5)
    composed = compose([release, RandomizedResponse(0.1, 4).statement(SHAPE)], 1e-12)
    assert composed.image_epsilon_delta == pytest.approx((4.0, 1e-12))
    assert composed.method[1] == "pure composition"


def test_it_is_written_read_and_explained_like_others(tmp_path):
    composed = compose([m.statement(SHAPE) for m in MECHANISMS])
    summary = write_statement(composed, tmp_path)
    again = read_statement(tmp_path)
    assert again == composed
    assert isinstance(again, ComposedStatement)
    assert statement_from_dict(json.loads(composed.to_json())) == composed
    assert summary == composed.summary()
    text = (tmp_path / "privacy_statement.txt").read_text()
    for name in ("PixelLaplace", "PixelGaussian", "DPPix", "RandomizedResponse"):
        assert name in text
    assert "4 uses of the same images" in text


def test_a_training_by_patient_covers_all_that_is_of_the_patient():
    by_patient = replace(TRAINING, unit="patient", patient_epsilon=0.5)
    release = PixelLaplace(2550.0).statement(SHAPE, 1e-5, images_per_patient=3)
    both = compose([by_patient, release])
    # A patient replaced by another: removed and added.
    twice = group_guarantee(0.5, 1e-6, 2)
    with_images = compose([by_patient, replace(by_patient, unit="image", epsilon=0.0)])
    assert with_images.image_epsilon_delta.epsilon == pytest.approx(twice[0])
    assert with_images.per_value_epsilon_delta == with_images.image_epsilon_delta
    assert both.images_per_patient == 3
    epsilon = both.patient_epsilon_delta.epsilon
    assert release.patient_epsilon_delta.epsilon < epsilon
    assert epsilon <= release.patient_epsilon_delta.epsilon + twice[0] + 1e-9
    assert any("has the patient as its unit" in said for said in both.not_promised)
    # By image, all of a patient's images cost more than by patient.
    by_image = compose([replace(TRAINING, images_per_patient=3), release])
    assert epsilon < by_image.patient_epsilon_delta.epsilon


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: compose([]), ValueError, "one statement or more"),
        (lambda: compose(TRAINING), TypeError, "a list of statements"),
        (lambda: compose([1.0]), TypeError, "Received: float"),
        (lambda: compose([TRAINING], delta=2), ValueError, "delta is a probability"),
        (
            lambda: compose([TRAINING, replace(TRAINING, unit="household")]),
            ValueError,
            "for one household",
        ),
        (
            lambda: replace(compose([TRAINING]), parts=({"kind": "oath"},)),
            ValueError,
            "'oath'",
        ),
        (lambda: replace(compose([TRAINING]), parts=()), ValueError, "one part"),
    ],
)
def test_mistakes_are_named(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_what_a_training_rests_on_is_said_of_all():
    training = replace(TRAINING, sampling="fixed", rests_on=("It is on trust.",))
    composed = compose([training, MECHANISMS[0].statement(SHAPE)])
    assert "It is on trust." in composed.not_promised
    assert "not proven" in composed.explain()
    assert composed.image_epsilon_without_sampling == math.inf
    poisson = compose([TRAINING, MECHANISMS[0].statement(SHAPE)])
    assert poisson.image_epsilon_without_sampling is None
    assert "not proven" not in poisson.explain()


@dataclass(frozen=True)
class Mine(PixelLaplace):
    """A mechanism of a user's, whose noise accountants know."""

    scale: float


def test_the_noise_of_a_registered_mechanism_is_known():
    statements = [m(2550.0).statement(SHAPE) for m in (Mine, PixelLaplace)]
    mine, laplace = (compose([one] * 20).image_epsilon_delta for one in statements)
    assert mine.epsilon > laplace.epsilon  # only its guarantee is known
    with MECHANISMS_BY_NAME.preserved():
        register(
            Mine,
            budgets={"mine_1": lambda shape: Mine(2550.0)},
            colour="#010203",
            marker="8",
            noise="mine",
            guarantee="mine",
        )
        assert compose([statements[0]] * 20).image_epsilon_delta == laplace
