"""Sums of privacy losses against sums that are taken one by one."""

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tfrwc.privacy.accounting.gaussian_step import GaussianStep, losses_of
from tfrwc.privacy.accounting.losses import LossSum, discrete_loss


def exact_epsilon(values, masses, count, delta):
    """Of all outcomes of a discrete loss, listed."""
    sums = np.array([sum(c) for c in product(values, repeat=count)])
    weights = np.array([math.prod(c) for c in product(masses, repeat=count)])

    def excess(epsilon):
        return weights @ np.maximum(-np.expm1(epsilon - sums), 0) - delta

    low, high = 0.0, sums.max()
    if excess(low) <= 0:
        return 0.0
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if excess(middle) > 0 else (low, middle)
    return high


@settings(deadline=None, max_examples=100)
@example(others=[0.75, 0.75], shares=[0.5, 0.75, 1.0, 1.0], count=1, log_delta=-10.0)
@example(others=[0.75, 0.75], shares=[0.5, 0.75, 1.0, 1.0], count=3, log_delta=-14.0)
@example(
    others=[0.5, 0.6489156883365897],
    shares=[0.919921875, 0.361534879953203, 1.0, 1.0],
    count=4,
    log_delta=-2.0,
)
@given(
    others=st.lists(st.floats(0.05, 1), min_size=2, max_size=4),
    shares=st.lists(st.floats(0.05, 1), min_size=4, max_size=4),
    count=st.integers(1, 5),
    log_delta=st.floats(-15, -1),
)
def test_a_few_discrete_losses(others, shares, count, log_delta):
    """Two distributions of two to four outcomes, and their log-ratios."""
    q = np.array(others) / np.sum(others)
    p = np.array(shares[: len(q)]) / np.sum(shares[: len(q)])
    values, delta = np.log(p / q), 10**log_delta
    expected = exact_epsilon(values, p, count, delta)
    epsilon, _ = LossSum([(discrete_loss(values, p), count)]).epsilon(delta)
    assert expected * (1 - 1e-6) - 1e-9 <= epsilon
    assert epsilon <= expected * 1.01 + 1e-4 * np.abs(values).max() + 1e-9


@pytest.mark.parametrize("interval", [0.003, 0.1, 1.0])
@pytest.mark.parametrize(("size", "rate"), [(1, 0.3), (1, 1e-4), (4, 0.1)])
def test_a_grid_keeps_both_distributions(size, rate, interval):
    """Sums of p and of p e^-loss stay 1, and delta is nowhere below the exact one."""
    step = GaussianStep.of_group(size, 0.8, rate)
    x = np.linspace(-12, 12 + size / 0.8, 200_001)
    loss = step.losses(x)
    normal = np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi) * (x[1] - x[0])
    masses = normal * np.exp(loss), normal
    for sign, one, mass in zip((1, -1), losses_of(step, 1e-15), masses, strict=True):
        first, atoms = one.on_grid(interval)
        values = interval * (first + np.arange(len(atoms)))
        assert atoms.min() >= 0
        assert atoms.sum() == pytest.approx(1, abs=1e-9)
        assert atoms @ np.exp(-values) == pytest.approx(1, abs=1e-9)
        for epsilon in (-0.5, 0.0, 0.1, 1.0):
            bound = atoms @ np.maximum(-np.expm1(epsilon - values), 0)
            exact = mass @ np.maximum(-np.expm1(epsilon - sign * loss), 0)
            assert bound >= exact - 1e-9


def test_numbers_where_losses_are_reached():
    step = GaussianStep.of_group(3, 0.5, 0.01)
    low, high = step.ends(1e-20)
    x = np.linspace(low + 5, high, 999)
    np.testing.assert_allclose(step.numbers(step.losses(x), low, high), x, atol=1e-9)
