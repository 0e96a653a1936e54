"""Statements of several trainings, against dp-accounting, and as data and words."""

import json
from dataclasses import replace

import numpy as np
import pytest
from privacy.statements import TRAINING

from tfrwc._common.percent import percent
from tfrwc.privacy import ComposedTraining, PixelLaplace, TrainingStatement, compose
from tfrwc.privacy.accounting.sgd import Stage, composed
from tfrwc.privacy.statement import (
    read_statement,
    statement_from_dict,
    write_statement,
)

DELTA = 1e-6


def trained(*stages, delta=DELTA, images=1, unsampled=None, **changes):
    """The statement of a training with these stages."""
    without = unsampled or stages
    cost = composed(stages, delta)
    return TrainingStatement(
        epsilon=cost.epsilon,
        delta=delta,
        method=cost.method,
        sampling="fixed" if unsampled else "poisson",
        epsilon_without_sampling=composed(without, delta).epsilon,
        steps=sum(steps for *_, steps in stages),
        noise_multiplier=stages[0][0],
        clip=1.0,
        batch_size=100,
        train_size=1000,
        images_per_patient=images,
        patient_epsilon=composed(stages, delta, images).epsilon,
        account=tuple(map(tuple, stages)),
        account_without_sampling=tuple(map(tuple, without)),
        **changes,
    )


ONE, TWO = Stage(1.0, 0.05, 60), Stage(2.0, 0.2, 20)


def of_dp_accounting(stages, delta):
    """Epsilon without the grid, whose square errors are in proportion to."""
    import dp_accounting
    from dp_accounting import pld

    found = []
    for interval in (4e-4, 2e-4):
        accountant = pld.PLDAccountant(
            dp_accounting.NeighboringRelation.ADD_OR_REMOVE_ONE, interval
        )
        for noise, rate, steps in stages:
            event = dp_accounting.GaussianDpEvent(noise)
            accountant.compose(dp_accounting.PoissonSampledDpEvent(rate, event), steps)
        found.append(accountant.get_epsilon(delta))
    coarse, fine = found
    # The grids agree, so that what is left of their error is its next term.
    assert 0 <= coarse - fine < 2e-4
    return fine - (coarse - fine) / 3


# Thirty cases, of which a third is tried always.
SEEDS = [
    pytest.param(seed, marks=pytest.mark.slow if seed % 3 else ()) for seed in range(30)
]


@pytest.mark.parametrize("seed", SEEDS)
def test_equals_dp_accounting(seed):
    """Trainings of one to three stages; epsilons of less than 10, to 1e-6."""
    rng = np.random.default_rng(seed)
    trainings = []
    for _ in range(rng.integers(2, 4)):
        stages = [
            Stage(
                float(rng.uniform(1.0, 5.0)),
                float(10 ** rng.uniform(-3, -0.7)),
                int(10 ** rng.uniform(0.5, 1.7)),
            )
            for _ in range(rng.integers(1, 4))
        ]
        trainings.append(trained(*stages))
    delta = float(10 ** rng.uniform(-7, -3))
    whole = compose(trainings, delta)
    stages = [stage for one in trainings for stage in one.account]
    assert whole.epsilon == pytest.approx(of_dp_accounting(stages, delta), abs=1e-6)
    assert whole.guarantee == (whole.epsilon, delta)
    assert whole.method == "PLD"


def test_units_groups_and_deltas():
    first, second = trained(ONE, images=3), trained(TWO, ONE)
    whole = compose([first, second])
    assert isinstance(whole, ComposedTraining)
    every = [ONE, ONE, TWO]
    assert whole.delta == pytest.approx(2 * DELTA)
    assert whole.epsilon == pytest.approx(composed(every, 2 * DELTA).epsilon, rel=1e-3)
    assert whole.epsilon < first.epsilon + second.epsilon
    of_three = composed(every, 2 * DELTA, 3).epsilon
    assert whole.images_per_patient == 3
    assert whole.patient_epsilon == pytest.approx(of_three, rel=1e-3)
    assert whole.guarantee_of(3).epsilon == pytest.approx(of_three, rel=1e-3)
    assert compose([compose([first]), second]) == whole
    assert compose([second, first]).epsilon == whole.epsilon
    # One delta for all: no more than the sum, and no less than the greatest part.
    assert compose([first, second], delta=DELTA).epsilon > whole.epsilon
    households = [replace(first, unit="household", images_per_patient=1)] * 2
    assert compose(households).summary().endswith("for a household")


