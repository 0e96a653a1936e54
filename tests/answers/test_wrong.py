"""Findings beside the other answers: what both name is the same number."""

import re

import numpy as np
import pytest
from dynamics.diagnosis.recordings import recording

from tfrwc.answers.wrong import wrong_of_runs

LOSS = re.compile(r"loss (?:went|fell) from ([\d.]+) to ([\d.]+)")


def slow(seed):
    """A regression that falls slowly, recorded five times in each of three epochs."""
    steps = np.arange(200, 3001, 200)
    rng = np.random.default_rng(seed)
    own = 40 - 0.6 * np.arange(15) + 0.02 * rng.random(15)
    # Keras logs the mean since the epoch began.
    running = [own[5 * (i // 5) : i + 1].mean() for i in range(15)]
    facts = {"loss": "mean_squared_error", "steps_per_epoch": 1000}
    values = 0.01 + 0.001 * rng.random((15, 2, 2))
    logs = [{"loss": loss} for loss in running]
    return recording(values, logs, steps, (steps - 1) // 1000 + 1, training=facts)


@pytest.mark.parametrize("seed", range(3))
def test_a_finding_names_the_loss_that_the_sentence_names(seed):
    one = slow(seed)
    logged = one.logs["loss"].iloc[[0, -1]]
    summary = one.summary()
    said = [summary.sentence, *map(str, summary.wrong)]
    named = [numbers for text in said for numbers in LOSS.findall(text)]
    assert len(named) > 1
    for numbers in named:  # to three digits; means over records are 2 % off
        assert [*map(float, numbers)] == pytest.approx(logged.tolist(), rel=2e-3)


def test_numbers_of_several_runs_are_those_of_the_first_that_has_them():
    (told,) = wrong_of_runs([slow(0), slow(1), slow(2)])
    assert told.endswith("So in 3 of 3 runs; the numbers are those of the first.")
    assert float(LOSS.search(told)[2]) == pytest.approx(
        slow(0).logs["loss"].iloc[-1], rel=2e-3
    )
    (alone,) = wrong_of_runs([slow(0)])
    assert told.startswith(alone)


def test_a_loss_that_broke_is_told_by_what_it_was_before():
    values = 0.1 + np.zeros((6, 2, 2))
    logs = [{"loss": loss} for loss in (3.0, 2.0, 1.5, 1.0, np.nan, np.nan)]
    summary = recording(values, logs).summary()
    assert "while the loss fell from 3 to 1 and was not a number at the end, " in (
        summary.sentence
    )
    assert not any("did not fall" in doubt for doubt in summary.uncertain)
    assert "The loss is not finite" in str(summary.wrong)
