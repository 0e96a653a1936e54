"""Results of membership attacks: tables, data and sentences."""

import json
from dataclasses import replace

import numpy as np
import pytest
from privacy.attack.membership.leaks import attack, normal, random_case

from tfrwc.privacy import membership_inference


def test_a_result_as_a_table_as_data_and_as_text():
    logits, labels, patients, shadows, included = random_case(0, n=100)
    labels = np.where(np.arange(200) < 5, 2, labels % 2)
    result = membership_inference(
        logits[:100],
        logits[100:],
        labels=(labels[:100], labels[100:]),
        groups=(patients[:100], patients[100:]),
        from_logits=True,
        reference=(shadows, included),
        guarantee=(1.0, 0),
        repeats=3,
    )
    frame = result.to_frame()
    assert len(frame) == len(result.measurements)
    assert set(frame["attack"]) == {"threshold", "logistic", "lira"}
    assert set(frame["scope"]) == {"all", "class", "patient", "worst class"}
    assert frame["null"].dtype == float
    data = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert data["guarantee"] == [1.0, 0.0]
    assert data["measurements"][0]["attack"] == "threshold"
    assert len(data["worst_patients"]) == 3
    assert isinstance(data["worst_patients"][0]["patient"], int)
    text = result.explain()
    assert result._repr_html_().count("<p>") == len(text.split("\n\n"))
    assert "online, one variance for all examples" in text
    assert "Class 2 was left out: it has 0 members or non-members" in text
    assert "No measure is above what the guarantee allows." in text
    with pytest.raises(KeyError, match=r"no 'auc' of 'lira' for 'class' 2.*left out"):
        result.get("lira", "auc", "class", 2)


def test_only_a_whole_interval_above_the_bound_counts():
    row = attack(*normal(0, 2.0), guarantee=(0.1, 0)).get("threshold", "auc")
    assert row.above_bound
    assert not replace(row, low=row.bound).above_bound
    assert not replace(row, bound=None).above_bound
