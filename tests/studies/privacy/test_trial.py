"""The trial of the private study."""

import argparse
import json
import math

import pytest

from tfrwc.studies.privacy.trial import Trial
from tfrwc.studies.trial import add_options, from_options


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"dataset": "mnist"}, "no dataset 'mnist'. Choose one of digits"),
        ({"model": "resnet"}, "no network 'resnet'. Choose one of resnet18"),
        ({"public": "cifar10"}, "no public set 'cifar10'. Choose one of none"),
        ({"epochs": 0}, "epochs must be a whole number of 1 or more. Received: 0"),
        ({"seeds": ()}, "different seeds"),
        ({"seeds": (1, 1)}, "different seeds"),
        ({"epsilons": (0.0,)}, "above 0"),
        ({"epsilons": (1.0, 1.0)}, "different"),
        ({"epsilons": (math.nan,)}, "above 0"),
        ({"epsilons": (1.0, 1.0000001)}, "differ in six digits"),
        ({"mechanisms": ("shift_1", "shift_1")}, "Releases must differ"),
        ({"mechanisms": ("laplace",)}, "no release laplace. Choose from laplace_value"),
    ],
)
def test_trials_are_checked_when_made(settings, message):
    with pytest.raises(ValueError, match=message):
        Trial(**settings)


def test_infinity_goes_through_json_and_the_command_line():
    trial = Trial(epsilons=(1.0, math.inf))
    assert json.loads(trial.to_json())["epsilons"] == [1.0, "infinity"]
    assert Trial.from_json(trial.to_json()) == trial
    assert trial.settings()["recipes"]["plain"]["clip"] == "infinity"
    parser = argparse.ArgumentParser()
    add_options(parser, Trial)
    options = parser.parse_args(["--epsilons", "1,inf", "--mechanisms", "all"])
    asked = from_options(Trial, options)
    assert asked.epsilons == trial.epsilons
    assert asked.mechanisms is None


@pytest.mark.parametrize(
    ("dataset", "epochs", "public"),
    [("digits", 20, "none"), ("pneumoniamnist", 8, "fashion_mnist")],
)
def test_what_is_not_asked_for_depends_on_the_data(dataset, epochs, public):
    trial = Trial(dataset)
    assert (trial.epochs, trial.public) == (epochs, public)
    assert trial.name == f"private-{dataset}"
