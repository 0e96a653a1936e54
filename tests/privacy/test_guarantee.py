"""One form of "no guarantee"."""

import math

import pytest

from tfrwc._common.plain import plain
from tfrwc.privacy.guarantee import NO_GUARANTEE, epsilon_from_json


@pytest.mark.parametrize("epsilon", [0.0, 3.0, 1e6, math.inf])
def test_an_epsilon_survives_json(epsilon):
    assert epsilon_from_json(plain(epsilon)) == epsilon


def test_null_of_earlier_files_is_no_guarantee():
    assert epsilon_from_json(None) == NO_GUARANTEE.epsilon == math.inf


@pytest.mark.parametrize("value", ["inf", "3", True, [3.0]])
def test_other_values_are_refused(value):
    with pytest.raises(ValueError, match="Received"):
        epsilon_from_json(value)
