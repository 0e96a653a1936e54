"""Audits of mechanisms: attacks that bound epsilon from below.

>>> from tfrwc.privacy import PixelLaplace, audit
>>> result = audit(PixelLaplace(scale=255.0), (1, 1), trials=20_000)
>>> 0.5 < result.epsilon < result.stated
True
"""

import math
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import beta

from tfrwc._common.checks import one_of, whole_number
from tfrwc.privacy.arguments import check_confidence
from tfrwc.privacy.noise import new_key
from tfrwc.privacy.release.images import TOP

_PAIRS = ("value", "image", "structure")
_QUANTILES = np.concatenate([[0], np.logspace(-4, -0.3, 40), 1 - np.logspace(-4, -0.3)])


@dataclass(frozen=True)
class Audit:
    """Result of an attack on a mechanism.

    Attributes:
        epsilon: lower bound on the true epsilon, with the confidence asked for.
        stated: the statement's epsilon for the same delta.
        trials: releases of each of the two images that the bound is from.
    """

    epsilon: float
    stated: float
    trials: int


class _Event(NamedTuple):
    """A score above a threshold, or one that is not.

    Attributes:
        threshold: of the score.
        above: whether the event is a score above it.
        likelier_for_other: whether the second input makes it likelier than the first.
    """

    threshold: float
    above: bool
    likelier_for_other: bool

    def count(self, scores: NDArray[Any]) -> int:
        """In how many of the scores it happens."""
        if self.above:
            return int(np.sum(scores > self.threshold))
        return int(np.sum(scores <= self.threshold))


def audit(
    mechanism: Any,
    shape: tuple[int, ...],
    per: Literal["value", "image", "structure"] = "value",
    trials: int = 20_000,
    delta: float = 0.0,
    confidence: float = 0.999,
    key: bytes | None = None,
) -> Audit:
    """Tell two images apart by their releases, and bound epsilon from below.

    The two images are as far apart as `per` allows. Half of the releases choose a
    threshold on the likelihood ratio of Laplace noise and the event above or below
    it; the other half gives Clopper-Pearson bounds on its two probabilities p and q,
    and epsilon is at least log((p - delta) / q) (Jagielski et al., NeurIPS 2020).

    Args:
        mechanism: one of this package's.
        shape: of the images, (height, width) or (height, width, channels).
        per: ``"value"``, images of zeros of which one has one value of 255;
            ``"image"``, all zeros against all 255; ``"structure"``, a black image
            against one half black and half white, told apart by the range of values.
        trials: releases of each image.
        delta: of the guarantee that is attacked; 0 for a pure one.
        confidence: probability, over keys, that the bound holds.
        key: secret key; a new one if None.

    Raises:
        ValueError: for another `per`, fewer than 100 trials, or a confidence that is
            no probability.
    """
    trials = whole_number(trials, "trials", at_least=100)
    check_confidence(confidence)
    black, other = _pair(shape, per)
    releases = [
        mechanism.privatize(
            np.broadcast_to(image, (trials, *shape)),
            key or new_key(),
            ids=[f"{name} {i}" for i in range(trials)],
        )
        for name, image in (("black", black), ("other", other))
    ]
    of_black, of_other = (_score(images, black != other, per) for images in releases)
    bound = epsilon_from_scores(of_black, of_other, delta, confidence)
    statement = mechanism.statement(shape, delta=delta or 1e-5)
    if per == "value":
        stated = statement.per_value_epsilon, statement.per_value_epsilon_delta
    else:
        stated = statement.image_epsilon, statement.image_epsilon_delta
    return Audit(bound, stated[1].epsilon if delta else stated[0], trials - trials // 2)


def epsilon_from_scores(
    scores: ArrayLike, other_scores: ArrayLike, delta: float, confidence: float
) -> float:
    """Lower bound on epsilon from scores of independent releases of two inputs.

    The first half of each chooses the event, the second half bounds its probabilities.

    Args:
        scores: (n,), of one release of the first input each.
        other_scores: (m,), the same of the second input.
        delta: of the guarantee that is attacked.
        confidence: probability that the bound holds.
    """
    scores, other_scores = np.asarray(scores), np.asarray(other_scores)
    i, j = len(scores) // 2, len(other_scores) // 2
    event = _best_event(scores[:i], other_scores[:j])
    return _bound(event, scores[i:], other_scores[j:], delta, confidence)


def _pair(shape: tuple[int, ...], per: str) -> tuple[NDArray[Any], NDArray[Any]]:
    """A black image, and another that is as far apart as `per` allows."""
    one_of(per, _PAIRS, "per")
    black = np.zeros(shape, np.uint8)
    other = black.copy()
    if per == "value":
        other.flat[0] = 255
    elif per == "image":
        other[:] = 255
    else:
        other[: shape[0] // 2] = 255
    return black, other


def _score(images: NDArray[Any], differs: NDArray[Any], per: str) -> NDArray[Any]:
    """A number of each release, higher where it looks like one of the other image."""
    if per == "structure":
        ranges: NDArray[Any] = np.ptp(images.reshape(len(images), -1), axis=1)
        return ranges
    values = np.clip(images[:, differs], 0, TOP)
    sums: NDArray[Any] = values.sum(axis=1, dtype=np.float64)
    return sums


def _best_event(scores: NDArray[Any], other_scores: NDArray[Any]) -> _Event:
    """The event whose probability differs most between both, beyond its noise."""
    quantiles = np.quantile(np.concatenate([scores, other_scores]), _QUANTILES)
    events = [
        _Event(threshold, above, False)
        for threshold in np.unique(quantiles)
        for above in (True, False)
    ]

    def log_ratio(event: _Event) -> tuple[float, bool]:
        # One more success each, so that rare events do not look certain.
        p, q = (
            (event.count(sample) + 1) / (len(sample) + 2)
            for sample in (other_scores, scores)
        )
        noise = 2 / math.sqrt(min(len(scores), len(other_scores)) * min(p, q))
        return max(abs(math.log(p / q)) - noise, 0), p > q

    best = max(events, key=lambda event: log_ratio(event)[0])
    return best._replace(likelier_for_other=log_ratio(best)[1])


def _bound(
    event: _Event,
    scores: NDArray[Any],
    other_scores: NDArray[Any],
    delta: float,
    confidence: float,
) -> float:
    """Clopper and Pearson's bounds on the event's probabilities, as one on epsilon."""
    likely, unlikely = scores, other_scores
    if event.likelier_for_other:
        likely, unlikely = other_scores, scores
    hits, misses = event.count(likely), event.count(unlikely)
    tail = (1 - confidence) / 2
    n, m = len(likely), len(unlikely)
    low = beta.ppf(tail, hits, n - hits + 1) if hits else 0.0
    high = beta.ppf(1 - tail, misses + 1, m - misses) if misses < m else 1.0
    return math.log((low - delta) / high) if low - delta > high else 0.0
