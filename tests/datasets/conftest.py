"""What tests of readers share."""

import numpy as np
import pytest


@pytest.fixture
def check():
    """A function that checks what every `ImageSet` must be."""
    return _check


def _check(images):
    for x, y in ((images.x_train, images.y_train), (images.x_test, images.y_test)):
        assert x.dtype == np.uint8
        assert x.ndim == 4
        assert y.dtype == np.int64
        assert y.shape == (len(x),)
        assert 0 <= y.min() <= y.max() < len(images.class_names)
