"""Numbers that are put together from several tables."""

import math
from decimal import Context, Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest
from privacy.exact.oracles import (
    DIGITS,
    decimal,
    gaussian_weights,
    laplace_weights,
)
from scipy import stats

from tfrwc.privacy import insecure_test_key
from tfrwc.privacy.exact import integers
from tfrwc.privacy.exact.integers import (
    SMOOTHING,
    GaussianNumbers,
    LaplaceNumbers,
    ResponseNumbers,
)
from tfrwc.privacy.noise import KeyedNoise

SEEDS, LEVEL = range(5), 1e-3


def draw(numbers, seed, images=10, count=4000):
    noise = KeyedNoise(insecure_test_key(seed), b"numbers")
    blank = np.zeros((images, 1), np.uint8)
    return numbers.draw(
        noise.words(range(images), blank, numbers.words(count)), count
    ).ravel()


def check(sample, weights):
    """Counts of each number, or of some in a row, and the tails, by chi-square."""
    numbers = np.array(list(weights))
    expected = np.array([float(weight) for weight in weights.values()]) * len(sample)
    groups = np.floor(np.cumsum(expected) / 50).astype(int)
    starts = np.flatnonzero(np.diff(groups, prepend=-1))
    index = np.searchsorted(numbers[starts], sample, side="right") - 1
    counts = np.bincount(index.clip(0), minlength=len(starts))
    sums = np.add.reduceat(expected, starts)
    sums[0] += len(sample) - sums.sum()  # and all beyond
    return stats.chisquare(counts, sums).pvalue


@pytest.mark.parametrize("scale", [0.3, 7.0, 100.0, 300.0, 40_000.0])
def test_laplace_numbers(scale):
    numbers = LaplaceNumbers(Fraction(scale), 255)
    thin = max(1, round(scale / 300))  # numbers told together
    weights = laplace_weights(scale / thin, int(30 * scale / thin) + 3)
    for seed in SEEDS:
        sample = draw(numbers, seed)
        if thin == 1:
            assert check(sample, weights) > LEVEL / len(SEEDS)
        else:
            cdf = stats.laplace(scale=scale).cdf  # far finer than the sample
            assert stats.kstest(sample, cdf).pvalue > LEVEL / len(SEEDS)
            # And the last digits are even.
            for modulus in (2, 64, 256):
                counts = np.bincount(sample % modulus, minlength=modulus)
                assert stats.chisquare(counts).pvalue > LEVEL / len(SEEDS) / 3


@pytest.mark.parametrize("sigma", [0.3, 7.0, 100.0, 300.0, 40_000.0])
def test_gaussian_numbers(sigma):
    numbers = GaussianNumbers(Fraction(sigma), 255)
    for seed in SEEDS:
        sample = draw(numbers, seed)
        if sigma <= 300:
            weights = gaussian_weights(Fraction(sigma) ** 2, int(22 * sigma) + 3)
            assert check(sample, weights) > LEVEL / len(SEEDS)
        else:
            cdf = stats.norm(scale=sigma).cdf
            assert stats.kstest(sample, cdf).pvalue > LEVEL / len(SEEDS)
            for modulus in (2, 64, 256):
                counts = np.bincount(sample % modulus, minlength=modulus)
                assert stats.chisquare(counts).pvalue > LEVEL / len(SEEDS) / 3


def test_responses():
    numbers = ResponseNumbers(Fraction(1), 5)
    keep = math.e / (math.e + 4)
    for seed in SEEDS:
        counts = np.bincount(draw(numbers, seed), minlength=5)
        expected = np.array([keep] + [(1 - keep) / 4] * 4) * counts.sum()
        assert stats.chisquare(counts, expected).pvalue > LEVEL / len(SEEDS)


def pmf(table):
    """Probabilities of a table's law, by outcome, to 2**-200."""
    first, low, _ = table._law.thresholds(200)
    edges = [0, *low, 2**200]
    with localcontext(Context(prec=DIGITS)):
        unit = Decimal(2) ** 200
        return {
            first + i: (edges[i + 1] - edges[i]) / unit for i in range(len(edges) - 1)
        }


