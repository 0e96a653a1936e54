"""Audits of a training by canaries: a lower bound on its epsilon.

>>> from tfrwc.privacy import audit_canaries, make_canaries
>>> canaries = make_canaries(x, classes=2, count=1000)  # doctest: +SKIP
>>> model.fit(  # doctest: +SKIP
...     np.concatenate([x, canaries.images[canaries.included]]),
...     np.concatenate([y, canaries.labels[canaries.included]]))
>>> p = model.predict(canaries.images)  # doctest: +SKIP
>>> scores = np.log(p[np.arange(1000), canaries.labels])  # doctest: +SKIP
>>> audit_canaries(scores, canaries.included, delta=1e-5)  # doctest: +SKIP

Where the unit of the training has several examples, a canary is a whole unit:

>>> x = np.random.default_rng(0).random((10, 8, 8))
>>> patients = make_canaries(x, classes=2, count=3, images_per_unit=4)
>>> patients.images.shape, patients.units.tolist()
((12, 8, 8), [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2])
>>> patients.of_units(np.arange(12))
array([1.5, 5.5, 9.5])

A bound far below the stated epsilon proves nothing: other canaries or scores may show
more. A bound above the stated epsilon means, at the confidence asked for, that the
statement is false for adding or removing one example.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit
from scipy.stats import binom

from tfrwc._common.checks import is_number, random_seed, whole_number
from tfrwc.privacy.arguments import check_confidence, check_delta
from tfrwc.privacy.attack.audit import epsilon_from_scores

_FEWEST_GUESSES = 16  # of the numbers tried by default: fewer cannot show much
_FEWEST_RUNS = 10


@dataclass(frozen=True, eq=False)
class Canaries:
    """Examples that only an audit needs.

    Attributes:
        images: (rows, ...), noise, uniform between the least and greatest value of x.
        labels: (rows,), int64, uniform.
        included: (count,), bool, fair coins: whether to train on each canary.
        units: (rows,), int64: the canary that each image is of; `images_per_unit` of
            each, or one.
    """

    images: NDArray[Any]
    labels: NDArray[np.int64]
    included: NDArray[np.bool_]
    units: NDArray[np.int64]

    @property
    def rows_included(self) -> NDArray[np.bool_]:
        """Whether to train on each image, bool (rows,): with all of its canary, or
        with none."""
        return self.included[self.units]

    def of_units(self, scores: ArrayLike) -> NDArray[np.float64]:
        """Scores of images (rows,) as those of canaries (count,): their means.

        Raises:
            ValueError: if there is not one score for each image.
        """
        values = np.asarray(scores, np.float64)
        if values.shape != self.units.shape:
            raise ValueError(
                f"scores must be ({len(self.units)},), one of each image of a canary. "
                f"Received: {values.shape}."
            )
        return np.asarray(values.reshape(len(self.included), -1).mean(axis=1))


@dataclass(frozen=True)
class CanaryAudit:
    """Result of an audit by canaries.

    Attributes:
        epsilon: lower bound on the epsilon of the training, for this delta.
        delta: delta of the guarantee that is attacked.
        confidence: probability, over the coins and the training, that the training's
            epsilon is not below `epsilon`.
        canaries: number of canaries, trained on or not.
        guesses: number of canaries that were guessed.
        correct: number of guesses that were right.
        choices: the numbers of guesses that were tried, each at an error probability of
            (1 - confidence) / (number of choices).
    """

    epsilon: float
    delta: float
    confidence: float
    canaries: int
    guesses: int
    correct: int
    choices: tuple[int, ...]


def make_canaries(
    x: ArrayLike,
    classes: int,
    count: int,
    seed: int | None = None,
    images_per_unit: int = 1,
) -> Canaries:
    """Make noise images with random labels; a fair coin says whether to train on each.

    Args:
        x: training images (n, ...): the canaries have their shape, type and range.
        classes: number of classes.
        count: number of canaries.
        seed: makes the draws repeatable. An audit to rely on needs None: fresh
            randomness of the operating system.
        images_per_unit: images of each canary, where the unit of the training has
            several, such as a patient: all are trained on, or none.

    Raises:
        ValueError: if x has no images, classes, count or images_per_unit is no whole
            number of 1 or more, or seed no whole number of 0 or more.
    """
    x = np.asarray(x)
    if x.ndim < 2 or not x.size:
        raise ValueError(f"x must be images (n, ...). Received: shape {x.shape}.")
    classes, count = whole_number(classes, "classes"), whole_number(count, "count")
    rows = count * whole_number(images_per_unit, "images_per_unit")
    if seed is not None:
        seed = random_seed(seed)
    rng = np.random.default_rng(seed)
    shape = (rows, *x.shape[1:])
    if np.issubdtype(x.dtype, np.integer):
        images = rng.integers(x.min(), x.max(), shape, x.dtype, endpoint=True)
    else:
        images = rng.uniform(x.min(), x.max(), shape).astype(x.dtype)
    labels, included = rng.integers(classes, size=rows), rng.random(count) < 0.5
    return Canaries(images, labels, included, np.arange(rows) // images_per_unit)


def audit_canaries(
    scores: ArrayLike,
    included: ArrayLike,
    delta: float,
    confidence: float = 0.95,
    guesses: int | Sequence[int] | None = None,
    random_state: int = 0,
) -> CanaryAudit:
    """Bound the epsilon of one training from below (Steinke et al., NeurIPS 2023).

    Half of the guesses say "included" of the canaries with the highest scores, the
    other half "left out" of those with the lowest. Of (epsilon, delta) training, the
    number of right guesses is hardly more than binomial with e^epsilon / (1 +
    e^epsilon); the bound is the greatest epsilon that is rejected (theorem 5.2 and
    appendix D of arXiv:2305.08846). One example more or less is what the training's
    guarantee must speak of.

    The bound holds if each canary was included by its own fair coin, and the scores
    are made without a look at `included`: from the model, the canaries and their
    labels alone. The number of guesses must not be chosen by the result. The default
    tries all canaries, half of them, a quarter and so on, and pays for each choice (a
    union bound).

    Args:
        scores: (m,), higher for canaries that look trained on, such as minus the loss;
            of whole units, `Canaries.of_units`.
        included: (m,), bool, the coins.
        delta: delta of the guarantee that is attacked; 0 for a pure one.
        confidence: probability that the bound holds.
        guesses: number of guesses, fixed beforehand, or several numbers, each of which
            costs confidence; None for the choice described above.
        random_state: seed of the order of canaries with the same score.

    Raises:
        ValueError: if the scores are not finite, shapes or types do not fit, a number
            of guesses is not 1 to m, or random_state is no whole number of 0 or more.
    """
    values, coins = _check_scores(scores, included)
    check_confidence(confidence)
    if delta != 0:
        check_delta(delta)
    m = len(values)
    choices = _choices(guesses, m)
    # The order in which canaries are given could tell which were included.
    rng = np.random.default_rng(random_seed(random_state, "random_state"))
    order = rng.permutation(m)
    ranked = coins[order][np.argsort(values[order], kind="stable")]
    error = (1 - confidence) / len(choices)
    bounds = []
    for r in choices:
        correct = int((~ranked[: r // 2]).sum() + ranked[m - (r - r // 2) :].sum())
        bounds.append((greatest_rejected(m, r, correct, delta, error), r, correct))
    epsilon, r, correct = max(bounds)
    return CanaryAudit(
        epsilon, float(delta), float(confidence), m, r, correct, tuple(choices)
    )


def audit_runs(
    with_canary: ArrayLike, without: ArrayLike, delta: float, confidence: float = 0.95
) -> float:
    """Bound epsilon from below by many trainings, some with one canary, some without.

    Slower than `audit_canaries`, and tighter where it can be paid for: half of the
    trainings choose an event, the other half give Clopper-Pearson bounds on its two
    probabilities, as in `audit`.

    Args:
        with_canary: scores of the canary, one of each independent training on it. Many
            canaries of one training are not independent: `audit_canaries` is for them.
        without: the same of trainings without the canary.
        delta: of the guarantee that is attacked; 0 for a pure one.
        confidence: probability that epsilon is not below the bound.

    Returns:
        The bound.

    Raises:
        ValueError: if there are fewer than 10 trainings of each kind, or the scores
            are not finite numbers (n,).
    """
    check_confidence(confidence)
    if delta != 0:
        check_delta(delta)
    inside, outside = (np.asarray(s, np.float64) for s in (with_canary, without))
    for scores in (inside, outside):
        few = scores.ndim != 1 or len(scores) < _FEWEST_RUNS
        if few or not np.isfinite(scores).all():
            raise ValueError(
                f"audit_runs needs {_FEWEST_RUNS} or more finite scores of trainings "
                "with the canary, and as many of trainings without it. Received: "
                f"shapes {inside.shape} and {outside.shape}."
            )
    return epsilon_from_scores(outside, inside, delta, confidence)


def _check_scores(
    scores: ArrayLike, included: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    scores, included = np.asarray(scores, np.float64), np.asarray(included)
    if scores.ndim != 1 or scores.shape != included.shape or not len(scores):
        raise ValueError(
            "scores and included must be (m,), one of each canary. Received: "
            f"{scores.shape} and {included.shape}."
        )
    if included.dtype != bool:
        raise ValueError(f"included must be bool. Received: {included.dtype}.")
    if not np.isfinite(scores).all():
        raise ValueError("scores must be finite. Received: NaN or infinity.")
    return scores, included


def _choices(guesses: int | Sequence[int] | None, m: int) -> list[int]:
    """Numbers of guesses to try."""
    if guesses is None:
        halves = [m >> i for i in range(m.bit_length())]
        return [r for r in halves if r >= _FEWEST_GUESSES] or [m]
    choices: list[Any] = list(guesses) if isinstance(guesses, Sequence) else [guesses]
    for r in choices or [None]:
        if not is_number(r) or r != int(r) or not 1 <= r <= m:
            raise ValueError(
                f"guesses must be whole numbers of 1 to {m}, the canaries. Received: "
                f"{guesses!r}."
            )
    return [int(r) for r in choices]


def p_value(m: int, r: int, v: int, epsilon: float, delta: float) -> float:
    """Bound on the probability of v or more right guesses of r, with m canaries."""
    q = expit(epsilon)
    tail = binom.sf(v - 1, r, q)
    if not delta or not v:
        return min(1.0, float(tail))
    # P(v - i <= B < v) / i for i = 1..v, of a binomial B.
    below = np.cumsum(binom.pmf(np.arange(v)[::-1], r, q)) / np.arange(1, v + 1)
    return min(1.0, float(tail + 2 * m * delta * below.max()))


def greatest_rejected(m: int, r: int, v: int, delta: float, error: float) -> float:
    """Greatest epsilon with a `p_value` below `error`; 0 if there is none.

    What is (epsilon, delta) private is so for every greater epsilon: any epsilon with
    a small p-value rejects all below it, wherever the bisection ends.

    Args:
        m: number of canaries.
        r: number of guesses.
        v: how many of them were right.
        delta: of the guarantee that is attacked.
        error: probability that an epsilon is rejected that is true.
    """
    if p_value(m, r, v, 0.0, delta) >= error:
        return 0.0
    low, high = 0.0, 1.0
    while p_value(m, r, v, high, delta) < error:
        low, high = high, 2 * high
    for _ in range(40):
        middle = (low + high) / 2
        if p_value(m, r, v, middle, delta) < error:
            low = middle
        else:
            high = middle
    return low
