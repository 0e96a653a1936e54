"""Definitions of relative change, and the device's form of them."""

import math
from functools import partial

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tfrwc.dynamics import MEASURES, relative_change

EXACT = [  # previous [1, -2, 4], current [2, -2, 3]
    ("l1_ratio", 2 / 7),
    ("l2_ratio", math.sqrt(2 / 21)),
    ("elementwise_mean", (1 + 0 + 0.25) / 3),
    ("elementwise_median", 0.25),
    ("cosine", 1 - 18 / math.sqrt(21 * 17)),
]
NAMES = [name for name, _ in EXACT]


def test_table_covers_every_measure():
    assert tuple(NAMES) == MEASURES


@pytest.mark.parametrize(("measure", "expected"), EXACT)
def test_known_values(measure, expected):
    assert relative_change([1, -2, 4], [2, -2, 3], measure) == pytest.approx(expected)


@pytest.mark.parametrize("measure", NAMES)
@pytest.mark.parametrize(
    ("previous", "current"),
    [
        ([0.0, 0.0], [1.0, 2.0]),
        ([0.0, 0.0], [0.0, 0.0]),
        ([1.0, math.nan], [1.0, 2.0]),
        ([1.0, 2.0], [1.0, math.inf]),
        ([math.inf, 1.0], [math.inf, 1.0]),
    ],
)
def test_no_meaning_is_nan(measure, previous, current):
    assert math.isnan(relative_change(previous, current, measure))


@pytest.mark.parametrize(
    ("measure", "expected"),
    [("l1_ratio", 0.5), ("elementwise_mean", math.nan), ("elementwise_median", 0.5)],
)
def test_a_zero_that_stays(measure, expected):
    value = relative_change([0.0, 2.0, 4.0], [0.0, 3.0, 6.0], measure)
    assert value == pytest.approx(expected, nan_ok=True)


def test_elements_that_leave_zero_count_as_infinite_in_the_median():
    previous, current = [0.0, 0.0, 1.0, 1.0, 1.0], [1.0, 0.0, 1.1, 1.2, 1.3]
    value = relative_change(previous, current, "elementwise_median")
    assert value == pytest.approx(np.median([0.1, 0.2, 0.3, np.inf]))


def test_cosine_of_a_small_turn_keeps_its_digits():
    angle = 1e-6
    turned = [math.cos(angle), math.sin(angle)]
    assert relative_change([1, 0], turned, "cosine") == pytest.approx(
        angle**2 / 2, rel=1e-9
    )


def test_errors_name_the_rule_and_what_was_received():
    with pytest.raises(ValueError, match=r"one of l1_ratio, .*Received: 'l3'"):
        relative_change([1.0], [1.0], "l3")
    with pytest.raises(ValueError, match=r"same shape.*\(2,\) and \(1,\)"):
        relative_change([1.0, 2.0], [1.0])
    with pytest.raises(ValueError, match="at least one element"):
        relative_change([], [])


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
    assert math.isnan(value) or value == pytest.approx(0, abs=1e-15)


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
    import keras

    from tfrwc.recording import Flag
    from tfrwc.recording.device import DeviceMeasures
    from tfrwc.recording.host import HostMeasures

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
                size, new = (float(np.linalg.norm(v)) for v in (previous, current))
                turn = 4 * 2.0**-24 * (size + new) / (new or 1)
                floor = turn**2 / 2 if measure == "cosine" else 0
                assert values[i, j] == pytest.approx(expected, rel=1e-5, abs=floor), (
                    measure
                )


EXTREMES = (0.0, 1.0, 1e-45, 1e29, 1e38, 3.4028235e38, np.inf, np.nan)


@pytest.mark.parametrize("names", [NAMES[:1], NAMES])
@pytest.mark.parametrize("old", EXTREMES)
@pytest.mark.parametrize("new", EXTREMES)
@pytest.mark.parametrize("sign", [1, -1])
def test_no_weights_raise_a_floating_point_error(names, old, new, sign):
    from tfrwc.recording.blocks import Comparison, RenewedL1

    before = np.array([1.0, old, old], np.float32)
    now = np.array([2.0, sign * new, new], np.float32)
    with np.errstate(all="ignore"):
        expected = np.abs(now - before).sum()
    if names == NAMES[:1]:
        compare = RenewedL1(before)
    else:
        compare = partial(Comparison(names, renew=True, size=3), before)
    with np.errstate(all="raise"):
        change, *_ = compare(now)
    assert np.isfinite(change) == np.isfinite(expected)
    np.testing.assert_array_equal(before, now)


def test_an_interrupted_comparison_leaves_weights_and_right_sums(monkeypatch):
    from tfrwc.recording import blocks

    monkeypatch.setattr(blocks, "_BLOCK", 3)
    before = np.array([1.0, -2.0, 4.0, 1.0], np.float32)
    now = np.array([3.0, -2.0, 4.0, 2.0], np.float32)
    compare = blocks.RenewedL1(before)
    assert compare(before.copy()) == [0, 8]

    def interrupted(vector):
        if vector.size > 1 and vector[1] == 0:  # where the weight does not change
            raise KeyboardInterrupt
        return np.abs(vector).sum()

    with monkeypatch.context() as patch:
        patch.setattr(compare, "_magnitude", interrupted)
        with pytest.raises(KeyboardInterrupt):
            compare(now)
    np.testing.assert_array_equal(before, [3, -2, 4, 1])
    assert compare(now) == [1, 10]
    assert compare(now) == [0, 11]


def test_ratio_of_gaussians_grows_with_size_by_element_but_not_by_sum():
    # With true change r, `elementwise_mean` reads about (2r/π) ln n. Medians over 25
    # draws; the spread of l1_ratio at n = 2,000 is about 2 %, so 0.02 is 10 sigma of
    # the median, and the chance of a false alarm is below 1e-6.
    rng = np.random.default_rng(0)
    r = 0.2

    def medians(n):
        w = rng.normal(size=(25, n))
        d = r * rng.normal(size=(25, n))
        return {
            m: np.median(
                [relative_change(a, a + b, m) for a, b in zip(w, d, strict=True)]
            )
            for m in ("l1_ratio", "elementwise_mean")
        }

    small, large = medians(2_000), medians(500_000)
    assert small["l1_ratio"] == pytest.approx(r, abs=0.02)
    assert large["l1_ratio"] == pytest.approx(r, abs=0.02)
    assert large["elementwise_mean"] > 1.4 * small["elementwise_mean"]
