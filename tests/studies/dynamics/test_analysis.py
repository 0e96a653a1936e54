"""The analysis of a trial."""

import pytest

from tfrwc.studies.dynamics import analysis
from tfrwc.studies.dynamics.trial import Trial


def test_weight_decay_alone():
    # 12 steps with η λ / (1 - μ) = 0.1 · 1e-4 / 0.1 = 1e-4 each.
    trial = Trial("digits", "resnet18_narrow", 3, (0,))
    assert analysis._decay_change(trial, 1437) == pytest.approx(1 - (1 - 1e-4) ** 12)
