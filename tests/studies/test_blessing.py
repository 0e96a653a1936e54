"""Whether a model is pushed, and what is said of it then."""

import json
import math

import numpy as np
import pytest

from tfrwc.studies.blessing import (
    objections,
    read_all_pushed,
    read_pushed,
    write_pushed,
)
from tfrwc.studies.privacy.scores import change, scores

RNG = np.random.default_rng(0)
TRUTH = RNG.integers(0, 2, 400)


def guess(skill):
    """Probabilities of class 1 by a network of some skill."""
    return np.clip(0.5 + skill * (TRUTH - 0.5) + RNG.normal(0, 0.25, 400), 0, 1)


def evaluated(folder, p, y=TRUTH, origin="images"):
    folder.mkdir()
    auc = {"value": 0.9, "low": 0.8, "high": 0.95}
    facts = {"test": {"auc": auc}, "membership": {}, "data": {"origin": origin}}
    (folder / "evaluation.json").write_text(json.dumps(facts))
    np.savez(folder / "predictions.npz", test=p, test_label=y, members=p)
    return folder


@pytest.mark.parametrize(
    ("skill", "change_at_least", "blessed"),
    [
        (0.8, 0.0, True),
        (0.8, 0.5, False),
        (0.3, 0.0, False),  # as good is not better
        (0.3, -0.1, True),  # but it is surely not much worse
        (0.05, -0.1, False),
    ],
)
def test_a_model_is_held_against_a_baseline(skill, change_at_least, blessed, tmp_path):
    baseline = evaluated(tmp_path / "baseline", guess(0.3))
    model = evaluated(tmp_path / "model", guess(skill))
    reasons = objections(model, "auc", 0.5, math.inf, baseline, change_at_least)
    assert len(reasons) == (not blessed)
    for reason in reasons:
        assert "auc changes by" in reason
        assert f"not surely above {change_at_least:+g}" in reason


def test_a_model_does_not_change_from_itself(tmp_path):
    model = evaluated(tmp_path / "model", guess(0.5))
    [reason] = objections(model, "auc", 0.5, math.inf, model, 0.0)
    assert "changes by +0.000 from the baseline's (95 % interval +0.000" in reason
    assert objections(model, "auc", 0.5, math.inf, model, -1e-9) == []


def test_the_interval_is_that_of_pairs():
    """Against images drawn one by one, and narrower than of networks apart."""
    p, baseline = guess(0.5), guess(0.5)
    rng = np.random.default_rng(1)
    for measure in ("auc", "balanced_accuracy"):
        drawn = []
        for _ in range(200):
            i = rng.integers(0, 400, 400)
            both = [scores(one[i], TRUTH[i])[measure] for one in (p, baseline)]
            drawn.append(both[0] - both[1])
        value, *ends = change(p, baseline, TRUTH, measure)
        expected = scores(p, TRUTH)[measure] - scores(baseline, TRUTH)[measure]
        assert value == pytest.approx(expected)
        # The ends of 200 draws are off by some 0.2 of the deviation.
        quantiles = np.quantile(drawn, [0.025, 0.975])
        np.testing.assert_allclose(ends, quantiles, atol=0.5 * np.std(drawn))
    value, low, high = change(p, p + 1e-9, TRUTH, "accuracy")
    assert value == low == high == 0


def test_only_the_same_images_are_compared(tmp_path):
    model = evaluated(tmp_path / "model", guess(0.5))
    others = (
        evaluated(tmp_path / "a", guess(0.5), origin="other"),
        evaluated(tmp_path / "b", guess(0.5), 1 - TRUTH),
        evaluated(tmp_path / "c", guess(0.5)[:-1], TRUTH[:-1]),
    )
    for other in others:
        with pytest.raises(ValueError, match="were not tested on the same images"):
            objections(model, "auc", 0.5, math.inf, other)
    with pytest.raises(ValueError, match="is to a baseline, and there is none"):
        objections(model, "auc", 0.5, math.inf, None, 0.1)
    (tmp_path / "a" / "predictions.npz").write_bytes(b"")
    with pytest.raises(ValueError, match=r"a/predictions\.npz"):
        objections(model, "auc", 0.5, math.inf, tmp_path / "a")


@pytest.mark.parametrize("path", ["/runs/saved_models/private-x/1", None])
def test_where_a_model_was_pushed_to_is_read_back(path, tmp_path):
    write_pushed(path, tmp_path)
    assert read_pushed(tmp_path) == path


def test_all_that_a_step_pushed_is_read_from_its_outputs(tmp_path):
    for number, path in (("1", "/models/x/1"), ("4", None), ("5", "/models/x/2")):
        (tmp_path / number).mkdir()
        write_pushed(path, tmp_path / number)
    (tmp_path / "6").mkdir()  # that was killed
    found = read_all_pushed(tmp_path / "5")
    assert sorted(found) == ["/models/x/1", "/models/x/2"]


@pytest.mark.parametrize("text", ["", "{}", '{"path": 3}', "[1]"])
def test_a_damaged_file_is_named(text, tmp_path):
    (tmp_path / "pushed.json").write_text(text)
    with pytest.raises(ValueError, match=r"pushed\.json is not what was pushed"):
        read_pushed(tmp_path)
