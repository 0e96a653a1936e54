"""Audits of mechanisms that are broken on purpose, and of right ones beside them."""

import math

import numpy as np
import pytest
from privacy.attack.faults import FAULTS, Faulty, fault
from privacy.release.cases import SEEDS

from tfrwc.privacy import (
    DPPix,
    PixelGaussian,
    PixelLaplace,
    RandomizedResponse,
    audit,
    insecure_test_key,
)
from tfrwc.privacy.attack.audit import trials_needed

# One for each kind of fault; the others are in the long tests.
FEW = (
    "none_on_one_value",
    "the_same_for_each_image",
    "a_label_in_one_value",
    "shared_by_the_channels_of_grey_images",
)


def exposed(name, seed, trials=20_000):
    case = FAULTS[name]
    key = insecure_test_key(f"{name} {seed}")
    result = audit(case.mechanism, case.shape, case.per, trials, key=key)
    return result.exposed


@pytest.mark.parametrize("name", FEW)
def test_a_fault_is_exposed(name):
    assert exposed(name, 0)


@pytest.mark.slow
@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_is_exposed_at_20_000_trials(name):
    assert sum(exposed(name, seed) for seed in SEEDS) >= 4


RIGHT = [
    (PixelLaplace(255.0), (1, 1), "value", 0.0),
    (PixelLaplace(128.0), (2, 3), "value", 0.0),
    (PixelLaplace(1020.0), (2, 2), "image", 0.0),
    (PixelLaplace(1020.0), (1, 2), "patient", 0.0),
    (PixelGaussian(500.0), (2, 2), "image", 1e-2),
    (DPPix(2.0, 2, 4), (2, 2), "image", 0.0),
    (RandomizedResponse(1.0, 2), (2, 2), "value", 0.0),
    (RandomizedResponse(0.5, 4), (1, 2), "patient", 0.0),
]


def test_bounds_err_at_most_at_their_rate():
    """Where all choices were made by the releases that are counted, most would err."""
    assert error_rate(RIGHT[1], runs=20, confidence=0.8) <= 0.2


@pytest.mark.slow
@pytest.mark.parametrize("right", RIGHT)
def test_bounds_err_at_most_at_their_rate_in_many_runs(right):
    # Of 200 runs, 40 may err; more than 55 of them do so with a chance of 0.4 %.
    assert error_rate(right, runs=200, confidence=0.8) <= 55 / 200


def error_rate(right, runs, confidence):
    """How often an audit by few trials shows more than a true statement says."""
    mechanism, shape, per, delta = right
    results = [
        audit(mechanism, shape, per, 200, delta, confidence, insecure_test_key(seed))
        for seed in range(runs)
    ]
    return np.mean([result.exposed for result in results])


def test_noise_that_is_a_tenth_too_small_takes_as_many_trials_as_calculated():
    """The event of one value is a release above 255: 1/2, or exp(-1 / 0.9) / 2."""
    needed = trials_needed(0.5, math.exp(-1 / 0.9) / 2, 1.0, confidence=0.95)
    assert 10_000 < needed < 20_000

    def release(call):
        return call.images + np.rint(call.noise * 0.9)

    black, white = np.zeros((1, 1)), np.full((1, 1), 255.0)
    runs = [
        audit(
            Faulty(release),
            (1, 1),
            trials=needed,
            confidence=0.95,
            key=insecure_test_key(seed),
            pair=(black, white),
        )
        for seed in range(4)
    ]
    # Each with 90 %; three of four fail with a chance of 0.4 %.
    assert sum(run.exposed for run in runs) >= 2
    # And hardly any by a tenth of the trials.
    few = audit(Faulty(release), (1, 1), trials=needed // 10, key=insecure_test_key(0))
    assert not few.exposed


def test_what_shows_nothing_needs_no_trials():
    with pytest.raises(ValueError, match="shows more than is stated if"):
        trials_needed(0.5, 0.4, stated=1.0)


def test_faults_have_names_of_their_own():
    assert len(FAULTS) > 40
    assert callable(fault)
