"""Data that private models are trained on in tests."""

import numpy as np
import pytest
from privacy.sgd.models import N

from tfrwc.privacy.sgd import operations, rehearsal
from tfrwc.privacy.sgd.independence import inquiry


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(N, 6, 6, 1)).astype(np.float32)
    return x, rng.integers(0, 3, N)


@pytest.fixture
def unasked(monkeypatch):
    """Leaves out, where they are not what is tested, the questions whether examples
    depend on each other: they take half of the time of a short training."""
    monkeypatch.setattr(rehearsal, "check_independence", lambda *_: None)


@pytest.fixture
def unseen(monkeypatch):
    """Lets functions of Python stand for a machine, or write down what is done."""
    for module in (operations, inquiry):
        monkeypatch.setattr(module, "check_inside", lambda *_: None)
