"""TrendClusterer as a scikit-learn estimator; predict."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.utils.estimator_checks import parametrize_with_checks

from tests.test_trends import planted
from tfrwc.dynamics import TrendClusterer

# Why checks cannot pass: they feed data that no relative change is like.
IMPOSSIBLE = {
    "robust": {
        "check_clustering": "feeds two records with negative values; relative change "
        "is not negative, and two records have but two shapes, rising and falling",
    },
    "weightscale": {},
}


@parametrize_with_checks(
    [TrendClusterer(), TrendClusterer(preset="weightscale")],
    expected_failed_checks=lambda estimator: IMPOSSIBLE[estimator.preset],
    xfail_strict=True,
)
def test_scikit_learn_checks(estimator, check):
    check(estimator)
