"""What a diagnosis says of the pace at which weights go."""

import numpy as np
import pytest
from dynamics.diagnosis.recordings import recording
from hypothesis import given, settings
from hypothesis import strategies as st

from tfrwc.dynamics import diagnose
from tfrwc.dynamics.diagnosis.course import Course
from tfrwc.dynamics.diagnosis.from_pace import few_steps, rising, unsettled
from tfrwc.dynamics.diagnosis.thresholds import LIMITS
from tfrwc.recording import Flag

CLASSES = {
    "loss": "sparse_categorical_crossentropy",
    "output": {"units": 4, "activation": "softmax"},
}


def course(change, losses, apart=5, in_epoch=100, **facts):
    """Two layers that change by this between records, so many steps apart."""
    logs = [{"loss": loss} for loss in losses]
    steps = apart * np.arange(1, len(logs) + 1)
    values = np.zeros((len(logs), 2, 2))
    values[:, 0] = change
    facts = CLASSES | {"steps_per_epoch": in_epoch} | facts
    epochs = (steps - 1) // in_epoch + 1
    return Course.of(recording(values, logs, steps, epochs, training=facts))


def noisy(level, records=40, seed=0):
    return level * np.random.default_rng(seed).uniform(0.7, 1.3, records)


@pytest.mark.parametrize(
    ("change", "losses", "is_told"),
    [
        (0.1, noisy(1.0), True),
        (0.005, noisy(1.0), False),  # it goes nowhere
        (0.1, noisy(0.3), False),  # it has learned
        (0.1, np.linspace(1.3, 0.9, 40), False),  # it learns
        (0.1, noisy(1.0, records=6), False),  # too few to tell
    ],
)
def test_weights_that_go_to_and_fro(change, losses, is_told):
    found = list(unsettled(course(change, losses), LIMITS))
    assert [one.kind for one in found] == ["lr_too_high"] * is_told
    if is_told:
        assert found[0].since == 105
        assert "half of the layers move back and forth by 44.7 %" in found[0].evidence


@settings(deadline=None, max_examples=15)
@given(
    st.sampled_from([0.02, 0.5]),
    st.sampled_from([1, 2, 5, 10]),
    st.integers(0, 99),
)
def test_a_walk_is_as_long_whatever_its_records_are_apart(walk, apart, seed):
    # 400 steps of a walk in many dimensions, which goes `walk` in 100 of them.
    rng = np.random.default_rng(seed)
    places = np.cumsum(rng.normal(size=(401, 300)), axis=0)[::apart]
    change = np.linalg.norm(np.diff(places, axis=0), axis=1) / np.sqrt(300)
    change = (change * walk / 10)[:, None]
    losses = noisy(1.0, len(change), seed=0)
    found = list(unsettled(course(change, losses, apart), LIMITS))
    assert bool(found) == (walk > LIMITS.walk)


def test_a_loss_that_rises_leads_up():
    up = np.linspace(1.5, 3.0, 40)
    assert [f.kind for f in rising(course(0.01, up), LIMITS)] == ["lr_too_high"]
    assert not list(rising(course(0.01, up, loss="of_my_own"), LIMITS))
    assert not list(rising(course(0.01, np.linspace(1.5, 1.6, 40)), LIMITS))


def test_epochs_of_one_step_are_too_few_steps():
    slow = np.linspace(1.4, 1.2, 60)
    [one] = few_steps(course(0.01, slow, apart=1, in_epoch=1), LIMITS)
    assert one.kind == "wrong_batch"
    assert "60 epochs were 60 steps" in one.evidence
    assert not list(few_steps(course(0.01, slow, apart=1, in_epoch=30), LIMITS))
    assert not list(
        few_steps(course(0.01, np.linspace(1.4, 0.2, 60), 1, in_epoch=1), LIMITS)
    )


def test_layers_whose_weights_become_zero_are_told_since_then():
    made = recording(
        np.full((4, 2, 2), 0.1), [{"loss": 1.4}] * 4, steps=[60, 120, 180, 240]
    )
    flags = np.full((2, 2), Flag.OK)
    flags[:, 1] = Flag.ZERO_DENOMINATOR
    made.append(300, 5, np.full((2, 2), 0.1), flags, {"loss": 1.4})
    found = {one.kind: one for one in diagnose(made)}
    assert found["penalty_too_high"].layer == "b/kernel"
    assert found["penalty_too_high"].since == 240
