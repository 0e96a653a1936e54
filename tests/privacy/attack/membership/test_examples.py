"""Mistakes in the arguments of `membership_inference`, each named by its error."""

import numpy as np
import pytest
from privacy.attack.membership.leaks import normal, outputs

from tfrwc.privacy import membership_inference

MEMBERS, OTHERS = (outputs(z) for z in normal(0, 0.5, 30))
ONES = np.ones(30, int)
GOOD = {"members": MEMBERS, "non_members": OTHERS, "labels": (ONES, ONES)}
NAMES = np.arange(30)
SHADOWS, IN = np.zeros((4, 60, 2)), np.zeros((4, 60), bool)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"members": MEMBERS[:, 1]}, r"Received: \(30,\). For a single output p"),
        ({"members": MEMBERS[:, :1]}, r"np.column_stack\(\[1 - p, p\]\)"),
        ({"members": MEMBERS[:0]}, r"Received: \(0, 2\)"),
        ({"members": MEMBERS * np.nan}, "Outputs must be finite"),
        ({"members": np.ones((30, 3))}, r"Received: \(30, 3\) and \(30, 2\)"),
        ({"from_logits": False}, "sum to 1. Received: values .* from_logits=True"),
        ({"labels": ONES}, r"labels must be a pair \(members, non-members\)"),
        ({"labels": (ONES, ONES[:5])}, r"labels .* Received: \(30,\) and \(5,\)"),
        ({"labels": (ONES, ONES + 1)}, "whole numbers of 0 to 1. .* 1 to 2"),
        ({"labels": (ONES, ONES * 1.0)}, "Received: float64"),
        ({"groups": NAMES}, "groups must be a pair .* Received: ndarray"),
        ({"groups": (NAMES, NAMES[1:])}, r"groups .* Received: \(30,\) and \(29,\)"),
        ({"groups": (NAMES, NAMES + 0.5)}, "names of patients.* Received: float, int"),
        ({"groups": (NAMES, NAMES + 25)}, "5 patients are among both .* such as 25"),
        (
            {"groups": (NAMES // 2, 100 + NAMES)},
            r"20 or more members and non-members \(patients.* Received: 15",
        ),
        ({"members": MEMBERS[:9], "labels": (ONES[:9], ONES)}, "Received: 9"),
        ({"attacks": ()}, "attacks must be different ones of threshold, logistic"),
        ({"attacks": ("threshold", "magic")}, "Received: .*magic"),
        ({"attacks": ("threshold",) * 2}, "attacks must be different"),
        ({"attacks": "lira"}, "lira needs shadow models"),
        ({"reference": SHADOWS}, r"reference must be a pair \(outputs, included\)"),
        ({"reference": (SHADOWS[:, 1:], IN)}, r"\(models, 60, 2\).*\(4, 59, 2\)"),
        ({"reference": (SHADOWS, IN * 1)}, r"int64 \(4, 60\)"),
        ({"reference": (SHADOWS, ~IN)}, "left out of 2 or more .* left out of 0"),
        ({"reference": (SHADOWS, IN)}, "60 examples have the same confidence"),
        ({"guarantee": 3.0}, r"pair \(epsilon, delta\).* Received: 3.0"),
        ({"guarantee": (-1, 0)}, "epsilon must be above 0"),
        ({"guarantee": (1, None)}, "Received: None"),
        ({"guarantee": (1, 1.5)}, "Received: 1.5"),
        ({"repeats": 1}, "repeats must be a whole number of 2 or more. Received: 1"),
        ({"repeats": 2.5}, "Received: 2.5"),
        ({"random_state": None}, "random_state must be .* Received: None"),
        ({"confidence": 95}, "confidence is a probability"),
    ],
)
def test_mistakes_are_named(wrong, message):
    settings = {**GOOD, "from_logits": True, **wrong}
    members, others = settings.pop("members"), settings.pop("non_members")
    with pytest.raises(ValueError, match=message):
        membership_inference(members, others, **settings)