def test_fixed_batches_are_composed_with_and_without_their_order():
    fixed = trained(ONE, unsampled=[Stage(1.0, 1.0, 3)])
    whole = compose([fixed, trained(TWO)], delta=1e-5)
    expected = composed([ONE, TWO], 1e-5).epsilon
    assert whole.epsilon == pytest.approx(expected, rel=1e-3)
    expected = composed([Stage(1.0, 1.0, 3), TWO], 1e-5).epsilon
    assert whole.epsilon_without_sampling == pytest.approx(expected, rel=1e-3)
    assert f"from their order, epsilon = {expected:.3g}"[:-1] in whole.explain()
    assert whole.sampling == "fixed"
    poisson = compose([trained(ONE), trained(TWO)])
    assert poisson.epsilon_without_sampling == poisson.epsilon
    assert "not proven" not in poisson.explain()


def test_what_is_known_but_in_sum_counts_as_the_worst_of_its_guarantee():
    """An earlier version wrote stages in words only."""
    old = replace(trained(ONE, TWO, images=2), stages=("a few", "more"), account=())
    assert old.accounted() is None
    exact = compose([trained(ONE, TWO), trained(ONE)], 1e-4).epsilon
    bound = compose([old, trained(ONE)], 1e-4)
    most = old.epsilon + composed([ONE], 1e-4 - DELTA).epsilon
    assert exact < bound.epsilon < most
    assert bound.attacks().advantage > compose([trained(ONE)]).attacks().advantage
    basic = compose([old, old])
    assert basic.epsilon == pytest.approx(2 * old.epsilon)
    assert basic.patient_epsilon == pytest.approx(2 * old.patient_epsilon)
    assert basic.method == "basic composition"


def test_attacks_on_all_models_are_of_all_noise():
    first, second = trained(ONE), trained(TWO)
    both = compose([first, second])
    most = both.attacks().advantage
    assert max(first.largest_advantage, second.largest_advantage) < most
    assert most < first.largest_advantage + second.largest_advantage
    assert (
        f"an advantage (true less false positive rate) of at most {percent(most)}"
        in (both.explain())
    )


def test_it_is_written_read_and_explained(tmp_path):
    whole = compose([trained(ONE, TWO, unit="patient"), trained(TWO, unit="patient")])
    write_statement(whole, tmp_path)
    assert read_statement(tmp_path) == whole
    assert statement_from_dict(json.loads(whole.to_json())) == whole
    assert whole.statements[0].account == (tuple(ONE), tuple(TWO))
    text = (tmp_path / "privacy_statement.txt").read_text()
    assert "2 trainings on data of the same patients" in text
    assert "of which one has a patient more, in all of these trainings" in text
    assert "1. 80 steps on 1,000 patients" in text
    bare = compose([trained(ONE), trained(Stage(0.0, 0.1, 1))])
    assert bare.summary() == "none"
    assert "nothing hides an image" in bare.explain()


def test_nothing_done_costs_nothing():
    nothing = replace(TRAINING, steps=0, epsilon=0.0, sampling="poisson")
    assert compose([nothing, nothing]).epsilon == 0
    release = PixelLaplace(2550.0).statement((2, 2), delta=1e-5)
    delta = 1e-5 + nothing.delta
    with_it = compose([nothing, release]).image_epsilon_delta
    assert with_it.delta == pytest.approx(delta)
    assert with_it.epsilon <= release.image_epsilon_delta.epsilon + 1e-9


@pytest.mark.parametrize(
    "account", [((-1.0, 0.1, 3),), ((1.0, 1.1, 3),), ((1.0, 0.1, -3),)]
)
def test_stages_that_cannot_be_are_refused(account):
    with pytest.raises(ValueError, match="A stage has a noise multiplier"):
        replace(TRAINING, account=account)
    data = TRAINING.to_dict() | {"account": [["much", 0.1, 3]]}
    with pytest.raises(ValueError, match="account"):
        statement_from_dict(data)


def test_only_trainings_are_parts_of_trainings():
    whole = compose([trained(ONE)])
    release = PixelLaplace(2550.0).statement((2, 2))
    with pytest.raises(ValueError, match="one of the kind 'release'"):
        replace(whole, parts=(release.to_dict(),))
    with pytest.raises(ValueError, match="one part"):
        replace(whole, parts=())
    with pytest.raises(ValueError, match="for one household"):
        compose([release, trained(ONE, unit="household")])
