"""Attacks that try to learn more than a privacy statement allows.

>>> from tfrwc.privacy import PixelLaplace, audit
>>> result = audit(PixelLaplace(scale=255.0), (1, 1), trials=20_000)
>>> 0.5 < result.epsilon < result.stated
True
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.stats import beta

from tfrwc.privacy.arguments import check_confidence
from tfrwc.privacy.noise import new_key
from tfrwc.privacy.release.images import TOP


@dataclass(frozen=True)
class Audit:
    """What an attack showed.

    Attributes:
        epsilon: lower bound on the true epsilon, with the confidence asked for.
        stated: the statement's epsilon for the same delta.
        trials: releases of each of the two images that the bound is from.
    """

    epsilon: float
    stated: float
    trials: int


def audit(
    mechanism, shape, per="value", trials=20_000, delta=0.0, confidence=0.999, key=None
) -> Audit:
    """Tell two images apart from what is released, and bound epsilon from below.

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
    if trials < 100:
        raise ValueError(f"An audit needs 100 or more trials. Received: {trials}.")
    check_confidence(confidence)
    black, other = _pair(shape, per)
    released = [
        mechanism.privatize(
            np.broadcast_to(image, (trials, *shape)),
            key or new_key(),
            ids=[f"{name} {i}" for i in range(trials)],
        )
        for name, image in (("black", black), ("other", other))
    ]
    scores = [_score(images, black != other, per) for images in released]
    bound = epsilon_from_scores(*scores, delta, confidence)
    statement = mechanism.statement(shape, delta=delta or 1e-5)
    if per == "value":
        stated = statement.per_value_epsilon, statement.per_value_epsilon_delta
    else:
        stated = statement.image_epsilon, statement.image_epsilon_delta
    return Audit(bound, stated[1].epsilon if delta else stated[0], trials - trials // 2)


def epsilon_from_scores(one, other, delta, confidence) -> float:
    """Lower bound on epsilon from scores of independent releases of two inputs.

    The first half of each chooses the event, the second half bounds its probabilities.

    Args:
        one, other: scores, of one release each.
        delta: of the guarantee that is attacked.
        confidence: probability that the bound holds.
    """
    i, j = len(one) // 2, len(other) // 2
    event = _best_event(one[:i], other[:j])
    return _bound(event, one[i:], other[j:], delta, confidence)


def _pair(shape, per):
    black = np.zeros(shape, np.uint8)
    other = black.copy()
    if per == "value":
        other.flat[0] = 255
    elif per == "image":
        other[:] = 255
    elif per == "structure":
        other[: shape[0] // 2] = 255
    else:
        raise ValueError(
            f"per must be 'value', 'image' or 'structure'. Received: {per!r}."
        )
    return black, other


def _score(images, changed, per):
    if per == "structure":
        return np.ptp(images.reshape(len(images), -1), axis=1)
    return np.clip(images[:, changed], 0, TOP).sum(axis=1, dtype=np.float64)


def _best_event(black, other):
    """(threshold, whether above, whether it is likelier for `other`)."""
    candidates = np.unique(np.quantile(np.concatenate([black, other]), _QUANTILES))
    options = [(t, above) for t in candidates for above in (True, False)]

    def log_ratio(option):
        # One more success each, so that rare events do not look certain.
        p, q = (
            (np.sum(_happens(score, option)) + 1) / (len(score) + 2)
            for score in (other, black)
        )
        noise = 2 / math.sqrt(min(len(black), len(other)) * min(p, q))
        return max(abs(math.log(p / q)) - noise, 0), p > q

    best = max(options, key=lambda option: log_ratio(option)[0])
    return (*best, log_ratio(best)[1])


_QUANTILES = np.concatenate([[0], np.logspace(-4, -0.3, 40), 1 - np.logspace(-4, -0.3)])


def _happens(scores, event):
    return scores > event[0] if event[1] else scores <= event[0]


def _bound(event, black, other, delta, confidence):
    likely, unlikely = (other, black) if event[2] else (black, other)
    hits, misses = (int(np.sum(_happens(s, event))) for s in (likely, unlikely))
    tail = (1 - confidence) / 2
    n, m = len(likely), len(unlikely)
    low = beta.ppf(tail, hits, n - hits + 1) if hits else 0.0
    high = beta.ppf(1 - tail, misses + 1, m - misses) if misses < m else 1.0
    return math.log((low - delta) / high) if low - delta > high else 0.0
