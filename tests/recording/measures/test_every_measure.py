"""What holds for every registered measure; a new one is tested by being there."""

import math

import hypothesis.extra.numpy as hnp
import keras
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tfrwc.dynamics import relative_change
from tfrwc.recording import Flag
from tfrwc.recording.device import DeviceMeasures
from tfrwc.recording.host import HostMeasures
from tfrwc.recording.measures import REGISTRY

NAMES = tuple(REGISTRY)

weights = hnp.arrays(
    np.float32,
    hnp.array_shapes(min_dims=1, max_dims=4, max_side=6),
    elements=st.floats(-8, 8, width=32).filter(lambda x: x == 0 or abs(x) > 1e-3),
)


@st.composite
def pairs(draw):
    previous = draw(weights)
    current = draw(
        hnp.arrays(
            np.float32,
            previous.shape,
            elements=st.floats(-8, 8, width=32).filter(
                lambda x: x == 0 or abs(x) > 1e-3
            ),
        )
    )
    return previous, current


@given(pairs(), st.sampled_from(NAMES), st.sampled_from([0.125, 2.0, 64.0]))
def test_scale_of_the_weights_does_not_matter(pair, measure, scale):
    previous, current = pair
    assert relative_change(previous * scale, current * scale, measure) == pytest.approx(
        relative_change(previous, current, measure), rel=1e-9, abs=1e-12, nan_ok=True
    )


@given(weights, st.sampled_from(NAMES))
def test_no_change_is_zero_or_nan(previous, measure):
    value = relative_change(previous, previous, measure)
    of_none = 1 if measure == "still_units" else 0  # a share of what stays
    assert math.isnan(value) or value == pytest.approx(of_none, abs=1e-15)


def parallel(old, new):
    """Vectors of which nothing is left but a small part along the old one."""
    return np.array([0, old], np.float32), np.array([0, new], np.float32)


@pytest.mark.parametrize(
    ("where", "names"), [("device", NAMES), ("host", NAMES), ("host", NAMES[:1])]
)
@settings(max_examples=40, deadline=None)
@example(tensors=[parallel(2.9062853, 0.125), parallel(0.999, -0.03125)])
@given(tensors=st.lists(pairs(), min_size=1, max_size=3))
def test_what_runs_in_fit_agrees_with_the_definitions(where, names, tensors):
    variables = [keras.Variable(previous) for previous, _ in tensors]
    kind = {"device": DeviceMeasures, "host": HostMeasures}[where]
    weights = kind(variables, names)
    weights.snapshot()
    for variable, (_, current) in zip(variables, tensors, strict=True):
        variable.assign(current)
    [values], [flags] = weights.finish([weights.measure()])
    for j, (previous, current) in enumerate(tensors):
        for i, measure in enumerate(names):
            expected = relative_change(previous, current, measure)
            if math.isnan(expected):
                assert np.isnan(values[i, j]), measure
                assert flags[i, j] == Flag.ZERO_DENOMINATOR, measure
            else:
                assert flags[i, j] == Flag.OK, measure
                # Of nearly parallel vectors the angle is their elements' rounding,
                # some units in the last place, seen from the new one; 1 - cos is half
                # its square.
                sizes = np.linalg.norm(previous) + np.linalg.norm(current)
                turn = 4 * 2.0**-24 * sizes / (np.linalg.norm(current) or 1)
                floor = float(turn) ** 2 / 2 if measure == "cosine" else 0.0
                assert values[i, j] == pytest.approx(expected, rel=1e-5, abs=floor), (
                    measure
                )
