"""The score of the FactorVAE paper."""

import numpy as np
from numpy.typing import ArrayLike

from tfrwc._common.checks import whole_number
from tfrwc.disentangle.scores.groups import groups_of
from tfrwc.disentangle.scores.points import checked


def factor_vae(
    codes: ArrayLike,
    factors: ArrayLike,
    batch: int = 64,
    votes: int = 2000,
    random_state: int = 0,
    live: ArrayLike | None = None,
) -> float:
    """FactorVAE score (Kim and Mnih, ICML 2018).

    A vote: points that share the value of one factor, the latent with the least
    variance relative to that of all points. The accuracy, on held-out votes, of the
    majority of votes for each latent.

    The paper prunes collapsed latents: give ``live=live_latents(codes)`` for that.
    Without, only latents that are exactly constant are left out. Points of a vote are
    drawn from those there are, a value as often as it occurs; the paper draws every
    factor evenly. Locatello et al. learn from 10,000 votes and test on 5,000.

    Args:
        codes, factors, live: as of all scores.
        batch: points per vote.
        votes: of which one half is learnt from and the other tested on.
        random_state: seed of the votes.

    Raises:
        ValueError: also if no two points share a value of some factor.
    """
    codes, factors = checked(codes, factors, live)
    batch = whole_number(batch, "batch")
    votes = whole_number(votes, "votes", at_least=20)
    rng = np.random.default_rng(random_state)
    variance = codes.var(axis=0)
    # The variance of a constant is not exactly 0 in floating point; its range is.
    active = np.flatnonzero(np.ptp(codes, axis=0) > 0)
    if not active.size:
        return 0.0
    groups = groups_of(factors)
    count = np.zeros((2, len(active), factors.shape[1]), int)
    for vote in range(votes):
        j = rng.integers(factors.shape[1])
        [members] = groups[j].draw(rng, groups[j].values(rng, 1), batch)
        relative = codes[members][:, active].var(axis=0) / variance[active]
        count[vote % 2, relative.argmin(), j] += 1
    majority = count[0].argmax(axis=1)
    right = count[1][np.arange(len(active)), majority].sum()
    return float(right / count[1].sum())
