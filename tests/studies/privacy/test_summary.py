"""What runs add up to."""

import numpy as np
import pytest

from tfrwc.privacy import ScalarShift, insecure_test_key, to_uint8
from tfrwc.studies.privacy.published import blanked_accuracy
from tfrwc.studies.privacy.runs import blank
from tfrwc.studies.privacy.scores import majority
from tfrwc.studies.privacy.summary import identity


@pytest.mark.parametrize("epsilon", [0.25, 1.0])
def test_blank_images_explain_the_published_training_accuracy(epsilon):
    """A classifier that is right on a = 95 % of what is not blank, on released images.

    2,000 images that use the full range; the deviations allowed are 4 of the binomial,
    a chance below 0.01 % each.
    """
    rng = np.random.default_rng(0)
    n = 2000
    x = rng.integers(0, 256, (n, 6, 6), np.uint8)
    x[:, 0, 0], x[:, 0, 1] = 0, 255
    y = (rng.random(n) < 0.74).astype(int)
    key = insecure_test_key("identity")
    is_blank = blank(to_uint8(ScalarShift(epsilon).privatize(x, key, range(len(x)))))
    share = np.exp(-epsilon)
    assert is_blank.mean() == pytest.approx(share, abs=4 * (share / 4 / n) ** 0.5)
    right = rng.random(n) < 0.95
    p = np.where(is_blank, 0.74, np.where(right, y, 1 - y))
    found = identity(epsilon, p, y, is_blank)
    assert found["blank"] == is_blank.mean()
    assert found["expected_blank"] == pytest.approx(share)
    assert found["a"] == pytest.approx(0.95, abs=0.03)
    assert found["measured"] == pytest.approx(np.mean((p > 0.5) == y))
    assert found["predicted"] == blanked_accuracy(found["a"], epsilon, majority(y))
    assert found["predicted"] == pytest.approx(found["measured"], abs=0.04)
    # The share that was blank leaves only the luck of its classes.
    assert found["predicted_by_share"] == pytest.approx(
        found["measured"], abs=4 * (0.74 * 0.26 * share / n) ** 0.5
    )
