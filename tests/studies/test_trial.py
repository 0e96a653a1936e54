"""Trials: options, JSON and checks, from one table."""

import argparse
import doctest
from dataclasses import fields

import pytest

from tfrwc import models
from tfrwc.studies import trial as study_trial
from tfrwc.studies.beta.trial import Trial as BetaTrial
from tfrwc.studies.dynamics.trial import Trial as DynamicsTrial
from tfrwc.studies.privacy.trial import Trial as PrivacyTrial

TRIALS = (DynamicsTrial, PrivacyTrial, BetaTrial)


def test_the_example_runs():
    tested = doctest.testmod(study_trial)
    assert tested.attempted >= 8
    assert tested.failed == 0


@pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: trial.__module__)
def test_trials_are_alike(trial):
    default = trial()
    assert trial.from_json(default.to_json()) == default
    assert default.settings().keys() >= {one.name for one in fields(trial)}
    assert default.name
    with pytest.raises(ValueError, match="different seeds in 0"):
        trial(seeds=(1, 1))


@pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: trial.__module__)
def test_the_command_line_has_the_fields(trial):
    parser = argparse.ArgumentParser()
    study_trial.add_options(parser, trial)
    assert study_trial.from_options(trial, parser.parse_args([])) == trial()
    asked = study_trial.from_options(
        trial, parser.parse_args(["--seeds", "3,4", "--epochs", "5"])
    )
    assert (asked.seeds, asked.epochs) == ((3, 4), 5)
    help = parser.format_help()
    for one in fields(trial):
        assert f"--{one.name.replace('_', '-')} " in help
    with pytest.raises(SystemExit):
        parser.parse_args(["--seeds", "a"])


def test_the_help_names_every_network():
    parser = argparse.ArgumentParser()
    study_trial.add_options(parser, DynamicsTrial)
    said = parser.format_help().replace("\n", " ")
    for name in models.NAMES:
        assert name in said
