"""Released images of a task."""

from dataclasses import replace

import numpy as np
from studies.privacy.xrays import xray_folder

from tfrwc.privacy import PixelLaplace, ScalarShift, insecure_test_key
from tfrwc.studies.privacy import data, release

KEY = insecure_test_key("training")


def test_a_release_names_no_patients(tmp_path):
    task = data.load("xrays", xray_folder(tmp_path, 30))
    first, again, other = (
        release.release(ScalarShift(1.0), task, seed, KEY) for seed in (0, 0, 1)
    )
    for name in ("train", "held_out", "test"):
        split = getattr(first, name)
        assert split.patients is None
        np.testing.assert_array_equal(split.x, getattr(again, name).x)
        assert (split.x != getattr(task, name).x).any()
        assert (split.x != getattr(other, name).x).any()


def test_a_release_does_not_tell_which_images_changed():
    """An image that stays where it was has other noise in another set."""
    task = data.load("digits")
    x = task.train.x.copy()
    x[0] = 0
    changed = replace(task, train=replace(task.train, x=x))
    january, february = (
        release.release(PixelLaplace(100.0), each, 0, KEY) for each in (task, changed)
    )
    same = (january.train.x == february.train.x).mean(axis=(1, 2, 3))
    assert same.max() < 1
    np.testing.assert_array_equal(january.test.x, february.test.x)


def test_what_is_assumed_of_patients_is_stated():
    task = replace(data.load("digits"), assumptions=("That it is so.",))
    stated = release.stated(PixelLaplace(100.0), task)
    assert stated.not_promised[0] == "That it is so."
