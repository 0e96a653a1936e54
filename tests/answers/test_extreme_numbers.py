"""Answers from logs that hold any numbers."""

import numpy as np
import pytest
from dynamics.diagnosis.recordings import recording
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tfrwc.dynamics.logged import bounded

SPECIAL = [0.0, np.nan, np.inf, -np.inf, 1e308, -1e308, 1e-308, 3e38, 1e-45, -1.0]
NUMBERS = st.one_of(st.sampled_from(SPECIAL), st.floats(0, 3))
LOGS = ("loss", "val_loss", "accuracy", "learning_rate")


@settings(deadline=None, max_examples=20)
@given(arrays(np.float64, st.tuples(st.integers(1, 20), st.just(8)), elements=NUMBERS))
def test_every_answer_is_given_without_a_warning(tmp_path_factory, numbers):
    """Warnings are errors here."""
    with np.errstate(over="ignore"):
        values = numbers[:, :4].astype(np.float32).reshape(-1, 2, 2)
    logs = [dict(zip(LOGS, row, strict=True)) for row in numbers[:, 4:]]
    run = recording(values, logs)
    assert run.summary()
    page = tmp_path_factory.mktemp("page") / "report.html"
    run.report(page)
    assert page.stat().st_size > 10_000
    if (numbers[:, 7] > 0).any():
        assert run.per_learning_rate().shape == (len(numbers), 2)


def test_losses_near_the_largest_number_are_infinite():
    found = bounded([1e308, -1e308, 1e-308, 1e299, np.nan, np.inf, 0.5])
    np.testing.assert_array_equal(
        found, [np.inf, -np.inf, 0.0, 1e299, np.nan, np.inf, 0.5]
    )


def test_a_tiny_rate_divides():
    values = np.full((2, 2, 2), 1e-30, np.float32)
    logs = [{"learning_rate": 1e-40}, {"learning_rate": 1e-300}]
    found = recording(values, logs).per_learning_rate()
    assert found[0] == pytest.approx([1e10, 1e10])
    assert np.isinf(found[1]).all()
