"""Does a difference of two answers come from rounding that changes from call to call?

What is computed again in the same place is the same bit by bit on most machines, but
need not be: threads may sum in the order in which they end. Then both answers are had
several times, and are told apart only if they differ by more than each of them does
from itself.
"""

from collections.abc import Callable, Sequence

import numpy as np

from tfrwc.privacy.sgd.independence.answers import Answer

REPEATS, _FEW = 12, 3
# Least ratio of the squared distance of two means to what chance makes of it, even if
# all values move together (an F of 1 and 22 degrees of freedom: 2e-6); and of the
# squared distances of neighbours in time to those of all pairs (of 24: 1e-5).
_APART, _STEADY = 40.0, 0.25
# Most that rounding may move the outputs and other answers by, over their size. What
# is larger may be random numbers.
_OF_OUTPUTS, _OF_OTHERS = 3e-4, 3e-3

Parts = dict[str, np.ndarray]  # (repeats, values), by what they are


def are_alike(
    one: Callable[[], Answer], other: Callable[[], Answer], is_large: bool
) -> bool:
    """Whether two answers, each had several times in turn, differ by rounding alone.

    Args:
        one, other: functions that ask.
        is_large: whether they differed by more than rounding usually does, so that a
            few repeats will do if nothing of each changes.
    """
    answers: list[Answer] = []
    for repeat in range(REPEATS):
        answers += [one(), other()]
        if is_large and repeat == _FEW - 1:
            parts = _parts(answers).values()
            if not any(_moves(part[::2]) or _moves(part[1::2]) for part in parts):
                break
    parts = _parts(answers).values()
    return not any(_apart(part[::2], part[1::2]) for part in parts)


def is_steady(
    again: Callable[[], Answer], after_others: Callable[[], Answer], loosened: float = 1
) -> bool:
    """Whether answers about one batch change by rounding alone, and drift nowhere.

    Args:
        again: asks about the batch.
        after_others: asks about another batch, and then about this one.
        loosened: factor of the most that rounding may do.
    """
    answers = [(after_others(), again()) for _ in range(REPEATS)]
    parts = _parts([answer for pair in answers for answer in pair])
    return not any(
        _apart(part[::2], part[1::2])
        or _drifts(part)
        or _spread(what, part) > loosened * _most(what)
        for what, part in parts.items()
    )


def _parts(answers: Sequence[Answer]) -> Parts:
    """All numbers of answers, over their size, where they have the same places."""
    first = answers[0]
    parts = {
        what: _stacked([_scaled(a.values[what], value) for a in answers])
        for what, value in first.values.items()
    }
    parts["norms"] = _stacked([_scaled(a.norms, first.norms) for a in answers])
    for path in first.gradients:
        parts[f"gradient of {path}"] = _stacked(
            [a.gradients[path].numpy().ravel() for a in answers]
        )
    return parts


def _scaled(value: object, like: object) -> np.ndarray:
    value, like = (np.asarray(v).reshape(len(v), -1) for v in (value, like))
    if value.dtype.kind in "OSU":
        return np.zeros(0)
    value, like = value.astype(np.float64), like.astype(np.float64)
    scale = np.abs(np.where(np.isfinite(like), like, 0)).max(
        axis=1, keepdims=True, initial=0
    )
    return (value / np.where(scale > 0, scale, 1)).ravel()


def _stacked(vectors: Sequence[np.ndarray]) -> np.ndarray:
    stacked = np.stack(vectors).astype(np.float64)
    return np.where(np.isfinite(stacked), stacked, 0)


def _moves(part: np.ndarray) -> bool:
    return bool((part != part[0]).any())


def _apart(one: np.ndarray, other: np.ndarray) -> bool:
    between = np.sum((one.mean(axis=0) - other.mean(axis=0)) ** 2)
    within = np.sum(one.var(axis=0, ddof=1) + other.var(axis=0, ddof=1)) / len(one)
    return bool(between > _APART * within)


def _drifts(part: np.ndarray) -> bool:
    """By the ratio of von Neumann, of an order in which the answers were had."""
    steps = np.sum(np.diff(part, axis=0) ** 2) / (2 * (len(part) - 1))
    return bool(steps < _STEADY * np.sum(part.var(axis=0, ddof=1)))


def _spread(what: str, part: np.ndarray) -> float:
    deviations = part.std(axis=0, ddof=1)
    if what.startswith("gradient"):
        return float(np.linalg.norm(deviations))
    return float(deviations.max(initial=0))


def _most(what: str) -> float:
    return _OF_OUTPUTS if what.startswith(("output", "view")) else _OF_OTHERS
