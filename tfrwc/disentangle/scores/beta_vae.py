"""The score of the β-VAE paper."""

import numpy as np
from numpy.typing import ArrayLike
from sklearn.linear_model import LogisticRegression

from tfrwc._common.checks import whole_number
from tfrwc.disentangle.scores.groups import groups_of
from tfrwc.disentangle.scores.points import checked


def beta_vae(
    codes: ArrayLike,
    factors: ArrayLike,
    batch: int = 64,
    votes: int = 2000,
    random_state: int = 0,
    live: ArrayLike | None = None,
    standardise: bool = False,
) -> float:
    """BetaVAE score (Higgins et al., ICLR 2017).

    A vote: pairs of points that share the value of one factor, the mean absolute
    difference of their codes. The accuracy, on held-out votes, of a logistic
    regression that tells from it which factor was shared.

    The paper says only that the classifier is linear; here, as in Locatello et al., it
    is scikit-learn's logistic regression with C = 1, so that a latent of a small scale
    counts less. They learn from 10,000 votes and test on 5,000. Points of a pair are
    drawn from those there are, a value as often as it occurs; the paper draws every
    factor evenly.

    Args:
        codes, factors, live: as of all scores.
        batch: pairs per vote.
        votes: of which one half is learnt from and the other tested on.
        random_state: seed of the votes.
        standardise: divide each latent by its deviation before, so that scales do not
            matter; neither paper does.

    Raises:
        ValueError: also if no two points share a value of some factor.
    """
    codes, factors = checked(codes, factors, live)
    batch = whole_number(batch, "batch")
    votes = whole_number(votes, "votes", at_least=20)
    if standardise:
        deviation = codes.std(axis=0)
        codes = codes / np.where(deviation > 0, deviation, 1)
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
    model = LogisticRegression(max_iter=10_000)
    model.fit(x[:half], y[:half])
    return float(model.score(x[half:], y[half:]))
