"""The audit: which pair shows most, and what it shows."""

import math
from collections.abc import Sequence
from functools import partial
from typing import Any, Literal

from numpy.typing import ArrayLike

from tfrwc._common.checks import one_of, whole_number
from tfrwc.privacy.arguments import check_confidence, check_delta
from tfrwc.privacy.attack.audit.arguments import (
    check_mechanism,
    check_pair,
    stated_epsilon,
)
from tfrwc.privacy.attack.audit.columns import Gaze
from tfrwc.privacy.attack.audit.events import Event, best_event, bound, tail_of
from tfrwc.privacy.attack.audit.experiments import (
    Experiment,
    Levels,
    experiments,
    in_company,
)
from tfrwc.privacy.attack.audit.learning import Learnt, learn
from tfrwc.privacy.attack.audit.releases import Releases, Rows
from tfrwc.privacy.attack.audit.result import Audit
from tfrwc.privacy.attack.audit.scout import Places, scout
from tfrwc.privacy.noise import check_key, new_key

Both = tuple[Rows, Rows]  # of the first input and of the second

_PER = ("value", "image", "structure", "patient")
_PILOT = 1000  # releases of each input, to choose among pairs
_ALONE = 5  # of so many trials, one is a call of its own
_OWN_CALLS = 0.2  # of the trials: so many are made by the attacker for himself
# So much more must a pair show in pilots to be worth fewer trials.
_MARGIN = 0.25


def audit(
    mechanism: Any,
    shape: Sequence[int],
    per: Literal["value", "image", "structure", "patient"] = "value",
    trials: int = 20_000,
    delta: float = 0.0,
    confidence: float = 0.999,
    key: bytes | None = None,
    *,
    pair: tuple[ArrayLike, ArrayLike] | None = None,
    images_per_patient: int = 2,
) -> Audit:
    """Tell two inputs apart by their releases, and bound epsilon from below.

    Without `pair`, pilot releases choose among several pairs as far apart as `per`
    allows (black, white, chequers, random, grey or not, one level or all of them),
    released together, beside an image that is known, and each alone. Half of the
    trials then learn: an event of the likelihood ratio of Laplace noise, and an event
    of whatever tells the inputs apart in the whole release, as a classifier or a
    single number (values, differences, equalities, bits, repeated noise). The other
    half gives Clopper-Pearson bounds on the probabilities p and q of both events;
    epsilon is at least log((p - delta) / q) (Jagielski et al., NeurIPS 2020). Each of
    the two events may err with half of 1 - confidence, so that the greater bound holds
    with the confidence asked for (a union bound). Nothing else costs confidence, since
    all choices are made by other releases than those that are counted.

    The bound is for a mechanism whose noise is independent from image to image. Is it
    above the statement, then the statement or this is false.

    Args:
        mechanism: to be attacked: an object with ``privatize(images, key=, ids=)`` and
            ``statement(shape, delta=)``; for ``per="patient"``, the latter also with
            ``images_per_patient``.
        shape: of the images, (height, width) or (height, width, channels).
        per: ``"value"``, images that differ in one value; ``"image"``, any two;
            ``"structure"``, a black image against one half black and half white, only;
            ``"patient"``, all images of a patient, replaced.
        trials: releases of each input; what is seen best by calls of their own gets a
            fifth of them. `trials_needed` says how many a small fault takes.
        delta: of the guarantee that is attacked; 0 for a pure one.
        confidence: probability, over keys, that the bound holds.
        key: secret key; a new one if None. The same key gives the same result.
        pair: (image, other), each of the shape, to be told apart in place of the
            audit's own pairs; for ``per="patient"``, each (images per patient, *shape).
        images_per_patient: for ``per="patient"`` without a pair.

    Raises:
        TypeError: if the mechanism lacks a method.
        ValueError: for another `per`, fewer than 100 trials, a confidence or delta that
            is no probability, or a pair that does not fit.
    """
    trials = whole_number(trials, "trials", at_least=100)
    check_confidence(confidence)
    if delta != 0:
        check_delta(delta)
    one_of(per, _PER, "per")
    check_mechanism(mechanism)
    inputs = None if pair is None else check_pair(pair, tuple(shape), per)
    k = whole_number(images_per_patient, "images_per_patient")
    if inputs is not None and per == "patient":
        k = len(inputs[0])
    stated, levels = stated_epsilon(mechanism, tuple(shape), per, delta, k)
    if key is not None:
        check_key(key)
    own_calls = int(_OWN_CALLS * trials)
    releases = Releases(mechanism, levels, key or new_key(), own_calls)
    places = scout(releases, tuple(shape), levels)
    if inputs is None:
        tried = experiments(tuple(shape), per, levels, places.changed, k, seed=0)
    else:
        own = Experiment("the pair", *inputs)
        tried = [own, *in_company(own)]
    best = _most_telling(tried, releases, levels, places, trials, delta)
    gaze = Gaze(best, levels, releases, places)
    n = max(trials // _ALONE, 100) if best.alone else trials
    learnt = _learnt(gaze, releases.of(best, n // 2), delta)
    epsilon, score = _shown(
        gaze, learnt, releases.of(best, n - n // 2), delta, confidence
    )
    return Audit(
        epsilon, stated, n - n // 2, best.name, score, per, float(delta), confidence
    )


def _most_telling(
    tried: list[Experiment],
    releases: Releases,
    levels: Levels,
    places: Places,
    trials: int,
    delta: float,
) -> Experiment:
    """The experiment whose pilot shows most; the first one where none stands out."""
    if len(tried) == 1:
        return tried[0]
    pilot = min(_PILOT, trials // 2)
    best, most = tried[0], -math.inf
    for experiment in tried:
        gaze = Gaze(experiment, levels, releases, places)
        rows = releases.of(experiment, pilot)
        ratio, score = _learnt(gaze, rows, delta, classify=False)
        shown = max(ratio.epsilon, score.event.epsilon)
        if shown > most + (_MARGIN if experiment.alone else 0):
            best, most = experiment, shown
    return best


def _learnt(
    gaze: Gaze, rows: Both, delta: float, classify: bool = True
) -> tuple[Event, Learnt]:
    """An event of the likelihood ratio, and the score and event that were learnt."""
    first, other = rows
    ratio = best_event(gaze.likelihood(first), gaze.likelihood(other), delta)
    return ratio, learn(gaze.columns(first), gaze.columns(other), delta, classify)


def _shown(
    gaze: Gaze,
    learnt: tuple[Event, Learnt],
    rows: Both,
    delta: float,
    confidence: float,
) -> tuple[float, str]:
    """The greater of both bounds, by fresh releases, and the name of its score."""
    each = 1 - tail_of(confidence)
    event, score = learnt
    ratios, scores = (
        [look(some) for some in rows]
        for look in (gaze.likelihood, partial(score.scores, gaze))
    )
    by_ratio = bound(event, ratios[0], ratios[1], delta, each)
    by_score = bound(score.event, scores[0], scores[1], delta, each)
    if by_score > by_ratio:
        return by_score, score.name
    return by_ratio, "the likelihood ratio of Laplace noise"
