"""Membership attacks on outputs whose leak is known, and against plain oracles.

Intervals of 95 % are to cover the truth in at least 90 % of the seeds: a test that
counts misses fails for more than a coverage of 90 % would give with a probability of
1e-3. The seeds are fixed, so a test that passes goes on passing.
"""

import json
import math
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import binom, norm
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score, roc_curve
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tfrwc.privacy import membership_inference
from tfrwc.privacy.accounting import bounds
from tfrwc.privacy.attack.membership import game as game
from tfrwc.privacy.attack.membership import signals as signals

SEEDS = range(60)
MOST_MISSES = binom.isf(1e-3, len(SEEDS), 0.1)


def outputs(confidence):
    """Logits of two classes, with this log(p / (1 - p)) of class 1."""
    return np.column_stack([np.zeros(len(confidence)), confidence])


def attack(members, others, labels=None, **settings):
    """Attack on confidences of class 1."""
    labels = labels or (np.ones(len(members), int), np.ones(len(others), int))
    return membership_inference(
        outputs(members), outputs(others), labels=labels, from_logits=True, **settings
    )


def normal(seed, shift, n=300):
    rng = np.random.default_rng(seed)
    return rng.normal(shift, 1, n), rng.normal(0, 1, n)


def random_case(seed, n=40, classes=3, models=6, images=2):
    """Everything that can be given: of n members and n others, with a leak."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(2 * n, classes))
    labels = rng.integers(classes, size=2 * n)
    logits[np.arange(n), labels[:n]] += 1
    patients = np.arange(2 * n) // images
    shadows = rng.normal(size=(models, 2 * n, classes))
    included = np.arange(models)[:, None] % 2 == rng.integers(2, size=2 * n)
    return logits, labels, patients, shadows, included


# Plain oracles.


def auc_by_loops(inside, outside):
    pairs = [(a > b) + (a == b) / 2 for a in inside for b in outside]
    return sum(pairs) / len(pairs)


scores = st.lists(st.integers(-3, 3), min_size=1, max_size=12).map(np.array)


@given(scores, scores)
def test_auc_counts_pairs(inside, outside):
    assert game.auc(inside, outside) == pytest.approx(auc_by_loops(inside, outside))


@given(scores, scores)
def test_the_best_threshold_has_the_greatest_advantage(inside, outside):
    def advantage(t):
        return (inside >= t).mean() - (outside >= t).mean()

    best = max(advantage(t) for t in np.arange(-4, 5) + 0.5)
    assert advantage(game.best_threshold(inside, outside)) == pytest.approx(best)


@given(st.integers(2, 30), st.floats(0.05, 0.5), st.integers(0, 2**32))
def test_tpr_at_a_rate_is_the_curve_between_its_points(n, rate, seed):
    rng = np.random.default_rng(seed)
    inside, outside = rng.normal(size=7), np.sort(rng.normal(size=n))[::-1]
    got = game.tpr_at(inside, outside, rate)
    if rate * (n + 1) < 1 - 1e-9:
        assert math.isnan(got)
    else:
        points = [(inside > t).mean() for t in outside]
        rates = np.arange(1, n + 1) / (n + 1)
        assert got == pytest.approx(np.interp(rate, rates, points), abs=1e-6)


def test_signals_by_the_definitions():
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.ones(4), 20)
    labels = rng.integers(4, size=20)
    log_p = signals.log_probabilities(p, from_logits=False)
    got = signals.features(log_p, labels)
    ratio = signals.confidence(log_p, labels)
    for i, y in enumerate(labels):
        others = [p[i, k] for k in range(4) if k != y]
        expected = [
            math.log(p[i, y]),
            math.log(p[i, y] / max(others)),
            -sum(q * math.log(q) for q in p[i]),
            max(p[i]),
        ]
        assert got[i] == pytest.approx(expected)
        assert ratio[i] == pytest.approx(math.log(p[i, y] / sum(others)))
    from_logits = signals.log_probabilities(np.log(p) + 5, from_logits=True)
    assert from_logits == pytest.approx(log_p)


def test_confidence_of_logits_is_not_rounded():
    log_p = signals.log_probabilities(outputs(np.array([80.0, 800.0])), True)
    ones = np.ones(2, int)
    assert signals.confidence(log_p, ones) == pytest.approx([80, 800])
    assert (np.diff(signals.loss_signal(log_p, ones)[:, 0]) > 0).all()


def lira_by_loops(target, shadows, included, own_variance):
    def fit(i, of):
        return [shadows[m, i] for m in range(len(shadows)) if included[m, i] == of]

    n = len(target)
    online = all(len(fit(i, True)) >= 2 for i in range(n))
    common = {}
    for of in (False, True) if online else (False,):
        squares = sum(((fit(i, of) - np.mean(fit(i, of))) ** 2).sum() for i in range(n))
        common[of] = squares / sum(len(fit(i, of)) - 1 for i in range(n))
    found = []
    for i in range(n):
        logs = {}
        for of in (False, True) if online else (False,):
            variance = np.var(fit(i, of), ddof=1) if own_variance else common[of]
            logs[of] = norm(np.mean(fit(i, of)), math.sqrt(variance))
        if online:
            found.append(logs[True].logpdf(target[i]) - logs[False].logpdf(target[i]))
        else:
            found.append(logs[False].cdf(target[i]))
    return np.array(found)


@pytest.mark.parametrize("models", [6, 70])
def test_online_lira_by_loops(models):
    rng = np.random.default_rng(models)
    target, shadows = rng.normal(size=9), rng.normal(size=(models, 9))
    included = rng.permuted(np.arange(models)[:, None].repeat(9, 1) % 2 == 1, axis=0)
    got, variant = signals.lira(target, shadows, included)
    own = models == 70
    assert got == pytest.approx(lira_by_loops(target, shadows, included, own))
    kind = "a variance per example" if own else "one variance for all examples"
    assert variant == f"online, {kind}"


@pytest.mark.parametrize("models", [3, 40])
def test_offline_lira_by_loops(models):
    """In deviations here, as the probability of a lower confidence there."""
    rng = np.random.default_rng(models)
    target, shadows = rng.normal(size=9), rng.normal(size=(models, 9))
    included = np.zeros((models, 9), bool)
    included[0, 0] = True  # One example of one model: too few for a Gaussian.
    got, variant = signals.lira(target, shadows, included)
    expected = lira_by_loops(target, shadows, included, own_variance=models == 40)
    assert norm.cdf(got) == pytest.approx(expected)
    assert variant.startswith("offline")


def test_the_game_by_hand():
    """One repeat of a logistic attack, put together from scikit-learn's parts."""
    rng = np.random.default_rng(0)
    member = np.arange(260) < 130
    signal = rng.normal(size=(260, 2)) + member[:, None] * [0.8, -0.5]
    clusters = np.arange(260)
    got, held_out = game.play(signal, member, clusters, 1, np.random.default_rng(1))
    half = game._halves(clusters, member, np.random.default_rng(1))
    assert half[member].sum() == half[~member].sum() == 65
    for i, learn in enumerate((half, ~half)):
        logistic = LogisticRegression(solver="newton-cholesky")
        model = make_pipeline(StandardScaler(), logistic)
        score = model.fit(signal[learn], member[learn]).decision_function(signal)
        test = ~learn
        assert held_out[test] == pytest.approx(score[test])
        auc = roc_auc_score(member[test], score[test])
        assert got[0, i, 0] == pytest.approx(auc)
        fpr, tpr, thresholds = roc_curve(
            member[learn], score[learn], drop_intermediate=False
        )
        # Of thresholds that are as good the lowest, halfway to the next score.
        best = np.flatnonzero(np.isclose(tpr - fpr, (tpr - fpr).max()))[-1]
        called = score[test] >= thresholds[best : best + 2].mean()
        right = called[member[test]].mean() - called[~member[test]].mean()
        assert got[0, i, 1] == pytest.approx(right)


