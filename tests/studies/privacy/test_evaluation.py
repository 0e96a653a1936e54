"""The attack on one run, and what its noise allows."""

import numpy as np
import pytest

from tfrwc.privacy import PixelGaussian
from tfrwc.studies.privacy.allowed import allowed_advantage
from tfrwc.studies.privacy.data import Split, Task
from tfrwc.studies.privacy.evaluation import membership


@pytest.mark.parametrize("each", [None, 1, 3])
def test_the_bound_of_a_page_is_that_of_the_attack(each):
    """Also where all images of a patient come together: three of them tell more."""
    rng, count = np.random.default_rng(0), 90

    def split(first):
        x = rng.integers(0, 256, (count, 4, 4, 1), np.uint8)
        patients = None if each is None else first + np.arange(count) // each
        return Split(x, rng.integers(2, size=count), patients)

    train, held_out = split(0), split(1000)
    task = Task("noise", ("a", "b"), train, held_out, held_out, each or 1)
    predictions = {
        "members": rng.random(count),
        "held_out": rng.random(count),
        "members_label": train.y,
        "held_out_label": held_out.y,
    }
    statement = PixelGaussian(255 * 20.0).statement(
        (4, 4), images_per_patient=each or 1
    )
    found = membership(statement, predictions, task)
    assert found["images_together"] == (each or 1)
    arm = {
        "statement": statement.to_dict(),
        "epsilon": statement.guarantee.epsilon,
        "membership": found,
    }
    bound = found["advantage"]["bound"]
    assert allowed_advantage(arm) == pytest.approx(bound, rel=1e-9)
    alone = statement.attacks_on_members(1).advantage
    assert (bound > 1.5 * alone) == (each == 3)
