"""Thresholds of laws, against their formulas in 100 digits."""

from decimal import Context, Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from privacy.exact.oracles import DIGITS, decimal, gaussian_weights, laplace_weights

from tfrwc.privacy.exact.laws import (
    DiscreteGaussian,
    GeometricDigit,
    Response,
    TwoSidedGeometric,
    exponential,
)

BITS = st.sampled_from([1, 8, 32, 96])
fractions = st.fractions(Fraction(1, 50), 200, max_denominator=10**6)


def check(law, bits, weights, ends):
    """Bounds hold, are a unit or two apart, and leave nothing out."""
    first, low, high = law.thresholds(bits)
    assert low == sorted(low)
    assert high == sorted(high)
    assert min(high) >= 1
    with localcontext(Context(prec=DIGITS)):
        unit = Decimal(2) ** bits
        total = sum(weight for k, weight in weights.items() if k <= first)
        for k, below, above in zip(range(first, first + len(low)), low, high, strict=1):
            total += weights[k] if k > first else 0
            error = Decimal(10) ** -60  # of the sum
            assert below - error <= total * unit <= above + error
            assert above - below <= 2
    if ends:
        assert len(low) == len(weights) - 1
        assert first == 0
    else:
        assert low[0] == 0
        assert high[-1] == 2**bits


@settings(max_examples=30, deadline=None)
@given(fractions.filter(lambda s: s <= 40), BITS)
def test_two_sided_geometric_numbers(scale, bits):
    weights = laplace_weights(scale, int(150 * scale) + 200)
    check(TwoSidedGeometric(1 / scale), bits, weights, ends=False)


@settings(max_examples=30, deadline=None)
@given(fractions.filter(lambda s: s <= 10), st.sampled_from([2, 4, 16]), BITS)
def test_blocks_of_two_sided_geometric_numbers(scale, size, bits):
    most = (int(150 * scale) // size + 40) * size
    weights = laplace_weights(scale, most)
    blocks = dict.fromkeys(range(-most // size, most // size), Decimal(0))
    with localcontext(Context(prec=DIGITS)):
        for k in range(-most, most):
            blocks[k // size] += weights[k]
    check(TwoSidedGeometric(1 / scale, size), bits, blocks, ends=False)


@settings(max_examples=30, deadline=None)
@given(fractions.filter(lambda s: s <= 30), BITS)
@example(Fraction(7, 75), 96)
@example(Fraction(1, 50), 8)
def test_discrete_gaussian_numbers(sigma, bits):
    weights = gaussian_weights(sigma**2, int(25 * sigma) + 30)
    check(DiscreteGaussian(sigma**2), bits, weights, ends=False)


@settings(max_examples=30, deadline=None)
@given(st.fractions(Fraction(1, 10**12), 50), st.sampled_from([2, 16, 128]), BITS)
def test_digits_of_geometric_numbers(rate, size, bits):
    with localcontext(Context(prec=DIGITS)):
        weights = [(-decimal(rate * k)).exp() for k in range(size)]
        total = sum(weights)
        weights = {k: weight / total for k, weight in enumerate(weights)}
    check(GeometricDigit(rate, size), bits, weights, ends=True)


@settings(max_examples=30, deadline=None)
@given(st.fractions(Fraction(1, 1000), 100), st.integers(2, 256), BITS)
def test_responses(epsilon, levels, bits):
    with localcontext(Context(prec=DIGITS)):
        keep = 1 / (1 + (levels - 1) * (-decimal(epsilon)).exp())
        weights = dict.fromkeys(range(levels), (1 - keep) / (levels - 1)) | {0: keep}
    check(Response(epsilon, levels), bits, weights, ends=True)


@pytest.mark.parametrize("scale", [Fraction(1, 3), Fraction(5), Fraction(20)])
@pytest.mark.parametrize("distance", [1, 7, 255])
def test_the_pure_epsilon_of_laplace_numbers_holds_for_every_outcome(scale, distance):
    """With bounds to 2**-2000, out to probabilities that have 600 bits of these."""
    bits, fine = 2000, 4000
    _, low, high = TwoSidedGeometric(1 / scale).thresholds(bits)
    least = [low[i] - high[i - 1] for i in range(1, len(low))]
    most = [high[i] - low[i - 1] for i in range(1, len(low))]
    allowed = 2 ** (2 * fine) // exponential(distance / scale, fine) + 1
    compared = 0
    for i in range(distance, len(least)):
        j = i - distance
        for likely, unlikely in ((most[i], least[j]), (most[j], least[i])):
            if unlikely > 2**600:
                compared += 1
                limit = unlikely * allowed
                assert likely << fine <= limit + (limit >> 500)
    assert compared > 100


@pytest.mark.parametrize("x", [0, Fraction(1, 3), 7, 400, 10**9])
def test_exponential(x):
    x = Fraction(x)
    with localcontext(Context(prec=400)):
        expected = (-decimal(x)).exp() * 2**700
    assert abs(exponential(x, 700) - expected) < 1