@given(
    st.lists(st.integers(0, 5), min_size=2, max_size=20),
    st.lists(st.integers(6, 11), min_size=2, max_size=20),
    st.integers(0, 2**32),
)
def test_halves_never_cut_a_patient(inside, outside, seed):
    clusters = np.array(inside + outside)
    member = np.arange(len(clusters)) < len(inside)
    half = game._halves(clusters, member, np.random.default_rng(seed))
    for side in (member, ~member):
        chosen, rest = set(clusters[side & half]), set(clusters[side & ~half])
        assert not chosen & rest
        assert 0 <= len(rest) - len(chosen) <= 1


# Known leaks.


@pytest.mark.parametrize("shift", [0.0, 0.5, 1.5])
def test_two_normal_distributions_have_closed_forms(shift):
    truth = {
        "auc": norm.cdf(shift / math.sqrt(2)),
        "advantage": 2 * norm.cdf(shift / 2) - 1,
        "tpr_at_fpr_0.01": norm.sf(norm.isf(0.01) - shift),
    }
    found = {name: [] for name in truth}
    for seed in SEEDS:
        result = attack(*normal(seed, shift), attacks="threshold", random_state=seed)
        for name in truth:
            found[name].append(result.get("threshold", name))
    for name, rows in found.items():
        missed = sum(not row.low <= truth[name] <= row.high for row in rows)
        assert missed <= MOST_MISSES
    # As wide as it must be, and no wider than the estimates are spread.
    half_widths = [(row.high - row.low) / 2 for row in found["auc"]]
    spread = 1.96 * np.std([row.value for row in found["auc"]])
    assert 0.75 < np.mean(half_widths) / spread < 1.4


