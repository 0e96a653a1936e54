"""What a diagnosis says of the validation."""

import keras
import numpy as np
import pytest
from dynamics.diagnosis.recordings import recording

from tfrwc import RWCCallback
from tfrwc.dynamics import diagnose
from tfrwc.dynamics.diagnosis.from_validation import ERROR, _rising


def told(validation, training, metric=None, records_per_epoch=1, **facts):
    """What is found where the validation and the training went so, epoch by epoch."""
    logs, epochs = [], []
    for number, (loss, val) in enumerate(zip(training, validation, strict=True)):
        for part in range(records_per_epoch):
            log = {"loss": loss, "accuracy": 1 - loss / 2}
            if part == records_per_epoch - 1:
                log |= {"val_loss": val}
                log |= {} if metric is None else {"val_accuracy": metric[number]}
            logs.append(log)
            epochs.append(number + 1)
    values = np.full((len(logs), 2, 2), 0.01)
    steps = 20 * np.arange(1, len(logs) + 1)
    return list(diagnose(recording(values, logs, steps, epochs, training=facts)))


FALLING = np.linspace(1, 0.05, 16)
V = np.concatenate([np.linspace(1, 0.5, 6), np.linspace(0.55, 1.2, 10)])


@pytest.mark.parametrize("records_per_epoch", [1, 3])
def test_a_rise_is_told_with_its_epoch_and_what_to_do(records_per_epoch):
    [one] = told(V, FALLING, records_per_epoch=records_per_epoch)
    assert (one.kind, one.sure) == ("overfitting", "likely")
    assert one.since in 20 * records_per_epoch * np.array([6, 7])
    assert "least at epoch 6" in one.evidence or "least at epoch 7" in one.evidence
    assert "EarlyStopping" in one.advice


@pytest.mark.parametrize(
    ("validation", "training", "metric"),
    [
        (np.linspace(1, 0.4, 16), FALLING, None),  # it falls
        (V, np.linspace(1, 1.3, 16), None),  # so does the training
        (V, FALLING, np.linspace(0.5, 0.9, 16)),  # outputs only grow more certain
        (0.5 + 0.001 * V, FALLING, None),  # it hardly rises
        (V[4:10], FALLING[4:10], None),  # too few epochs
        (np.full(16, 0.5), FALLING, None),
    ],
)
def test_nothing_is_said_where_it_is_not_clear(validation, training, metric):
    assert "overfitting" not in [f.kind for f in told(validation, training, metric)]


def test_averages_that_lag_are_no_overfitting():
    # They are of other weights at first, and the validation rises while they come on.
    coming_on = np.concatenate([np.linspace(0.5, 1.2, 12), np.linspace(1.19, 1.1, 4)])
    assert [f.kind for f in told(coming_on, FALLING, lag=20)] == ["overfitting"]
    assert told(coming_on, FALLING, lag=240) == []


@pytest.mark.parametrize("epochs", [8, 20, 50])
def test_noise_is_taken_for_a_rise_no_oftener_than_stated(epochs):
    # Of 2,000 a binomial of rate 0.001 exceeds 8 once in 4,000 times.
    rng = np.random.default_rng(epochs)
    alarms = sum(_rising(rng.normal(size=epochs)) > 0 for _ in range(2000))
    assert ERROR == 1e-3
    assert alarms <= 8


@pytest.mark.parametrize("every", ["epoch", 3])
def test_labels_by_chance_are_learned_by_heart(every):
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(96, 20)), rng.integers(2, size=96)
    layers = [keras.layers.Dense(64, "relu"), keras.layers.Dense(1, "sigmoid")]
    model = keras.Sequential([keras.Input((20,)), *layers])
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy")
    callback = RWCCallback(every=every)
    model.fit(
        x[:64],
        y[:64],
        epochs=16,
        batch_size=16,
        verbose=0,
        validation_data=(x[64:], y[64:]),
        callbacks=[callback],
    )
    found = {one.kind: one for one in diagnose(callback.recording)}
    assert found["overfitting"].since % 4 == 0
    assert "epoch 16" in found["overfitting"].evidence
