"""How far groupings agree."""

import itertools

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from tfrwc.studies.dynamics.agreement import agreement


def test_agreement_errs_at_its_rate():
    rng = np.random.default_rng(0)
    p_values = [
        agreement([rng.integers(3, size=30) for _ in range(3)], seed)[1]
        for seed in range(60)
    ]
    # Binomial with 60 draws of 0.05: 8 or more have a probability of 0.013.
    assert np.mean(np.array(p_values) <= 0.05) < 8 / 60
    several = [rng.integers(k, size=30) for k in (2, 3, 5)]
    pairs = itertools.combinations(several, 2)
    expected = np.mean([adjusted_rand_score(a, b) for a, b in pairs])
    assert agreement(several)[0] == pytest.approx(expected)
    labels = rng.integers(3, size=30)
    assert agreement([labels, (labels + 1) % 3]) == (1.0, 0.001)
    # All layers in one group say nothing of which belong together.
    assert agreement([np.zeros(30), np.zeros(30)]) == (0.0, 1.0)
