"""Audits of trainings whose unit is a patient: whole patients are the canaries."""

import keras
import numpy as np
import pytest
from keras import layers

from tfrwc.privacy import audit_canaries, make_private, poisson_batches

PATIENTS, IMAGES, STEPS = 2000, 3, 4


def shown_and_stated(seed, noise=1.5, by_image=False):
    """Train with patients that share no weight, and attack.

    Args:
        seed: of the coins.
        noise: multiplier.
        by_image: whether the training takes each image for a unit, which the statement
            for a patient then does not speak of.
    """
    included = np.random.default_rng(seed).random(PATIENTS) < 0.5
    chosen = np.flatnonzero(included)
    x = np.eye(PATIENTS, dtype=np.float32)[np.repeat(chosen, IMAGES)]
    model = keras.Sequential(
        [layers.Input((PATIENTS,)), layers.Dense(1, use_bias=False)]
    )
    model.layers[-1].kernel.assign(np.zeros((PATIENTS, 1)))
    ids = np.arange(len(x)) if by_image else np.repeat(chosen, IMAGES)
    count = len(set(ids.tolist()))
    private = make_private(
        model,
        noise_multiplier=noise,
        **{"delta": 1e-5, "clip": 1e-3, "batch_size": count},
        **{"unit": "patient", "units": ids},
    )
    private.compile(keras.optimizers.SGD(1.0), "mse")
    batches = poisson_batches(x, np.ones((len(x), 1)), batch_size=count, units=ids)
    private.fit(batches, epochs=STEPS, verbose=0)
    scores = model.layers[-1].kernel.numpy()[:, 0]
    audit = audit_canaries(scores, included, private.delta)
    return audit.epsilon, private.privacy_spent().epsilon


def check(seed):
    shown, stated = shown_and_stated(seed)
    assert stated / 4 < shown <= stated


@pytest.mark.parametrize("seed", [0, 1])
def test_no_patient_shows_more_than_is_stated_and_the_attack_is_strong(seed):
    check(seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_of_twenty_seeds_none_shows_more(seed):
    check(seed)


@pytest.mark.filterwarnings("ignore:.* images are of several patients:UserWarning")
def test_units_that_are_no_patients_are_found_out():
    """Three images that are clipped one by one show three times as much."""
    shown, stated = shown_and_stated(0, noise=3.0, by_image=True)
    assert shown > stated
