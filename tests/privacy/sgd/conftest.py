"""Data that private models are trained on in tests."""

import numpy as np
import pytest
from privacy.sgd.models import N


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(N, 6, 6, 1)).astype(np.float32)
    return x, rng.integers(0, 3, N)
