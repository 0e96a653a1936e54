"""The score of the β-VAE paper."""

import numpy as np
from numpy.typing import ArrayLike
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tfrwc.disentangle.scores.groups import groups_of
from tfrwc.disentangle.scores.points import checked


def beta_vae(
    codes: ArrayLike,
    factors: ArrayLike,
    batch: int = 64,
    votes: int = 2000,
    random_state: int = 0,
) -> float:
    """BetaVAE score (Higgins et al., ICLR 2017).

    A vote: pairs of points that share the value of one factor, the mean absolute
    difference of their codes. The accuracy, on held-out votes, of a logistic
    regression that tells from it, in units of its deviation, which factor was shared:
    a latent's scale does not matter.

    Args:
        codes, factors: as of all scores.
        batch: pairs per vote.
        votes: of which one half is learnt from and the other tested on.
        random_state: seed of the votes.

    Raises:
        ValueError: also if no two points share a value of some factor.
    """
    codes, factors = checked(codes, factors)
    rng = np.random.default_rng(random_state)
    groups = groups_of(factors)
    differences, shared = [], []
    for _ in range(votes):
        j = rng.integers(factors.shape[1])
        one, two = groups[j].draw(rng, groups[j].values(rng, batch), 2).T
        differences.append(np.abs(codes[one] - codes[two]).mean(axis=0))
        shared.append(j)
    x, y = np.array(differences), np.array(shared)
    if factors.shape[1] == 1:
        return 1.0
    half = votes // 2
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    model.fit(x[:half], y[:half])
    return float(model.score(x[half:], y[half:]))
