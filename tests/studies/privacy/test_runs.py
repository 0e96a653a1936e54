"""Trainings with and without privacy."""

import math

import numpy as np
import pytest

from tfrwc.privacy import RandomizedResponse, ScalarShift, insecure_test_key
from tfrwc.privacy.sgd.statement import NoPrivacy
from tfrwc.studies.privacy import data, release, runs
from tfrwc.studies.privacy.evaluation import membership
from tfrwc.studies.privacy.runs import blank

KEY = insecure_test_key("training")


def test_a_run_leaves_nothing_for_the_next(tmp_path):
    """Compiled once, trained three times: the same seed twice gives the same."""
    task = data.load("digits")
    shifted = release.release(ScalarShift(1.0), task, 3, KEY)

    def trained(task, number):
        path = tmp_path / f"{number}.parquet"
        run = runs.train_plain("resnet10_tiny", task, 1, 3, path)
        assert (run.epochs, run.batch_size, run.statement) == (1, 64, None)
        return run.network

    before = runs.predictions(trained(task, 1), task)
    assert set(before) == {
        *("test", "members", "held_out"),
        *("test_label", "members_label", "held_out_label"),
    }
    other = runs.predictions(trained(shifted, 2), task, shifted)
    assert {"test_released", "members_released", "blank"} < set(other)
    assert 0.2 < other["blank"].mean() < 0.6
    after = runs.predictions(trained(task, 3), task)
    for name, p in before.items():
        np.testing.assert_allclose(after[name], p, atol=1e-4)
    one_value = RandomizedResponse(1.0, levels=2).statement((1, 1))
    found = membership(one_value, before, task)
    assert found["advantage"]["bound"] == pytest.approx(math.tanh(0.5), abs=1e-3)
    for statement in (NoPrivacy(), ScalarShift(1.0).statement((8, 8))):
        assert membership(statement, before, task)["auc"]["bound"] is None


def test_which_images_are_blank():
    x = np.zeros((3, 2, 2, 1), np.uint8)
    x[1] = 255
    x[2, 1, 1] = 1
    np.testing.assert_array_equal(blank(x), [True, True, False])
