"""The statement of released images."""

import numpy as np
import pytest
from scipy.stats import norm

from tfrwc._common.percent import percent
from tfrwc.privacy import (
    DPPix,
    PixelGaussian,
    PixelLaplace,
    RandomizedResponse,
    ScalarShift,
)


def test_numbers_of_a_statement():
    s = PixelLaplace(scale=51.0).statement((4, 5, 3), delta=1e-6, images_per_patient=7)
    assert s.values_per_image == 60
    assert s.bounds == (0.0, 255.0)
    assert s.per_value_epsilon == 5.0
    assert s.epsilon_for_values(3) == 15.0
    assert s.image_epsilon == 300.0
    assert s.patient_epsilon == 2100.0
    assert s.image_epsilon_delta.delta == 1e-6
    assert s.per_value_epsilon < s.image_epsilon_delta.epsilon < 300
    assert s.image_epsilon_delta.epsilon < s.patient_epsilon_delta.epsilon < 2100
    assert not s.labels_covered
    assert s.numerical_delta == 0


def release_of(mechanism, shape):
    return mechanism.statement(shape).attacks()


@pytest.mark.parametrize("sigma", [255.0, 2550.0])
def test_the_best_attack_on_normal_noise(sigma):
    best = release_of(PixelGaussian(sigma), (8, 8))
    shift = 255 * 8 / sigma
    assert best.advantage == pytest.approx(2 * norm.cdf(shift / 2) - 1, rel=2e-3)


@pytest.mark.parametrize(
    ("mechanism", "shape", "parts"),
    [
        (PixelLaplace(2550.0), (8, 8), [(0.1, 64)]),
        (PixelLaplace(2550.0), (8, 8, 3), [(0.1, 192)]),
        (RandomizedResponse(0.2, 4), (5, 4), [(0.2, 20)]),
        (DPPix(0.8, cell=4, m=16), (9, 8), [(0.8, 4), (0.2, 2)]),
    ],
)
def test_the_best_attack_on_pure_mechanisms(mechanism, shape, parts):
    """Never more than on as many mechanisms of these epsilons, of which the sum of
    random signs tells most; and simulated Laplace noise comes near to it."""
    best = release_of(mechanism, shape)
    rng = np.random.default_rng(0)
    sums = {sign: np.zeros(200_000) for sign in (1, -1)}
    for epsilon, count in parts:
        truth = 1 / (1 + np.exp(-epsilon))
        for sign in sums:
            right = rng.binomial(count, truth, 200_000)
            sums[sign] += sign * epsilon * (2 * right - count)
    advantage = (sums[1] > 0).mean() - (sums[-1] > 0).mean()
    # 4.5 standard errors: this fails by chance with a probability of 7e-6.
    assert best.advantage == pytest.approx(advantage, abs=4.5 / np.sqrt(400_000) + 1e-3)


def test_laplace_noise_is_attacked_nearly_as_well_as_is_allowed():
    """The test of likelihood ratios on images all black or all white."""
    mechanism, count, trials = PixelLaplace(1275.0), 49, 40_000
    rng = np.random.default_rng(1)
    noise = rng.laplace(0, 1275.0, (2, trials, count))
    shown = noise + np.array([255.0, 0.0])[:, None, None]
    ratio = (np.abs(shown) - np.abs(shown - 255)).sum(-1)
    advantage = (ratio[0] > 0).mean() - (ratio[1] > 0).mean()
    error = 4.5 / np.sqrt(2 * trials)
    best = release_of(mechanism, (7, 7))
    assert 0.95 * best.advantage - error < advantage < best.advantage + error


def test_what_the_text_says_of_attacks():
    weak, strong = PixelGaussian(25_500.0), PixelGaussian(25.5)
    text = weak.statement((8, 8)).explain()
    assert f"at best {percent(release_of(weak, (8, 8)).success)} of the time" in text
    assert "practically always" in strong.statement((8, 8)).explain()
    blank = ScalarShift(1.0).statement((8, 8))
    assert blank.attacks().advantage == 1
    assert "with certainty" in blank.explain()
