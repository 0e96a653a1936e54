"""Angles at which a symmetric object looks the same."""

from fractions import Fraction

import numpy as np
import pytest

from tfrwc.disentangle import invariance, scores

EIGHTHS = [k / 8 for k in range(8)]
FOLDS = (4, 2, 1)
SHAPE, TURN = np.indices((3, 8)).reshape(2, -1)


def test_a_square_an_ellipse_and_a_heart():
    found = invariance.seen_turns(SHAPE, TURN, EIGHTHS, FOLDS).reshape(3, 8)
    assert found.tolist() == [
        [0, 1] * 4,
        [0, 1, 2, 3] * 2,
        [0, 1, 2, 3, 4, 5, 6, 7],
    ]


@pytest.mark.parametrize("count", [7, 10, 39, 40])
@pytest.mark.parametrize("start", [Fraction(0), Fraction(-2, 3), Fraction(5, 2)])
def test_every_angle_is_what_fractions_say(count, start):
    """In floating point, thirds and whole turns are only nearly what they are."""
    exact = [start + Fraction(k, 39) for k in range(count)]
    shape, turn = np.indices((3, count)).reshape(2, -1)
    found = invariance.seen_turns(shape, turn, [float(t) for t in exact], FOLDS)
    seen = [exact[t] % Fraction(1, FOLDS[s]) for s, t in zip(shape, turn, strict=True)]
    order = sorted(set(seen))
    assert found.tolist() == [order.index(angle) for angle in seen]


def test_robustness_to_an_angle_is_of_what_is_seen():
    """A code of what can be seen of the angle moves, by the names of the angles, with
    the shape, and does not by what is seen."""
    shape, turn, place = np.indices((3, 8, 6)).reshape(3, -1)
    seen = invariance.seen_turns(shape, turn, EIGHTHS, FOLDS)
    code = seen[:, None] + 0.0
    named, true = (
        scores.irs(code, np.column_stack([shape, t, place])) for t in (turn, seen)
    )
    assert true.score == 1
    assert true.robustness[0].argmax() == 1
    assert named.score < 0.8


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((SHAPE, TURN, EIGHTHS, (4, 2)), "shape must be from 0 to 1. Received: 0 to 2"),
        ((SHAPE, TURN, EIGHTHS[:7], FOLDS), "turn must be from 0 to 6"),
        ((SHAPE, TURN, EIGHTHS, (4, 2, 0)), "folds must be a whole number"),
        ((SHAPE, TURN, [np.nan] * 8, FOLDS), "turns must be finite"),
        ((SHAPE, TURN, [], FOLDS), "turns must be finite"),
        ((SHAPE, TURN + 0.5, EIGHTHS, FOLDS), "turn must be whole numbers"),
        ((SHAPE[:5], TURN, EIGHTHS, FOLDS), "the same points"),
    ],
)
def test_mistakes_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        invariance.seen_turns(*arguments)
