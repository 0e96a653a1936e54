"""What is held out of which factor."""

import numpy as np
import pytest

from tfrwc.disentangle import recognition
from tfrwc.disentangle.recognition import Split

SIZES = (3, 4, 6, 8)
GRID = np.indices(SIZES).reshape(4, -1).T


def held(split, factor):
    """Values that are tested, and those that are learnt from."""
    values = GRID[:, factor]
    return sorted(set(values[split.test])), sorted(set(values[split.train]))


@pytest.mark.parametrize(
    ("factor", "gap", "end"),
    [(0, [1], [2]), (1, [1], [3]), (2, [2, 3], [4, 5]), (3, [3, 4], [6, 7])],
)
def test_held_out_values(factor, gap, end):
    """Whole values, no more than a third of them, in the middle or at the end."""
    for split, expected in (
        (recognition.interpolation(GRID, factor), gap),
        (recognition.extrapolation(GRID, factor), end),
    ):
        tested, learnt = held(split, factor)
        assert tested == expected
        assert sorted(tested + learnt) == list(range(SIZES[factor]))
        assert (split.train ^ split.test).all()


def test_values_are_counted_by_their_order_not_their_size():
    scattered = GRID.copy()
    scattered[:, 3] = np.array([-5, -2, 0, 1, 7, 50, 51, 999])[GRID[:, 3]]
    for kind in (recognition.interpolation, recognition.extrapolation):
        np.testing.assert_array_equal(kind(scattered, 3).test, kind(GRID, 3).test)


@pytest.mark.parametrize("others", [[1], [2], [3], [1, 2], [3, 1, 2]])
def test_held_out_combinations(others):
    """Every value of every factor is learnt from and tested; no combination of the
    target with the groups of the others is in both."""
    split = recognition.combinations(GRID, 0, others)
    assert (split.train ^ split.test).all()
    for j in (0, *others):
        assert held(split, j)[1] == list(range(SIZES[j]))
    assert held(split, 0)[0] == [0, 1, 2]
    groups = GRID[:, others] * 3 // np.array(SIZES)[others]
    seen, tested = (
        {(t, *g) for t, g in zip(GRID[m, 0], groups[m].tolist(), strict=True)}
        for m in (split.train, split.test)
    )
    assert not seen & tested
    # In each place of the others, every target but one was seen.
    for place in {(*g,) for g in groups.tolist()}:
        assert sum((t, *place) in seen for t in range(3)) == 2


def test_a_random_half():
    split = recognition.random_half(101, random_state=1)
    assert split.train.sum() == 50
    assert (split.train ^ split.test).all()
    assert (split.train != recognition.random_half(101, random_state=2).train).any()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: recognition.interpolation(GRID % 2, 1), "3 values or more"),
        (lambda: recognition.extrapolation(GRID, 4), "no factor 4. factors has 4"),
        (lambda: recognition.extrapolation(GRID, -1), "factor must be a whole number"),
        (lambda: recognition.interpolation(GRID / 2, 1), "whole numbers"),
        (lambda: recognition.interpolation(GRID[:, 0], 0), r"\(n, factors\)"),
        (lambda: recognition.combinations(GRID, 0, []), "one or more factors"),
        (lambda: recognition.combinations(GRID, 0, [0, 1]), "not the target"),
        (lambda: recognition.combinations(GRID, 0, [1, 1]), r"Received: \[1, 1\]"),
        (lambda: recognition.combinations(GRID, 1, [0]), "4 values or more"),
        (lambda: recognition.random_half(1), "n must be"),
        (lambda: Split(np.ones(3, bool), np.ones(3, bool)), "3 of them in both"),
        (lambda: Split(np.ones(3, bool), np.zeros(3, bool)), "3 and 0, 0"),
        (lambda: Split(np.ones(3), np.zeros(3, bool)), "float64"),
        (lambda: Split(np.ones(3, bool), np.zeros(4, bool)), "the same points"),
    ],
)
def test_mistakes_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
