"""The images of a trial."""

import numpy as np
import pytest

from tfrwc import datasets
from tfrwc.studies.dynamics.images import load_images


def test_images_of_a_trial():
    some = load_images("digits", 100)
    assert (len(some.x_train), len(some.x_test)) == (100, 25)
    whole = datasets.load("digits")
    assert some.majority_rate != whole.majority_rate
    again = load_images("digits", 100)
    np.testing.assert_array_equal(some.x_train, again.x_train)
    with pytest.raises(
        ValueError, match=r"1437 training images\. Received: images=9999"
    ):
        load_images("digits", 9999)
    with pytest.raises(ValueError, match="1 image or more"):
        load_images("digits", 0)
