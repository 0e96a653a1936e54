"""Audits of mechanisms: never above what is stated, and near it where they can be."""

import math

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

# With confidence 0.9999 each, all bounds hold together with over 99.9 %.


@pytest.mark.parametrize(
    ("mechanism", "shape", "per", "delta"),
    [
        (PixelLaplace(255.0), (1, 1), "value", 0.0),
        (PixelLaplace(85.0), (3, 3), "value", 0.0),
        (PixelLaplace(1020.0), (2, 2), "image", 0.0),
        (PixelLaplace(1020.0), (4, 4), "image", 1e-3),
        (PixelGaussian(500.0), (1, 1), "value", 1e-3),
        (PixelGaussian(500.0), (4, 4), "image", 1e-3),
        (DPPix(2.0, 2, 4), (2, 2), "image", 0.0),
        (RandomizedResponse(2.0, 4), (1, 1), "value", 0.0),
        (RandomizedResponse(0.5, 2), (2, 2), "image", 0.0),
    ],
)
def test_no_attack_shows_more_than_the_statement(mechanism, shape, per, delta):
    for seed in SEEDS:
        key = insecure_test_key(seed)
        result = audit(mechanism, shape, per, 10_000, delta, confidence=0.9999, key=key)
        assert result.epsilon <= result.stated


@pytest.mark.parametrize("epsilon", [0.5, 1.0, 2.0, 4.0])
def test_the_audit_of_laplace_noise_comes_within_a_factor_two(epsilon):
    mechanism = PixelLaplace.for_budget(epsilon, per="value")
    for seed in SEEDS:
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
    ],
)
def test_mistakes_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()
