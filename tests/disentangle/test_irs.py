"""Interventional robustness: by hand, and as disentanglement_lib's code has it.

Its values were computed once by its function of commit 86a644d, of the codes of
`disentangle/kinds_of_codes.py`: of 1,000 points at the quantiles 0.99 and 1, and of all
4,608 at 0.99.
"""

import numpy as np
import pytest
from disentangle.kinds_of_codes import ALL, kinds

from tfrwc.disentangle import scores

SOME, WHOLE = kinds(1000), kinds(ALL)
PEER = {
    "perfect": (1.000000, 1.000000, 1.000000),
    "of other scales": (1.000000, 1.000000, 1.000000),
    "noisy": (0.652008, 0.603226, 0.661542),
    "turned": (0.406112, 0.367675, 0.409980),
    "noisy and turned": (0.389670, 0.316115, 0.420709),
    "squeezed into three": (0.431170, 0.361750, 0.421111),
    "spread over eight": (0.410356, 0.343141, 0.439379),
    "each factor twice": (0.652008, 0.603226, 0.661542),
    "squares": (0.628344, 0.537867, 0.647333),
    "circles": (1.000000, 1.000000, 1.000000),
    "noise": (0.305548, 0.206400, 0.333070),
    "beside dead latents": (0.646599, 0.596952, 0.656094),
}


@pytest.mark.parametrize("kind", PEER)
def test_scores_are_those_of_the_peer(kind):
    factors, codes = SOME
    found = [scores.irs(codes[kind], factors, quantile).score for quantile in (0.99, 1)]
    found.append(scores.irs(WHOLE[1][kind], WHOLE[0]).score)
    assert found == pytest.approx(PEER[kind], abs=2e-6)


def test_robustness_by_hand():
    """One latent a + b, with a of 0, 2 and b of 0, 1: at most 1.5 from its mean, and
    within a value of a by 0.5, of b by 1."""
    a, b = np.indices((2, 2)).reshape(2, -1)
    codes = (2 * a + b)[:, None] * 10.0
    found = scores.irs(codes, np.column_stack([a, b]), quantile=1)
    assert found.robustness == pytest.approx(np.array([[2 / 3, 1 / 3]]))
    assert found.score == pytest.approx(2 / 3)


def test_latents_that_go_far_count_for_more():
    a, b = np.indices((2, 2)).reshape(2, -1)
    codes = np.column_stack([2 * a + b, 6.0 * a])
    found = scores.irs(codes, np.column_stack([a, b]), quantile=1)
    assert found.score == pytest.approx((1.5 * 2 / 3 + 3) / 4.5)


def test_dead_and_constant_latents():
    factors, codes = SOME
    both = np.column_stack([codes["noisy"], np.full(1000, 0.3), codes["noise"]])
    live = np.array([True] * 6 + [False] * 6)
    found = scores.irs(both, factors, live=live)
    assert found.score == scores.irs(codes["noisy"], factors).score
    assert np.isnan(found.robustness[5:]).all()
    assert np.isfinite(found.robustness[:5]).all()
    for none in (
        scores.irs(both, factors, live=~live & False),
        scores.irs(0 * both, factors),
    ):
        assert none.score == 0
        assert np.isnan(none.robustness).all()
        assert none.robustness.shape == (12, 5)


@pytest.mark.parametrize("quantile", [0, 1.1, "0.99", np.nan, None])
def test_quantiles_that_are_none_are_refused(quantile):
    with pytest.raises(ValueError, match="quantile must be above 0 and at most 1"):
        scores.irs(SOME[1]["noisy"], SOME[0], quantile)


def test_factors_without_repeated_values_are_refused():
    with pytest.raises(ValueError, match="No two points share a value of factor 0"):
        scores.irs(SOME[1]["noisy"], np.arange(1000)[:, None])
