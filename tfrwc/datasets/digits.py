"""Read the digits that ship with scikit-learn."""

from pathlib import Path

import numpy as np

from tfrwc.datasets.catalogue import DataSet
from tfrwc.datasets.image_set import ImageSet, hold_out


def read_digits(data_set: DataSet, path: Path | None = None) -> ImageSet:
    """1,797 digits of 8 x 8 pixels, a fifth of which are for testing.

    Args:
        data_set: its row of the table.
        path: not used: there is no file.
    """
    from sklearn.datasets import load_digits

    bunch = load_digits()
    x = np.round(bunch.images * (255 / 16)).astype(np.uint8)[..., None]
    origin = "scikit-learn's digits"
    return hold_out(data_set.name, origin, x, bunch.target, tuple("0123456789"))
