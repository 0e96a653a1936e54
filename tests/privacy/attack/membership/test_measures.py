"""Measures of membership attacks on outputs whose leak is known.

Intervals of 95 % are to cover the truth in at least 90 % of the seeds: a test that
counts misses fails for more than a coverage of 90 % would give with a probability of
1e-3. The seeds are fixed, so a test that passes goes on passing."""

import math

import numpy as np
import pytest
from privacy.attack.membership.leaks import MOST_MISSES, SEEDS, attack, normal
from scipy.stats import binom, norm

from tfrwc.privacy import TrainingStatement, membership_inference
from tfrwc.privacy.accounting import bounds
from tfrwc.privacy.accounting.attacks import of_training
from tfrwc.privacy.accounting.sgd import Stage, composed
from tfrwc.privacy.sgd.statement import NoPrivacy


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


def test_bounds_of_a_statement_are_of_its_noise():
    """Far below those of its epsilon and delta; for a patient of all images."""
    stage, delta = Stage(0.9753, 256 / 4708, 57), 2.1e-5
    cost = composed([stage], delta)
    statement = TrainingStatement(
        epsilon=cost.epsilon,
        delta=delta,
        method=cost.method,
        sampling="poisson",
        epsilon_without_sampling=math.inf,
        steps=stage.steps,
        noise_multiplier=stage.noise_multiplier,
        clip=1.0,
        batch_size=256,
        train_size=4708,
        images_per_patient=3,
        patient_epsilon=composed([stage], delta, 3).epsilon,
    )
    patients = np.arange(300) // 3
    for groups, images in ((None, 1), ((patients, patients + 100), 3)):
        options = {"groups": groups, "attacks": "threshold", "repeats": 2}
        result = attack(*normal(0, 0.5), guarantee=statement, **options)
        limits = of_training([stage], images).replaced()
        for row in result.measurements:
            if row.measure == "advantage":
                assert row.bound == pytest.approx(limits.advantage)
            elif row.measure == "auc":
                assert row.bound == pytest.approx(limits.auc)
            else:
                assert row.bound == pytest.approx(limits.tpr_at(0.01))
        assert result.guarantee == statement.guarantee
        assert result.largest_advantage == pytest.approx(limits.advantage)
        assert f"allows an advantage of {limits.advantage:.3f}" in result.explain()
        loose = bounds.group_guarantee(*statement.guarantee, 2 * images)
        assert limits.advantage < 0.9 * bounds.advantage_bound(*loose)
    assert result.patient_guarantee[0] == pytest.approx(statement.patient_epsilon)
    nothing = attack(*normal(0, 0.5), guarantee=NoPrivacy(), attacks="threshold")
    assert nothing.guarantee is nothing.get("threshold", "auc").bound is None


def test_rates_are_given_where_there_are_examples_for_them():
    def measures(n):
        result = attack(*normal(0, 0.0, n), attacks="threshold", repeats=2)
        return {row.measure for row in result.measurements}

    assert measures(197) == {"auc", "advantage"}
    assert measures(198) == {"auc", "advantage", "tpr_at_fpr_0.01"}
    assert "tpr_at_fpr_0.001" in measures(1998)
    row = attack(*normal(0, 0.0, 198), repeats=2).get("threshold", "tpr_at_fpr_0.01")
    assert row.null is None
