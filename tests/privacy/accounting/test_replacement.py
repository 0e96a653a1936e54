"""What replacing examples tells, against all pairs of groups in the plane."""

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfrwc.privacy.accounting.bounds import group_guarantee
from tfrwc.privacy.accounting.mixed import Known, Laplace, Normal, Training, mixed
from tfrwc.privacy.accounting.sgd import Stage, composed

LINE = np.linspace(-14, 14, 1401)


def density(moves, rate, noise, points):
    """Of a step that uses each example with a probability.

    Args:
        moves: (n, d), of the sum by each example.
        rate, noise: of the step.
        points: (..., d), where.
    """
    moves = np.asarray(moves, float)
    total = np.zeros(points.shape[:-1])
    for used in product((0, 1), repeat=len(moves)):
        chance = math.prod(rate if one else 1 - rate for one in used)
        middle = np.array(used) @ moves
        squares = ((points - middle) ** 2).sum(-1)
        total += chance * np.exp(-squares / (2 * noise**2))
    return total / total.sum()


def excess(p, q, epsilon):
    return np.maximum(p - math.exp(epsilon) * q, 0).sum()


def opposite(size, rate, noise):
    """Densities on a line of the pair that is claimed to be the worst."""
    points = LINE[:, None]
    return (density([[side]] * size, rate, noise, points) for side in (1.0, -1.0))


FEWER = LINE[::7]
PLANE = np.stack(np.meshgrid(FEWER, FEWER), axis=-1)
VECTORS = st.tuples(st.floats(0, 1), st.floats(0, 2 * math.pi)).map(
    lambda polar: [polar[0] * math.cos(polar[1]), polar[0] * math.sin(polar[1])]
)
GROUPS = st.lists(VECTORS, min_size=1, max_size=3)


@settings(deadline=None, max_examples=40, derandomize=True)
@given(
    one=GROUPS,
    other=GROUPS,
    rate=st.floats(0.01, 1),
    noise=st.floats(0.7, 3),
    epsilon=st.floats(-2, 4),
)
def test_no_groups_tell_more_than_opposite_ones(one, other, rate, noise, epsilon):
    """Groups of unequal sizes, of vectors of any length and direction."""
    size = max(len(one), len(other))
    p, q = (density(moves, rate, noise, PLANE) for moves in (one, other))
    most = excess(*opposite(size, rate, noise), epsilon)
    assert excess(p, q, epsilon) <= most + 1e-4
    assert excess(q, p, epsilon) <= most + 1e-4


@pytest.mark.parametrize(
    ("noise", "rate", "size", "epsilon"),
    [(1.0, 0.3, 1, 0.5), (2.0, 0.05, 1, 0.05), (1.5, 1.0, 1, 1.0), (2.0, 0.4, 3, 0.7)],
)
def test_costs_of_a_step_and_of_two(noise, rate, size, epsilon):
    p, q = opposite(size, rate, noise)
    delta = excess(p, q, epsilon)
    found = composed([Stage(noise, rate, 1)], delta, size, is_replaced=True)
    assert found.epsilon == pytest.approx(epsilon, rel=2e-3)
    delta = excess(np.outer(p, p), np.outer(q, q), epsilon)
    found = composed([Stage(noise, rate, 2)], delta, size, is_replaced=True)
    assert found.epsilon == pytest.approx(epsilon, rel=2e-3)


def test_less_than_taking_away_and_adding_by_a_guarantee():
    stages = [Stage(1.0, 0.02, 200), Stage(3.0, 0.1, 30)]
    delta = 1e-6
    alone = composed(stages, delta)
    epsilon, whole = group_guarantee(alone.epsilon, delta, 2)
    replaced = composed(stages, whole, is_replaced=True).epsilon
    assert alone.epsilon < composed(stages, delta, is_replaced=True).epsilon
    assert replaced < 0.8 * epsilon


def test_with_noise_on_images():
    """Of one step and one value: losses of both, weighed one by one."""
    stage, epsilon = Stage(1.5, 0.3, 1), 1.1
    p, q = opposite(1, stage.rate, stage.noise_multiplier)
    x = np.linspace(-20, 21, 4101)
    near, far = (np.exp(-np.abs(x - place)) for place in (0, 1))
    two = [np.outer(side, noise / noise.sum()) for side, noise in ((p, near), (q, far))]
    delta = excess(*two, epsilon)
    cost = mixed([Training((stage,)), Laplace(1.0, 1)], delta)
    assert cost.epsilon == pytest.approx(epsilon, rel=5e-3)
    assert cost.method == "PLD"
    shifted = np.exp(-((LINE - 0.5) ** 2) / 2), np.exp(-((LINE + 0.5) ** 2) / 2)
    two = [np.outer(side, n / n.sum()) for side, n in zip((p, q), shifted, strict=True)]
    delta = excess(*two, epsilon)
    cost = mixed([Training((stage,)), Normal(1.0)], delta)
    assert cost.epsilon == pytest.approx(epsilon, rel=2e-3)


def test_with_what_is_known_of_others():
    training = Training((Stage(1.0, 0.05, 100),))
    alone = composed(training.stages, 1e-5, is_replaced=True).epsilon
    both = mixed([training, Known(0.5, 1e-6)], 1.1e-5).epsilon
    assert alone < both < alone + 0.5
    # On the grid of other noise it costs the same.
    many = mixed([training, Known(0.5, 1e-6), Laplace(0.01, 1)], 1.1e-5).epsilon
    assert both < many < both + 0.01
    assert mixed([training, Known(0.5, 1e-6)], 1e-6) is None
