"""One network on one task."""

import pytest

from tfrwc import models
from tfrwc.studies.dynamics.trial import Trial


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("digits", "resnet", 3, (0,)), "Choose one of resnet18"),
        (("digits", "resnet18", 1, (0,)), "epochs must be a whole number of 2"),
        (("digits", "resnet18", 3, ()), "different seeds"),
        (("digits", "resnet18", 3, (1, 1)), "different seeds"),
        (("digits", "resnet18", 3, (-1,)), "seed must be a whole number of 0"),
        (("digits", "resnet18", 3, (2**32,)), "different seeds in 0"),
        (("digits", "resnet18", 3, (0,), 0), "images must be a whole number of 1"),
    ],
)
def test_trials_are_checked_when_made(arguments, message):
    with pytest.raises(ValueError, match=message):
        Trial(*arguments)


def test_a_learning_rate_of_its_own():
    trial = Trial("cifar10", "alexnet", 3, (0,), learning_rate=0.1)
    assert trial.training == models.Settings(0.1, 1e-4, epochs=3)
    assert trial.settings()["learning_rate"] == 0.1
    assert Trial("cifar10", "alexnet", 3, (0,)).training.learning_rate == 0.001
