"""Released images of a task."""

import numpy as np
from studies.privacy.xrays import xray_folder

from tfrwc.privacy import ScalarShift, insecure_test_key
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
