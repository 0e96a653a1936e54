"""What a training's statement says of attacks."""

import math
import re
from dataclasses import replace

import pytest

from tfrwc._common.percent import percent
from tfrwc.privacy import TrainingStatement
from tfrwc.privacy.accounting.bounds import advantage_bound
from tfrwc.privacy.accounting.sgd import Stage, composed

STAGE, DELTA = Stage(0.9753, 256 / 4708, 57), 2.1e-5


def statement(stages=(STAGE,), images=1):
    cost = composed(stages, DELTA)
    return TrainingStatement(
        epsilon=cost.epsilon,
        delta=DELTA,
        method=cost.method,
        sampling="poisson",
        epsilon_without_sampling=math.inf,
        steps=sum(stage.steps for stage in stages),
        noise_multiplier=stages[0].noise_multiplier,
        clip=1.0,
        batch_size=256,
        train_size=4708,
        images_per_patient=images,
        patient_epsilon=composed(stages, DELTA, images).epsilon,
    )


def test_the_advantage_is_that_of_the_noise():
    """Delta at an epsilon of 0: 0.2016. Epsilon and delta alone allow 0.905."""
    one = statement()
    assert one.largest_advantage == pytest.approx(0.2016, abs=3e-4)
    text = one.explain()
    assert "an advantage (true less false positive rate) of at most 20.2 %" in text
    assert "right in at most 60.1 % of cases" in text
    share = re.search(r"finds at most (\S+) % of those", text)
    assert float(share[1]) == pytest.approx(100 * one.attacks().tpr_at(0.01), abs=0.05)
    assert one.attacks_on_members().advantage == pytest.approx(0.381, abs=2e-3)


def test_a_patient_has_an_advantage_of_its_own():
    five = statement(images=5)
    together = five.attacks(5).advantage
    assert 2 * five.largest_advantage < together < 1
    assert f"an advantage of at most {percent(together)}" in five.explain()
    assert five.guarantee_of(5) == (pytest.approx(five.patient_epsilon), DELTA)


def test_an_image_of_a_patient_whose_others_stay_is_a_patient_replaced():
    """By the worst pair for that, which is below two who come and go."""
    patient = replace(statement(), unit="patient")
    expected = composed([STAGE], DELTA, is_replaced=True).epsilon
    assert patient.guarantee_of_replaced() == (pytest.approx(expected), DELTA)
    assert patient.epsilon < expected < patient.guarantee_of(2).epsilon
    said = f"who is replaced, epsilon = {expected:.4g} but for a probability of 2.1e-05"
    assert said in patient.explain()


@pytest.mark.parametrize(
    "other",
    [
        statement([STAGE, Stage(0.7, 0.1, 30)]),
        statement([STAGE._replace(rate=1.0)]),
        replace(statement(), stages=("some of another noise", "and these")),
        replace(statement(), epsilon=2.2 * statement().epsilon),
        replace(statement(), epsilon=0.5 * statement().epsilon),
    ],
)
def test_an_epsilon_of_something_else_is_all_that_is_known(other):
    """Of several stages, of steps that were counted otherwise, of another account."""
    expected = advantage_bound(other.epsilon, DELTA)
    assert other.largest_advantage == pytest.approx(expected)


def test_ends():
    nothing = replace(statement(), steps=0, epsilon=0.0)
    assert nothing.largest_advantage == 0
    bare = replace(statement(), noise_multiplier=0.0, epsilon=math.inf)
    assert bare.largest_advantage == 1
    assert "no guarantee" in bare.explain()
