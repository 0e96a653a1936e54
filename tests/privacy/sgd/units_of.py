"""Groups of examples by their sizes, for tests of units."""

import numpy as np
import tensorflow as tf

from tfrwc.privacy.sgd.groups import Groups
from tfrwc.privacy.sgd.units import Units


def groups(sizes, **options):
    """The first `sizes[0]` examples are one unit, and so on."""
    units = Units(np.repeat(np.arange(len(sizes)), sizes))
    rows, places = units.rows(np.arange(len(sizes)), None, np.random.default_rng(0))
    np.testing.assert_array_equal(rows, np.arange(sum(sizes)))
    return Groups(tf.constant(places), **options)


def parts(sizes):
    """Slices of the examples of each unit."""
    ends = np.cumsum(sizes)
    return [slice(end - size, end) for end, size in zip(ends, sizes, strict=True)]
