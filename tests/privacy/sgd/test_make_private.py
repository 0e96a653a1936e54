"""Arguments of make_private: each mistake is named, with what to do."""

import keras
import numpy as np
import pytest
from privacy.sgd.small import N, private

from tfrwc.privacy import make_private


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"delta": 1 / N}, "delta must be below 1 / train_size"),
        ({"delta": 0.0}, "delta is a probability"),
        ({"noise_multiplier": None}, "Give epsilon, the budget, or noise"),
        ({"noise_multiplier": -1.0}, "noise_multiplier must be 0 or more"),
        ({"noise_multiplier": np.nan}, "noise_multiplier must be 0 or more"),
        ({"epsilon": 3.0}, "needs epochs"),
        ({"epsilon": 3.0, "epochs": 2}, "Give one of the two"),
        ({"epsilon": -1.0, "epochs": 2, "noise_multiplier": None}, "epsilon must be"),
        ({"clip": 0.0}, "clip must be above 0"),
        ({"clip": np.inf}, "needs noise_multiplier=0"),
        ({"batch_size": 0}, "batch_size must be a whole number"),
        ({"batch_size": 8.0}, "batch_size must be a whole number"),
        ({"batch_size": N + 1}, "at most train_size"),
        ({"train_size": 0}, "train_size must be a whole number"),
        ({"physical_batch_size": -2}, "physical_batch_size must be"),
    ],
)
def test_arguments(options, match):
    with pytest.raises(ValueError, match=match):
        private(**options)


@pytest.mark.parametrize("model", ["resnet", keras.layers.Dense(2), keras.Model, None])
def test_what_is_no_model_is_refused(model):
    with pytest.raises(TypeError, match=r"model must be a Keras 3 model\. Received: "):
        make_private(model, noise_multiplier=1.0, batch_size=8, train_size=N)


def test_noise_and_epsilon_that_agree_are_taken():
    noise = private(epsilon=2.0, epochs=2, noise_multiplier=None).noise_multiplier
    model = private(epsilon=2.0, epochs=2, noise_multiplier=noise)
    assert model.noise_multiplier == noise