@pytest.mark.parametrize("scale", [Fraction(5), Fraction(47, 3)])
def test_digits_and_blocks_multiply_to_the_probability(scale, monkeypatch):
    """For every number, with the outcomes that `draw` puts together."""
    monkeypatch.setattr(integers, "_LIMIT", 1)
    monkeypatch.setattr(integers, "_DIGIT_BITS", 2)
    numbers = LaplaceNumbers(scale, 255)
    assert numbers._bits >= 3
    tables = [numbers._blocks, *(digit for _, digit in numbers._digits)]
    probabilities = [pmf(table) for table in tables]
    expected = laplace_weights(scale, 60)
    sums = dict.fromkeys(expected, Decimal(0))
    outcomes = [list(p) for p in probabilities]
    outcomes[0] = [block for block in outcomes[0] if abs(block) < 40]
    every = np.array(np.meshgrid(*outcomes)).reshape(len(tables), -1)
    given = iter(every)
    shifts = [numbers._bits, *(shift for shift, _ in numbers._digits)]

    def outcome(*arguments):
        i = next(places)
        return (next(given)[None] << shifts[i]).astype(np.int32)

    places = iter(range(len(tables)))
    monkeypatch.setattr(numbers, "_outcomes", outcome)
    drawn = numbers.draw(np.zeros((1, 1), np.int64), every.shape[1])[0]
    assert len(set(drawn.tolist())) == len(drawn)
    with localcontext(Context(prec=DIGITS)):
        for number, parts in zip(drawn.tolist(), every.T.tolist(), strict=True):
            product = Decimal(1)
            for p, part in zip(probabilities, parts, strict=True):
                product *= p[part]
            if number in sums:
                sums[number] += product
        for number, weight in expected.items():
            assert abs(sums[number] / weight - 1) < Decimal(10) ** -40


@pytest.mark.parametrize("sigma", [Fraction(129), Fraction(200)])
def test_sums_of_gaussian_numbers_are_gaussian_ones(sigma):
    """To the digits of double precision."""
    numbers = GaussianNumbers(sigma, 255)
    assert len(numbers._levels) == 2
    total = np.ones(1)
    for shift, table in numbers._levels:
        p = {k: float(x) for k, x in pmf(table).items()}
        most = max(map(abs, p))
        spread = np.zeros((2 * most << shift) + 1)
        for k, x in p.items():
            spread[(k + most) << shift] = x
        total = np.convolve(total, spread)
    middle = len(total) // 2
    k = np.arange(-8 * int(sigma), 8 * int(sigma) + 1)
    expected = np.exp(-(k**2) / (2 * float(sigma) ** 2))
    expected /= float(sigma) * math.sqrt(2 * math.pi)
    assert np.abs(total[middle + k] / expected - 1).max() < 1e-12


def test_a_grid_does_not_show_to_smoothing_noise():
    with localcontext(Context(prec=60)):
        # As small as it becomes in a sum with coarse noise of 64 steps (63.9 here).
        coarse = Decimal("63.9") ** 2
        variance = decimal(SMOOTHING) ** 2
        variance = variance * coarse / (variance + coarse)
        sums = [
            sum((-((k - x / Decimal(64)) ** 2) / (2 * variance)).exp()
                for k in range(-30, 31))
            for x in range(65)
        ]  # fmt: skip
        assert max(sums) / min(sums) < (1 + Decimal("1.1e-19")) ** 2
        assert max(sums) / min(sums) > 1 + Decimal("1e-19")


@pytest.mark.parametrize("most", [255, 2**29])
def test_sums_beyond_what_a_table_tells_do_not_show_the_value(most, monkeypatch):
    """The farthest outcome, or one beyond, with any value."""
    numbers = LaplaceNumbers(Fraction(10), most)
    farthest = numbers._farthest
    assert most <= farthest // 2
    for sign in (-1, 1):
        monkeypatch.setattr(
            numbers, "draw",
            lambda words, count, s=sign: np.full((1, 2), s * farthest, numbers._dtype),
        )  # fmt: skip
        words = np.zeros((1, 9), np.int64)
        sums = numbers.added(np.array([[0.0, float(most)]]), words, 1.0)
        assert sums[0, 0] == sums[0, 1] == sign * (farthest // 2)


def test_words_of_a_number():
    """Two outcomes to a word of 64 bits, and the seeds."""
    assert LaplaceNumbers(Fraction(10), 255).words(7) == 4 + 4
    assert LaplaceNumbers(Fraction(1000), 255).words(7) == 7 + 4