def test_nothing_is_found_where_nothing_is_to_find():
    """AUC 0.5 and advantage 0 of the logistic attack and of the null, for 20 seeds."""
    results = [
        attack(*normal(s, 0.0, 120), attacks="logistic", repeats=10, random_state=s)
        for s in range(20)
    ]
    aucs = [result.get("logistic", "auc") for result in results]
    advantages = [result.get("logistic", "advantage") for result in results]
    most = binom.isf(1e-3, 20, 0.1)
    assert sum(not row.low <= 0.5 <= row.high for row in aucs) <= most
    assert sum(not row.low <= 0 <= row.high for row in advantages) <= most
    assert sum(not row.null_low <= 0.5 <= row.null_high for row in aucs) <= most
    assert np.mean([row.null for row in aucs]) == pytest.approx(0.5, abs=0.02)
    assert np.mean([row.null for row in advantages]) == pytest.approx(0, abs=0.03)


def test_a_null_stays_at_chance_where_the_attack_succeeds():
    row = attack(*normal(0, 2.0), attacks="threshold").get("threshold", "auc")
    assert row.low > 0.85
    assert 0.4 < row.null_low < 0.5 < row.null_high < 0.6


def test_a_perfect_leak():
    members, others = normal(0, 0.0, 100)
    result = attack(members + 20, others)
    for name in ("threshold", "logistic"):
        for measure in ("auc", "advantage"):
            row = result.get(name, measure)
            assert row.value == row.high == 1
            # A hundred of each do not exclude an exception in thirty.
            assert row.low == pytest.approx(1 - 2 * (1 - 0.025**0.01))


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


def test_a_leak_in_one_class():
    rng = np.random.default_rng(0)
    n, labels = 600, np.arange(600) % 3
    logits = rng.normal(size=(2, n, 3))
    logits[0, labels == 1, 1] += 3
    result = membership_inference(
        *logits, labels=(labels, labels), from_logits=True, attacks="threshold"
    )
    aucs = [result.get("threshold", "auc", "class", c) for c in range(3)]
    assert aucs[1].low > 0.85
    for c in (0, 2):
        assert aucs[c].low < 0.5 < aucs[c].high
        assert aucs[c].members == aucs[c].non_members == 200
    worst = result.get("threshold", "auc", "worst class")
    assert (worst.which, worst.value) == (1, aucs[1].value)
    assert worst.low > worst.null_high
    # Of three classes without a leak the worst is above 0.5, and chance knows it.
    assert worst.null > 0.51


def test_the_worst_class_without_a_leak_is_within_chance():
    outside = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        labels = rng.integers(4, size=400)
        logits = rng.normal(size=(2, 400, 4))
        result = membership_inference(
            *logits, labels=(labels, labels), from_logits=True, attacks="threshold"
        )
        worst = result.get("threshold", "auc", "worst class")
        outside += worst.value > worst.null_high
    assert outside <= binom.isf(1e-3, 20, 0.05)


