"""Settings of a private training: one value, checked when it is made."""

from dataclasses import FrozenInstanceError, asdict

import numpy as np
import pytest

from tfrwc.privacy.accounting import sgd
from tfrwc.privacy.sgd.settings import CalibratedSettings, TrainingSettings


def settings(**options):
    return TrainingSettings(**({"train_size": 50, "batch_size": 8} | options))


def test_a_budget_becomes_noise():
    planned = settings(epsilon=3.0, epochs=2)
    assert (planned.sampling_rate, planned.steps_per_epoch) == (0.16, 7)
    assert planned.planned_steps == 14
    calibrated = planned.calibrated()
    assert calibrated.delta == 1 / 500
    cost = sgd.sampled_gaussian(calibrated.noise_multiplier, 0.16, 14, 1 / 500)
    assert cost.epsilon == pytest.approx(3.0, rel=1e-3)
    same = {"delta": 1 / 500, "noise_multiplier": calibrated.noise_multiplier}
    assert asdict(calibrated) == asdict(planned) | same
    assert calibrated.calibrated() == calibrated


def test_without_a_budget_no_number_of_steps_is_planned():
    calibrated = settings(noise_multiplier=1.5, epochs=3, delta=1e-3).calibrated()
    assert calibrated.planned_steps is None
    assert (calibrated.noise_multiplier, calibrated.delta) == (1.5, 1e-3)


def test_numbers_of_numpy_become_those_of_python():
    value = settings(
        train_size=np.int64(50), clip=np.float32(0.5), noise_multiplier=np.float64(1)
    )
    assert type(value.train_size) is int
    assert type(value.clip) is type(value.noise_multiplier) is float


def test_settings_do_not_change():
    with pytest.raises(FrozenInstanceError):
        settings(noise_multiplier=1.0).clip = 2.0


def test_calibrated_settings_are_complete():
    with pytest.raises(TypeError, match="missing"):
        CalibratedSettings(train_size=50, batch_size=8, epsilon=1.0, epochs=1)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"epochs": 1.5}, "epochs must be a whole number"),
        ({"augmentation_multiplicity": 0}, "augmentation_multiplicity must be a whole"),
        ({"epsilon": 1.0}, r"epochs = None: it needs epochs"),
        ({"noise_multiplier": None}, "Received neither"),
        ({"clip": "1"}, "clip must be above 0. Received: '1'"),
        ({"clip": 1e-20}, "clip must be 1e-09 to 1e.09.* Scale the loss instead"),
        ({"clip": 1e20}, "clip must be 1e-09 to 1e.09"),
        ({"clip": np.inf}, "clip=inf bounds nothing.* noise_multiplier=1.0"),
        ({"delta": 0.02}, "delta must be below 1 / train_size = 0.02"),
    ],
)
def test_mistakes_are_named(options, match):
    with pytest.raises(ValueError, match=match):
        settings(**({"noise_multiplier": 1.0} | options))
