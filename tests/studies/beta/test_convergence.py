"""Whether trainings of a sweep were over."""

import numpy as np
import pandas as pd
import pytest

from tfrwc.studies.beta.convergence import convergence


def history(*losses):
    return pd.DataFrame(
        [
            {"epoch": epoch, "beta": 1.0, "seed": seed, "loss": loss}
            for seed, curve in enumerate(losses)
            for epoch, loss in enumerate(curve)
        ]
    )


def test_trainings_that_go_on_are_counted():
    t = np.arange(50)
    done, going_on = 20 + 100 * np.exp(-t / 4), 20 + 100 * np.exp(-t / 40)
    # As with a learning rate that falls to 0: at last nothing moves.
    going_on[40:] = going_on[40]
    rng = np.random.default_rng(0)
    noise = 0.02 * rng.normal(size=(2, 50))
    found = convergence(history(done + noise[0], going_on + noise[1], -done))
    assert found["members"] == 3
    assert found["still_falling"] == 1
    assert found["largest_gain"] > 0.1


@pytest.mark.parametrize("losses", [[30.0], [100.0, 30.0], [9.0, np.nan]])
def test_a_training_too_short_or_lost_has_not_converged(losses):
    assert convergence(history(losses))["still_falling"] == 1


def test_what_rose_or_ended_before_the_others_had_not_converged():
    """As the losses of a training that diverges, which are no numbers in the end."""
    t = np.arange(40)
    calm = 20 + 0 * t
    found = convergence(history(calm, calm + t, calm[:25]))
    assert found["still_falling"] == 2


def test_losses_around_zero_that_stay_have_converged():
    rng = np.random.default_rng(0)
    assert convergence(history(1e-9 * rng.normal(size=30) - 1))["still_falling"] == 0
