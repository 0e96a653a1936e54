"""Audits of mechanisms: never above what is stated, and near it where they can be."""

import math
from dataclasses import replace

import numpy as np
import pytest
from privacy.release.cases import KEY, LAPLACE, SEEDS

from tfrwc.privacy import (
    DPSVD,
    DPPix,
    PixelGaussian,
    PixelLaplace,
    RandomizedResponse,
    ScalarShift,
    audit,
    insecure_test_key,
)

SLOW = pytest.mark.slow
FEW_SEEDS = pytest.mark.parametrize(
    "seeds", [SEEDS[:1], pytest.param(SEEDS[1:], marks=SLOW)]
)

# With confidence 0.9999 each, all bounds hold together with over 99.9 %.


@pytest.mark.parametrize(
    ("mechanism", "shape", "per", "delta"),
    [
        (PixelLaplace(255.0), (1, 1), "value", 0.0),
        pytest.param(PixelLaplace(85.0), (3, 3), "value", 0.0, marks=SLOW),
        pytest.param(PixelLaplace(1020.0), (2, 2), "image", 0.0, marks=SLOW),
        (PixelLaplace(1020.0), (4, 4), "image", 1e-3),
        (PixelGaussian(500.0), (1, 1), "value", 1e-3),
        (PixelGaussian(500.0), (4, 4), "image", 1e-3),
        (DPPix(2.0, 2, 4), (2, 2), "image", 0.0),
        pytest.param(RandomizedResponse(2.0, 4), (1, 1), "value", 0.0, marks=SLOW),
        (RandomizedResponse(0.5, 2), (2, 2), "image", 0.0),
    ],
)
@FEW_SEEDS
def test_no_attack_shows_more_than_the_statement(mechanism, shape, per, delta, seeds):
    for seed in seeds:
        key = insecure_test_key(seed)
        result = audit(mechanism, shape, per, 10_000, delta, confidence=0.9999, key=key)
        assert result.epsilon <= result.stated


@FEW_SEEDS
@pytest.mark.parametrize("epsilon", [0.5, 1.0, 2.0, 4.0])
def test_the_audit_of_laplace_noise_comes_within_a_factor_two(epsilon, seeds):
    mechanism = PixelLaplace.for_budget(epsilon, per="value")
    for seed in seeds:
        key = insecure_test_key(seed)
        result = audit(mechanism, (1, 1), trials=20_000, confidence=0.9999, key=key)
        assert result.epsilon > result.stated / 2


@pytest.mark.parametrize("mechanism", [ScalarShift(0.25), DPSVD(1.0, 1)])
def test_the_audit_sees_through_mechanisms_without_a_guarantee(mechanism):
    result = audit(mechanism, (4, 4), "structure", trials=20_000, key=KEY)
    assert result.epsilon > 4
    assert result.stated == math.inf


def test_the_audit_notices_too_little_noise():
    """Noise of half the scale that the statement speaks of."""

    class Lying(PixelLaplace):
        def _perturb(self, images, words):
            return (super()._perturb(images, words) + images) / 2

    result = audit(Lying(scale=255.0), (1, 1), trials=20_000, key=KEY)
    assert result.epsilon > result.stated


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: audit(LAPLACE, (1, 1), confidence=2), "confidence is a probability"),
        (lambda: audit(LAPLACE, (1, 1), per="pixel"), "'pixel'"),
        (lambda: audit(LAPLACE, (1, 1), trials=10), "100 or more"),
        (lambda: audit(LAPLACE, (1, 1), delta=-1e-5), "delta is a probability"),
        (lambda: audit(LAPLACE, (1, 1), key=b"short"), "16 bytes"),
        (lambda: audit(LAPLACE, (1, 1), images_per_patient=0), "images_per_patient"),
        (lambda: audit(LAPLACE, (2, 2), pair=(BLACK, BLACK)), "equal"),
        (lambda: audit(LAPLACE, (2, 2), pair=(BLACK, BLACK + 1)), "in one value"),
        (lambda: audit(LAPLACE, (2, 3), pair=(BLACK, BLACK + 1)), r"shape \(2, 3\)"),
        (lambda: audit(LAPLACE, (2, 2), pair=BLACK[0, 0]), "pair is two images"),
        (
            lambda: audit(LAPLACE, (2, 2), pair=(BLACK, BLACK * math.nan)),
            "must be finite",
        ),
        (
            lambda: audit(LAPLACE, (2, 2), "patient", pair=(BLACK, BLACK + 1)),
            r"\(images, \*\(2, 2\)\)",
        ),
        (lambda: audit(OfOneShape(), (2, 2), trials=100), "of the shape that it was"),
    ],
)
def test_mistakes_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_what_cannot_be_audited_is_named():
    with pytest.raises(TypeError, match="Received: str, which has no privatize"):
        audit("PixelLaplace", (1, 1))


class OfOneShape:
    """Returns one value whatever it gets."""

    def privatize(self, images, key, ids):
        return np.zeros(1)

    def statement(self, shape, delta):
        return LAPLACE.statement(shape, delta)


class WithSecret:
    """Noise that is right, but for images whose first value is 7 and second 9."""

    scale = 255.0

    def privatize(self, images, key, ids):
        right = PixelLaplace(self.scale).privatize(images, key, ids)
        secret = (images[:, 0, 0] == 7) & (images[:, 0, 1] == 9)
        return np.where(secret[:, None, None], images, right)

    def statement(self, shape, delta=1e-5, images_per_patient=1):
        return PixelLaplace(self.scale).statement(shape, delta, images_per_patient)


BLACK = np.zeros((2, 2))
SECRET = np.array([[7, 9], [0, 0]], np.uint8)
OTHER = np.array([[7, 8], [0, 0]], np.uint8)


def test_the_pair_may_be_the_callers():
    assert not audit(WithSecret(), (2, 2), trials=2000, key=KEY).exposed
    result = audit(WithSecret(), (2, 2), trials=2000, key=KEY, pair=(OTHER, SECRET))
    assert result.exposed
    assert result.pair.startswith("the pair")
    images = np.stack([OTHER, OTHER]), np.stack([OTHER, SECRET])
    mechanism = WithSecret()
    mechanism.scale = 2040.0
    result = audit(mechanism, (2, 2), "patient", 2000, key=KEY, pair=images)
    assert result.stated == pytest.approx(1.0)
    assert result.exposed


def test_a_patient_has_all_images_replaced():
    mechanism = PixelLaplace(765.0)
    result = audit(mechanism, (1, 1), "patient", 8000, key=KEY, images_per_patient=3)
    assert result.stated == pytest.approx(1.0)
    # More than one image could show.
    assert 1 / 3 < result.epsilon < 1.0


def test_the_same_key_gives_the_same_result():
    results = [audit(LAPLACE, (1, 2), trials=400, key=KEY) for _ in range(2)]
    assert results[0] == results[1]


def test_a_result_says_what_it_means():
    result = audit(PixelLaplace(255.0), (1, 1), trials=1000, key=KEY)
    assert "for one value is at least" in result.explain()
    assert "does not refute; another one might" in result.explain()
    assert result._repr_html_() == f"<p>{result.explain()}</p>"
    exposed = replace(result, epsilon=2.0)
    assert exposed.exposed
    assert "The statement is false: it says 1." in exposed.explain()
    without = audit(ScalarShift(1.0), (1, 1), trials=400, key=KEY)
    assert without.stated == math.inf
    assert not without.exposed
    assert "promises nothing for this delta" in without.explain()
