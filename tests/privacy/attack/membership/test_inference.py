"""Membership inference as a whole: what each attack sees, and what must not matter."""

import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from privacy.attack.membership.leaks import attack, normal, outputs, random_case
from scipy.stats import norm
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from tfrwc.privacy import membership_inference


def test_the_regression_sees_what_the_loss_does_not():
    """The same loss, and the rest spread over two classes for members, in one else."""
    rng = np.random.default_rng(0)
    p = rng.uniform(0.3, 0.6, 100)
    spread = np.column_stack([p, (1 - p) / 2, (1 - p) / 2])
    single = np.column_stack([p, 0.9 * (1 - p), 0.1 * (1 - p)])
    zeros = np.zeros(100, int)
    result = membership_inference(spread, single, labels=(zeros, zeros))
    assert result.get("threshold", "auc").low < 0.5
    assert result.get("logistic", "auc").value > 0.99


@pytest.mark.parametrize("online", [True, False])
def test_lira_sees_through_how_hard_examples_are(online):
    """Confidence is difficulty, N(0, 9), plus 1 for members, plus N(0, 1)."""
    n, models = 1000, 80
    rng = np.random.default_rng(0)
    hard = rng.normal(0, 3, 2 * n)
    member = np.arange(2 * n) < n
    included = (rng.random((models, 2 * n)) < 0.5) & online
    noise = rng.normal(size=2 * n)
    target = hard + member + noise
    shadows = hard + included + rng.normal(size=(models, 2 * n))
    result = attack(
        target[:n],
        target[n:],
        reference=(np.stack([outputs(s) for s in shadows]), included),
    )
    assert result.lira.startswith("online" if online else "offline")
    by_loss = result.get("threshold", "auc")
    assert by_loss.low <= norm.cdf(1 / math.sqrt(20)) <= by_loss.high
    row = result.get("lira", "auc")
    assert row.low > by_loss.high
    # Hardly worse than if it were known how hard each example is.
    known = roc_auc_score(member, member + noise)
    assert row.value == pytest.approx(known, abs=0.01)


def test_attacks_of_a_model_that_was_really_trained():
    """Logistic regression on noise, which it learns by heart, and shadow models."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(400, 60)), rng.integers(0, 2, 400)
    included = rng.random((16, 400)) < 0.5

    def trained_on(part):
        model = LogisticRegression(C=0.1, solver="newton-cholesky")
        return model.fit(x[part], y[part]).predict_proba(x)

    target = trained_on(slice(200))
    result = membership_inference(
        target[:200],
        target[200:],
        labels=(y[:200], y[200:]),
        reference=(np.stack([trained_on(part) for part in included]), included),
        guarantee=(0.1, 1e-5),
    )
    for name in ("threshold", "logistic", "lira"):
        assert result.get(name, "auc").low > 0.6
        assert result.get(name, "advantage").above_bound
    assert "The guarantee is false" in result.explain()


@settings(max_examples=10, deadline=None)
@given(st.integers(1, 2**32), st.booleans())
def test_the_order_of_examples_does_not_matter(seed, grouped):
    logits, labels, patients, shadows, included = random_case(0)
    rng = np.random.default_rng(seed)
    found = []
    for order in (np.arange, rng.permutation):
        a, b = order(40), 40 + order(40)
        both = np.concatenate([a, b])
        found.append(
            membership_inference(
                logits[a],
                logits[b],
                labels=(labels[a], labels[b]),
                groups=(patients[a], patients[b]) if grouped else None,
                from_logits=True,
                reference=(shadows[:, both], included[:, both]),
                repeats=2,
            )
        )
    assert found[0] == found[1]


@settings(max_examples=6, deadline=None)
@given(st.permutations(range(3)))
def test_the_names_of_classes_do_not_matter(names):
    logits, labels, *_ = random_case(0, n=90)
    names = np.array(names)
    renamed = np.empty_like(logits)
    renamed[:, names] = logits
    one, other = (
        membership_inference(
            z[:90], z[90:], labels=(y[:90], y[90:]), from_logits=True, repeats=3
        )
        for z, y in ((logits, labels), (renamed, names[labels]))
    )
    for row in one.measurements:
        if row.scope == "worst class":
            continue
        which = None if row.which is None else int(names[row.which])
        same = other.get(row.attack, row.measure, row.scope, which)
        # Each class has draws of its own.
        error = 1e-6 if which is None else (row.high - row.low) / 2
        assert same.value == pytest.approx(row.value, abs=error)
        assert (same.members, same.non_members) == (row.members, row.non_members)


def test_probabilities_do_as_well_as_logits_where_they_are_not_rounded():
    members, others = normal(0, 0.5)
    ones = np.ones(300, int)
    p = [outputs(z) for z in (members, others)]
    p = [np.exp(z) / np.exp(z).sum(axis=1, keepdims=True) for z in p]
    got = membership_inference(*p, labels=(ones, ones), attacks="threshold")
    expected = attack(members, others, attacks="threshold")
    assert got.get("threshold", "auc").value == pytest.approx(
        expected.get("threshold", "auc").value, abs=1e-6
    )


def test_seeds():
    members, others = normal(0, 0.5, 60)
    one, same, other = (attack(members, others, random_state=s) for s in (0, 0, 1))
    assert one == same != other


def test_nothing_here_needs_tensorflow_and_importing_is_light():
    code = (
        "import sys, tfrwc.privacy; light = 'sklearn' not in sys.modules; "
        "from tfrwc.privacy import membership_inference, audit_canaries; "
        "print(light, {'tensorflow', 'keras'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "True set()"
