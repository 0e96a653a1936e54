"""Image sets by name."""

import numpy as np
import pytest

from tfrwc import datasets
from tfrwc.datasets.catalogue import DATA_DIR_VARIABLE

REAL = {
    "mnist": ((60000, 28, 28, 1), 10000, 10),
    "fashion_mnist": ((60000, 28, 28, 1), 10000, 10),
    "cifar10": ((8068, 32, 32, 3), 1017, 10),
    "pneumoniamnist": ((4708, 28, 28, 1), 624, 2),
    "chest_xray_64": ((5216, 64, 64, 1), 624, 2),
}


def test_digits(check):
    digits = datasets.load("digits")
    check(digits)
    assert digits.x_train.shape == (1437, 8, 8, 1)
    assert digits.x_test.shape == (360, 8, 8, 1)
    assert digits.x_train.max() == 255
    assert "scikit-learn" in digits.origin
    # The same split every time, with no image in both parts by position.
    np.testing.assert_array_equal(digits.y_test, datasets.load("digits").y_test)


@pytest.mark.parametrize("name", REAL)
def test_real_sets(name, data_dir, monkeypatch, check):
    monkeypatch.setenv(DATA_DIR_VARIABLE, str(data_dir))
    images = datasets.load(name)
    check(images)
    shape, tests, classes = REAL[name]
    assert images.x_train.shape == shape
    assert len(images.x_test) == tests
    assert len(images.class_names) == classes


def test_majority_rate_of_the_real_x_rays(data_dir, monkeypatch):
    monkeypatch.setenv(DATA_DIR_VARIABLE, str(data_dir))
    assert datasets.load("chest_xray_64").majority_rate == 390 / 624


def test_an_unknown_name_lists_what_there_is():
    with pytest.raises(ValueError, match=r"no image set 'mnits'.*digits, mnist, fash"):
        datasets.load("mnits")
