"""The median of relative changes."""

import numpy as np
import pytest

from tfrwc.dynamics import relative_change


def test_elements_that_leave_zero_count_as_infinite_in_the_median():
    previous, current = [0.0, 0.0, 1.0, 1.0, 1.0], [1.0, 0.0, 1.1, 1.2, 1.3]
    value = relative_change(previous, current, "elementwise_median")
    assert value == pytest.approx(np.median([0.1, 0.2, 0.3, np.inf]))