def test_patients_give_themselves_away_by_all_their_images():
    """Four images, each with its own noise: the mean has half the deviation."""
    images, shift = 4, 0.5
    missed = 0
    for seed in SEEDS[:20]:
        members, others = normal(seed, shift, 400)
        # The signal is the loss, which is not normal: make it so.
        members, others = (-np.log(np.expm1(4 - z / 3)) for z in (members, others))
        patients = np.arange(400) // images
        result = attack(
            members, others, groups=(patients, patients + 1000), attacks="threshold"
        )
        row = result.get("threshold", "auc", "patient")
        truth = norm.cdf(shift * math.sqrt(images) / math.sqrt(2))
        missed += not row.low <= truth <= row.high
        assert row.members == row.non_members == 100
    assert missed <= binom.isf(1e-3, 20, 0.1)


def test_intervals_know_that_images_of_a_patient_are_alike():
    """Five copies of each image tell no more than one."""
    patients = np.arange(500) // 5
    groups = patients, patients + 100
    widths = []
    for seed in range(10):
        members, others = (z.repeat(5) for z in normal(seed, 0.5, 100))
        results = [
            attack(members, others, attacks="threshold"),
            attack(members, others, groups=groups, attacks="threshold"),
            attack(members[::5], others[::5], attacks="threshold"),
        ]
        rows = [result.get("threshold", "auc") for result in results]
        widths.append([row.high - row.low for row in rows])
    apart, together, one = np.mean(widths, axis=0)
    assert together == pytest.approx(one, rel=0.15)
    assert together / apart == pytest.approx(math.sqrt(5), rel=0.15)


def test_the_worst_patient():
    rng = np.random.default_rng(0)
    members, others = rng.normal(-3, 0.5, (2, 300))
    members[30:33] = 3.0
    names = [f"p{i // 3}" for i in range(300)], [f"q{i // 3}" for i in range(300)]
    result = attack(members, others, groups=names, attacks="threshold")
    [worst] = result.worst_patients
    assert (worst.patient, worst.images, worst.of) == ("p10", 3, 50)
    losses = np.logaddexp(0, -others).reshape(100, 3).mean(axis=1)
    own = np.logaddexp(0, -3.0)
    assert worst.score == pytest.approx((losses.mean() - own) / losses.std())
    assert worst.score > worst.null_high
    assert "'p10', with 3 images" in result.explain()


def test_the_worst_patient_without_a_leak_is_as_bad_as_chance():
    """Also where there are ten times as many members: as many are compared."""
    differences = []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        members, others = rng.normal(size=1000), rng.normal(size=100)
        groups = np.arange(1000), np.arange(1000, 1100)
        result = attack(members, others, groups=groups, attacks="threshold")
        [worst] = result.worst_patients
        assert worst.of == 50
        differences.append(worst.typical - worst.null)
    assert abs(np.mean(differences)) < 3.3 * np.std(differences) / math.sqrt(30)


# Guarantees.


@settings(deadline=None)
@given(st.floats(0, 20), st.floats(0, 0.5))
def test_bounds_are_of_one_curve(epsilon, delta):
    fpr = np.linspace(0, 1, 2_001)
    tpr = bounds.tpr_bound(fpr, epsilon, delta)
    advantage = bounds.advantage_bound(epsilon, delta)
    assert advantage == pytest.approx((tpr - fpr).max(), abs=1e-3)
    formula = (math.exp(epsilon) - 1 + 2 * delta) / (math.exp(epsilon) + 1)
    assert advantage == pytest.approx(formula)
    area = np.sum((tpr[1:] + tpr[:-1]) / 2 * np.diff(fpr))
    assert bounds.auc_bound(epsilon, delta) == pytest.approx(area, abs=1e-3)
    assert (tpr >= fpr - 1e-12).all()
    assert tpr == pytest.approx([min(1, t) for t in tpr])


