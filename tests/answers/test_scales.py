"""From values to pixels."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tfrwc.answers.scales import scale_of, text_of, tick_text

values = st.lists(
    st.floats(-1e30, 1e30, allow_nan=False, allow_subnormal=False),
    min_size=1,
    max_size=8,
)


@given(values)
@example([76427045.0, 4.251395484270264e-301])
def test_values_lie_within_and_ticks_are_on_the_scale(numbers):
    scale = scale_of(numbers, 100, 500)
    at = scale(numbers)
    if not scale.log:
        assert np.isfinite(at).all()
    seen = at[np.isfinite(at)]
    assert ((seen >= 100 - 1e-6) & (seen <= 500 + 1e-6)).all()
    ticks = scale.ticks(6)
    assert len(ticks) <= 9
    places = scale(ticks)
    assert ((places >= 100 - 1) & (places <= 500 + 1)).all()


@example([2.25, 2.25], 2)
@given(st.lists(st.floats(1e-6, 1e6), min_size=2, max_size=8), st.integers(2, 8))
def test_an_axis_has_two_numbers_or_more(numbers, most):
    assert len(scale_of(numbers, 0, 100).ticks(most)) >= 2


@given(st.lists(st.floats(1e-30, 1e30), min_size=2, max_size=8))
def test_order_is_kept(numbers):
    numbers = sorted(numbers)
    assert (np.diff(scale_of(numbers, 0, 1000)(numbers)) >= 0).all()


def test_zeros_have_no_place_among_logarithms():
    scale = scale_of([0, 1, 100], 0, 1)
    assert scale.log
    assert np.isnan(scale([0.0])).all()


def test_nothing_has_a_scale_too():
    assert np.isfinite(scale_of([np.nan], 0, 1)([0.5])).all()


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "exactly 0"), (np.nan, "no value"), (0.012345, "0.0123"), (2e-7, "2e-07")],
)
def test_texts_of_values(value, text):
    assert text_of(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (0.001, "0.001"), (1e-4, "1e-4"), (2.5e7, "2.5e7")]
)
def test_texts_of_ticks(value, text):
    assert tick_text(value) == text


@pytest.mark.parametrize("values", [(0.55, 1.8), (1.05, 1.15), (2.2, 4.6)])
def test_a_scale_within_a_decade_has_ticks_to_read_it_by(values):
    assert len(scale_of(values, 0, 100, log=True).ticks(8)) >= 3
