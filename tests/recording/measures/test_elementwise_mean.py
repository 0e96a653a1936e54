"""The mean of relative changes."""

import numpy as np
import pytest

from tfrwc.dynamics import relative_change


def test_ratio_of_gaussians_grows_with_size_by_element_but_not_by_sum():
    # With true change r, `elementwise_mean` reads about (2r/π) ln n. Medians over 25
    # draws; the spread of l1_ratio at n = 2,000 is about 2 %, so 0.02 is 10 sigma of
    # the median, and the chance of a false alarm is below 1e-6.
    rng = np.random.default_rng(0)
    r = 0.2

    def medians(n):
        w = rng.normal(size=(25, n))
        d = r * rng.normal(size=(25, n))
        return {
            m: np.median(
                [relative_change(a, a + b, m) for a, b in zip(w, d, strict=True)]
            )
            for m in ("l1_ratio", "elementwise_mean")
        }

    small, large = medians(2_000), medians(500_000)
    assert small["l1_ratio"] == pytest.approx(r, abs=0.02)
    assert large["l1_ratio"] == pytest.approx(r, abs=0.02)
    assert large["elementwise_mean"] > 1.4 * small["elementwise_mean"]