def test_bounds_by_hand():
    assert bounds.tpr_bound(0.01, math.log(2), 0.001) == pytest.approx(0.021)
    assert bounds.tpr_bound(0.9, math.log(2), 0.0) == pytest.approx(0.95)
    assert bounds.advantage_bound(0.0) == 0
    assert bounds.auc_bound(0.0) == 0.5
    curve = quad(lambda f: bounds.tpr_bound(f, 1.0, 0.1), 0, 1, points=[0.25, 0.9])[0]
    assert bounds.auc_bound(1.0, 0.1) == pytest.approx(curve, abs=1e-6)
    for bound in (bounds.advantage_bound(5000.0), bounds.auc_bound(5000.0)):
        assert bound == 1


@given(st.floats(0.01, 3), st.floats(1e-9, 1e-3), st.integers(1, 8))
def test_a_group_is_a_chain_of_single_changes(epsilon, delta, size):
    together = 0.0
    for _ in range(size):
        together = math.exp(epsilon) * together + delta
    got = bounds.group_guarantee(epsilon, delta, size)
    assert got == pytest.approx((size * epsilon, min(1, together)))


def test_a_group_that_nothing_protects():
    assert bounds.group_guarantee(10.0, 1e-5, 100) == (1000.0, 1.0)
    assert bounds.group_guarantee(10.0, 0.0, 100) == (1000.0, 0.0)


def test_randomized_response_reaches_its_bound_and_not_more():
    """A release of one bit, which says the truth with e^epsilon to 1."""
    epsilon, above, values = 1.0, 0, []
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        truth = np.arange(800) < 400
        bit = truth ^ (rng.random(800) > 1 / (1 + math.exp(-epsilon)))
        row = attack(
            *(2.0 * bit.reshape(2, 400)), attacks="threshold", guarantee=(epsilon, 0)
        ).get("threshold", "advantage")
        assert row.bound == pytest.approx(math.tanh(epsilon / 2))
        values.append(row.value)
        above += row.above_bound
    assert np.mean(values) == pytest.approx(math.tanh(epsilon / 2), abs=0.03)
    assert above <= binom.isf(1e-3, len(SEEDS), 0.05)


def test_bounds_of_patients_are_for_all_their_images():
    patients = np.arange(300) // 3
    result = attack(
        *normal(0, 0.5), groups=(patients, patients + 100), guarantee=(0.1, 1e-6)
    )
    assert result.guarantee == (0.1, 1e-6)
    assert result.patient_guarantee == bounds.group_guarantee(0.1, 1e-6, 3)
    for row in result.measurements:
        if row.measure == "advantage":
            expected = bounds.advantage_bound(*result.patient_guarantee)
        elif row.measure == "auc":
            expected = bounds.auc_bound(*result.patient_guarantee)
        else:
            expected = bounds.tpr_bound(0.01, *result.patient_guarantee)
        assert row.bound == pytest.approx(expected)
    assert "for one patient" in result.explain()


# What must not matter.


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


# What is returned.


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
    assert "online, one variance for all examples" in text
    assert "Class 2 was left out: it has 0 members or non-members" in text
    assert "No measure is above what the guarantee allows." in text
    with pytest.raises(KeyError, match=r"no 'auc' of 'lira' for 'class' 2.*left out"):
        result.get("lira", "auc", "class", 2)


def test_rates_are_given_where_there_are_examples_for_them():
    def measures(n):
        result = attack(*normal(0, 0.0, n), attacks="threshold", repeats=2)
        return {row.measure for row in result.measurements}

    assert measures(197) == {"auc", "advantage"}
    assert measures(198) == {"auc", "advantage", "tpr_at_fpr_0.01"}
    assert "tpr_at_fpr_0.001" in measures(1998)
    row = attack(*normal(0, 0.0, 198), repeats=2).get("threshold", "tpr_at_fpr_0.01")
    assert row.null is None


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


# Mistakes.

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
        ({"repeats": 1}, "repeats must be 2 or more. Received: 1"),
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


def test_only_a_whole_interval_above_the_bound_counts():
    row = attack(*normal(0, 2.0), guarantee=(0.1, 0)).get("threshold", "auc")
    assert row.above_bound
    assert not replace(row, low=row.bound).above_bound
    assert not replace(row, bound=None).above_bound
