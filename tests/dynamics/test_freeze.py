"""Advice on freezing: what is low, how surely, and whether it is a prefix."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import t as student

from tfrwc.dynamics import suggest_freeze
from tfrwc.recording import Recording


def recorded(curves, rates=0.1, depth=None, reference="previous"):
    """A recording of curves (layers, records)."""
    layers, records = np.shape(curves)
    table = pd.DataFrame(
        {
            "name": [f"layer_{i}/kernel" for i in range(layers)],
            "path": [f"layer_{i}/kernel" for i in range(layers)],
            "kind": "Dense",
            "shape": [(i + 1, 10) for i in range(layers)],
            "size": 10 * np.arange(1, layers + 1),
            "depth": np.arange(layers) if depth is None else depth,
        }
    )
    recording = Recording(table, ["l1_ratio"], {"reference": reference})
    rates = np.broadcast_to(rates, records)
    for i, values in enumerate(np.transpose(curves)):
        flags = np.zeros((1, layers))
        recording.append(i, i + 1, [values], flags, {"learning_rate": rates[i]})
    return recording


def falling(to, layers, records=20, noise=0.02, seed=0):
    """Curves that fall from 1 to `to` in the first half, and stay there."""
    rng = np.random.default_rng(seed)
    t = np.minimum(np.linspace(0, 2, records), 1)
    logs = np.log10(to) * t + rng.normal(0, noise, (layers, records))
    return 10**logs


def test_layers_that_fell_and_stayed_low_are_suggested():
    curves = np.vstack([falling(0.01, 3), falling(0.8, 4, seed=1)])
    advice = suggest_freeze(recorded(curves))
    assert sorted(advice["layer"][:3]) == [f"layer_{i}/kernel" for i in range(3)]
    assert advice["suggested"].tolist() == [True] * 3 + [False] * 4
    assert advice["in_prefix"].tolist() == [True] * 3 + [False] * 4
    assert (advice["confidence"][:3] > 0.99).all()
    assert (advice["confidence"][3:] < 0.5).all()
    np.testing.assert_allclose(advice["to_peak"][:3], 0.01, rtol=0.15)
    np.testing.assert_allclose(advice["to_median"][:3], 0.01 / 0.8, rtol=0.2)
    assert advice["low_records"][:3].between(10, 19).all()
    assert advice["weight_share"].sum() == pytest.approx(1)


@settings(deadline=None)
@given(
    st.integers(0, 10**6), st.integers(4, 30), st.integers(1, 8), st.floats(0.1, 0.9)
)
def test_the_advice_follows_its_definition(seed, records, layers, low):
    """By loops, on monotonic curves, which cleaning leaves as they are."""
    rng = np.random.default_rng(seed)
    curves = 10 ** -np.cumsum(rng.uniform(0.01, 0.3, (layers, records)), axis=1)
    rates = 0.1 / (1 + np.arange(records))
    found = suggest_freeze(recorded(curves * rates, rates), low=low).set_index("layer")
    window = max(3, records // 4)
    for i, curve in enumerate(curves.astype(np.float32).astype(float)):
        row = found.loc[f"layer_{i}/kernel"]
        limit = [
            min(np.log10(low * curve.max()), np.median(np.log10(curves[:, r])))
            for r in range(records)
        ]
        above = np.log10(curve) - limit
        # A curve is its own median in some records; float32 decides there.
        if np.abs(above).min() < 1e-6:
            continue
        spell = 0
        while spell < records and above[-1 - spell] <= 0:
            spell += 1
        assert row["low_records"] == spell
        last = above[-window:]
        error = last.std(ddof=1) * np.sqrt(1 + 1 / window)
        expected = student.cdf(-last.mean() / error, window - 1)
        assert row["confidence"] == pytest.approx(expected, abs=1e-4)
        assert row["suggested"] == (spell > 0 and row["confidence"] >= 0.9)


def test_the_confidence_is_the_share_that_stays_low():
    """Calibration on 4,000 layers around the limit, in bins of 400 or more.

    The standard error of a share of 400 is at most 0.025; 10 bins with a bound of
    4 errors fail by chance with probability below 0.001.
    """
    rng = np.random.default_rng(0)
    layers, records = 4000, 24
    levels = np.concatenate([rng.uniform(-0.6, 0.0, layers), np.full(4001, 2.0)])
    logs = levels[:, None] + rng.normal(0, 0.1, (len(levels), records + 1))
    # All peak at 1 at first, so that the limit is that of the peak, 0.5.
    logs[:layers, 0] = 0
    logs[:layers] = np.minimum(logs[:layers], 0)
    now = suggest_freeze(recorded(10 ** logs[:, :-1])).sort_values("depth")
    confidence = now["confidence"].to_numpy()[:layers]
    stayed = logs[:layers, -1] <= np.log10(0.5)
    for part in np.array_split(np.argsort(confidence), 10):
        assert stayed[part].mean() == pytest.approx(confidence[part].mean(), abs=0.1)


def test_a_falling_learning_rate_is_no_reason_to_freeze():
    rates = np.geomspace(0.1, 0.001, 20)
    busy = falling(1.0, 4) * (rates / 0.1)
    busier = falling(1.0, 5, seed=1) * (rates / 0.1) * 3
    curves = np.vstack([busy, busier])
    assert not suggest_freeze(recorded(curves, rates))["suggested"].any()
    # The same curves at a constant rate are of layers that calm down.
    assert suggest_freeze(recorded(curves))["suggested"].sum() >= 4


def test_a_layer_that_moves_again_is_not_suggested():
    curves = np.vstack([falling(0.01, 2), falling(0.8, 3, seed=1)])
    curves[0, -2:] = 1.0
    advice = suggest_freeze(recorded(curves)).set_index("layer")
    assert not advice.loc["layer_0/kernel", "suggested"]
    assert advice.loc["layer_0/kernel", "low_records"] == 0
    # And so the other does not lie in a prefix: saving no backward pass.
    assert advice.loc["layer_1/kernel", "suggested"]
    assert not advice["in_prefix"].any()


def test_all_tensors_of_a_depth_count_for_the_prefix():
    curves = np.vstack([falling(0.01, 3), falling(0.8, 4, seed=1)])
    recording = recorded(curves[[0, 1, 2, 3, 4, 5, 6]], depth=[0, 1, 2, 2, 3, 4, 5])
    advice = suggest_freeze(recording).sort_values("layer")
    assert advice["suggested"].tolist() == [True] * 3 + [False] * 4
    assert advice["in_prefix"].tolist() == [True, True] + [False] * 5


def test_frozen_and_unknown_layers():
    curves = falling(0.8, 6)
    curves[0, -8:] = 0
    curves[1] = 0
    curves[2] = np.nan
    advice = suggest_freeze(recorded(curves)).set_index("layer")
    frozen, never, unknown = (advice.loc[f"layer_{i}/kernel"] for i in range(3))
    assert (frozen["confidence"], frozen["to_peak"], frozen["low_records"]) == (1, 0, 8)
    assert never["suggested"]
    assert never["low_records"] == 20
    assert np.isnan(unknown["confidence"])
    assert not unknown["suggested"]
    assert advice["in_prefix"].sum() == 2


def test_seeds_must_agree():
    low, high = falling(0.01, 3), falling(0.8, 4, seed=1)
    one = recorded(np.vstack([low, high]))
    other = recorded(np.vstack([low[:2], high[:1], high]))
    both = suggest_freeze([one, other]).set_index("layer")
    assert both["suggested"].sum() == 2
    assert both.loc["layer_2/kernel", "low_records"] == 0
    assert both.loc["layer_2/kernel", "confidence"] < 0.9
    again = suggest_freeze([one, one]).set_index("layer")
    assert again["suggested"].sum() == 3


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"recordings": "run.parquet"}, TypeError, "Received: str"),
        ({"recordings": []}, ValueError, "Received none"),
        ({"low": 1.5}, ValueError, r"low must lie.*1\.5"),
        ({"confidence": 0}, ValueError, "confidence must lie.*Received: 0"),
        ({"recordings": recorded(np.ones((3, 3)))}, ValueError, "4 or more.*of 3"),
        (
            {"recordings": recorded(np.ones((3, 9)), reference="initial")},
            ValueError,
            "initial weights",
        ),
        (
            {"recordings": [recorded(np.ones((n, 9))) for n in (3, 4)]},
            ValueError,
            r"one network.*\[3, 4\] tensors",
        ),
    ],
)
def test_wrong_input(change, error, message):
    arguments = {"recordings": recorded(np.ones((3, 9)))} | change
    with pytest.raises(error, match=message):
        suggest_freeze(**arguments)


def test_recordings_without_learning_rates():
    recording = recorded(np.ones((3, 9)))
    for *_, logs in recording.records():
        logs["loss"] = logs.pop("learning_rate")
    with pytest.raises(ValueError, match=r"logs \['loss'\]"):
        suggest_freeze(recording)
