"""Explicitness: known answers, and what disentanglement_lib's code gives.

Its values were computed once by its function of commit 86a644d, of the codes of
`disentangle/kinds_of_codes.py`, learnt and tested on the same halves of 1,000 points.
"""

import numpy as np
import pytest
from disentangle.kinds_of_codes import kinds

from tfrwc.disentangle import scores

FACTORS, CODES = kinds(1000)
PEER = {
    "perfect": 0.99560,
    "of other scales": 0.99560,
    "noisy": 0.91886,
    "turned": 0.99574,
    "noisy and turned": 0.91900,
    "squeezed into three": 0.76689,
    "spread over eight": 0.90592,
    "each factor twice": 0.92030,
    "squares": 0.77456,
    "circles": 1.00000,
    "noise": 0.49968,
    "beside dead latents": 0.91416,
}


@pytest.mark.parametrize("kind", PEER)
def test_scores_are_those_of_the_peer(kind):
    """But for where a solver stops: the peer's after 100 steps."""
    found = scores.explicitness(CODES[kind], FACTORS)
    assert found == pytest.approx(PEER[kind], abs=1e-4)


def test_a_latent_for_each_value_is_explicit():
    codes = np.column_stack([np.eye(f.max() + 1)[f] for f in FACTORS.T])
    assert scores.explicitness(codes, FACTORS) == 1


def test_middle_values_of_one_latent_are_less_explicit_than_its_ends():
    """A linear classifier tells a middle value of a line as well as one of its ends
    only if all classes are learnt together; how well does not depend on the scale."""
    factor = np.arange(900)[:, None] % 3
    code = factor + 0.4 * np.random.default_rng(0).normal(size=factor.shape)
    one, other = (scores.explicitness(c, factor) for c in (code, 1e4 * code - 7))
    assert 0.8 < one < 1
    assert one == pytest.approx(other, abs=1e-6)


def test_noise_and_constants_are_at_chance():
    """The area of a value in n points deviates from 0.5 by about sqrt(1 / (12 m)), m of
    its points; the mean over 29 values of 18 to 170 points by less than 0.02: 5 of
    these are missed by chance less than once in a million."""
    rng = np.random.default_rng(1)
    for seed in range(3):
        noise = rng.normal(size=(len(FACTORS), 3))
        found = scores.explicitness(noise, FACTORS, random_state=seed)
        assert abs(found - 0.5) < 0.1
    assert scores.explicitness(np.ones((len(FACTORS), 3)), FACTORS) == 0.5


def test_dead_latents_do_not_count():
    both = np.column_stack([CODES["noisy"], CODES["noise"]])
    live = np.array([True] * 5 + [False] * 6)
    alone = scores.explicitness(CODES["noisy"], FACTORS)
    assert scores.explicitness(both, FACTORS, live=live) == alone
    assert scores.explicitness(both, FACTORS) != alone
    assert scores.explicitness(both, FACTORS, live=live & ~live) == 0.5


def test_rare_values_are_left_out_and_a_factor_of_none_else_is_refused():
    factors = np.where(np.arange(1000) == 3, 99, FACTORS[:, 0])[:, None]
    found = scores.explicitness(CODES["perfect"], factors)
    assert found == pytest.approx(1, abs=0.01)
    with pytest.raises(ValueError, match="Two values or more of factor 0 must be in"):
        scores.explicitness(CODES["perfect"], np.arange(1000)[:, None])
