"""Signals of membership attacks, against their definitions and plain oracles."""

import math

import numpy as np
import pytest
from privacy.attack.membership.leaks import outputs
from scipy.stats import norm

from tfrwc.privacy.attack.membership import signals


def test_signals_by_the_definitions():
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.ones(4), 20)
    labels = rng.integers(4, size=20)
    log_p = signals.log_probabilities(p, from_logits=False)
    got = signals.features(log_p, labels)
    ratio = signals.confidence(log_p, labels)
    for i, y in enumerate(labels):
        others = [p[i, k] for k in range(4) if k != y]
        expected = [
            math.log(p[i, y]),
            math.log(p[i, y] / max(others)),
            -sum(q * math.log(q) for q in p[i]),
            max(p[i]),
        ]
        assert got[i] == pytest.approx(expected)
        assert ratio[i] == pytest.approx(math.log(p[i, y] / sum(others)))
    from_logits = signals.log_probabilities(np.log(p) + 5, from_logits=True)
    assert from_logits == pytest.approx(log_p)


def test_confidence_of_logits_is_not_rounded():
    log_p = signals.log_probabilities(outputs(np.array([80.0, 800.0])), True)
    ones = np.ones(2, int)
    assert signals.confidence(log_p, ones) == pytest.approx([80, 800])
    assert (np.diff(signals.loss_signal(log_p, ones)[:, 0]) > 0).all()


def lira_by_loops(target, shadows, included, own_variance):
    def fit(i, of):
        return [shadows[m, i] for m in range(len(shadows)) if included[m, i] == of]

    n = len(target)
    online = all(len(fit(i, True)) >= 2 for i in range(n))
    common = {}
    for of in (False, True) if online else (False,):
        squares = sum(((fit(i, of) - np.mean(fit(i, of))) ** 2).sum() for i in range(n))
        common[of] = squares / sum(len(fit(i, of)) - 1 for i in range(n))
    found = []
    for i in range(n):
        logs = {}
        for of in (False, True) if online else (False,):
            variance = np.var(fit(i, of), ddof=1) if own_variance else common[of]
            logs[of] = norm(np.mean(fit(i, of)), math.sqrt(variance))
        if online:
            found.append(logs[True].logpdf(target[i]) - logs[False].logpdf(target[i]))
        else:
            found.append(logs[False].cdf(target[i]))
    return np.array(found)


@pytest.mark.parametrize("models", [6, 70])
def test_online_lira_by_loops(models):
    rng = np.random.default_rng(models)
    target, shadows = rng.normal(size=9), rng.normal(size=(models, 9))
    included = rng.permuted(np.arange(models)[:, None].repeat(9, 1) % 2 == 1, axis=0)
    got, variant = signals.lira(target, shadows, included)
    own = models == 70
    assert got == pytest.approx(lira_by_loops(target, shadows, included, own))
    kind = "a variance per example" if own else "one variance for all examples"
    assert variant == f"online, {kind}"


@pytest.mark.parametrize("models", [3, 40])
def test_offline_lira_by_loops(models):
    """In deviations here, as the probability of a lower confidence there."""
    rng = np.random.default_rng(models)
    target, shadows = rng.normal(size=9), rng.normal(size=(models, 9))
    included = np.zeros((models, 9), bool)
    included[0, 0] = True  # One example of one model: too few for a Gaussian.
    got, variant = signals.lira(target, shadows, included)
    expected = lira_by_loops(target, shadows, included, own_variance=models == 40)
    assert norm.cdf(got) == pytest.approx(expected)
    assert variant.startswith("offline")
