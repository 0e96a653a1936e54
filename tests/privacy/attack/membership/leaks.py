"""Outputs of models whose leak is known, and attacks on them."""

import numpy as np
from scipy.stats import binom

from tfrwc.privacy import membership_inference

SEEDS = range(60)
MOST_MISSES = binom.isf(1e-3, len(SEEDS), 0.1)


def outputs(confidence):
    """Logits of two classes, with this log(p / (1 - p)) of class 1."""
    return np.column_stack([np.zeros(len(confidence)), confidence])


def attack(members, others, labels=None, **settings):
    """Attack on confidences of class 1."""
    labels = labels or (np.ones(len(members), int), np.ones(len(others), int))
    return membership_inference(
        outputs(members), outputs(others), labels=labels, from_logits=True, **settings
    )


def normal(seed, shift, n=300):
    rng = np.random.default_rng(seed)
    return rng.normal(shift, 1, n), rng.normal(0, 1, n)


def random_case(seed, n=40, classes=3, models=6, images=2):
    """Everything that can be given: of n members and n others, with a leak."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(2 * n, classes))
    labels = rng.integers(classes, size=2 * n)
    logits[np.arange(n), labels[:n]] += 1
    patients = np.arange(2 * n) // images
    shadows = rng.normal(size=(models, 2 * n, classes))
    included = np.arange(models)[:, None] % 2 == rng.integers(2, size=2 * n)
    return logits, labels, patients, shadows, included
