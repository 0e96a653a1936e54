"""Disentanglement, completeness and informativeness."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn import config_context
from sklearn.ensemble import GradientBoostingClassifier

from tfrwc.disentangle.scores.points import checked, halves, live_of


@dataclass(frozen=True, eq=False)
class DCI:
    """What `dci` returns.

    Attributes:
        disentanglement: whether a latent is important for one factor only.
        completeness: whether a factor needs one latent only.
        informativeness: accuracy of predicting the factors, on held-out data.
        importance: (latents, factors), of boosted trees; columns sum to 1, or to 0
            where nothing is known of a factor.
    """

    disentanglement: float
    completeness: float
    informativeness: float
    importance: NDArray[np.float64]


def dci(
    codes: ArrayLike,
    factors: ArrayLike,
    random_state: int = 0,
    live: ArrayLike | None = None,
) -> DCI:
    """DCI (Eastwood and Williams, ICLR 2018), with gradient boosted trees.

    The paper has a lasso or random forests, and the error of predictions. Here, as in
    Locatello et al., trees are boosted, and informativeness is an accuracy. Entropies
    are relative to those of the live latents; the importance of others is 0.

    Args:
        codes, factors, live: as of all scores.
        random_state: seed of the trees, and of the halves that are learnt from and
            tested on.
    """
    given = np.asarray(codes)
    codes, factors = checked(given, factors, live)
    train, test = halves(len(codes), random_state)
    rows, accuracy = [], []
    # Thousands of small trees: to check their arguments takes a part of the time.
    with config_context(skip_parameter_validation=True):
        for factor in factors.T:
            trees = GradientBoostingClassifier(random_state=random_state)
            trees.fit(codes[train], factor[train])
            rows.append(trees.feature_importances_)
            accuracy.append(trees.score(codes[test], factor[test]))
    importance = np.array(rows).T
    weights = importance.sum(axis=1)
    total = weights.sum()
    of_latents = 1 - _relative_entropy(importance)
    of_factors = 1 - _relative_entropy(importance.T)
    mask = live_of(given, live)
    whole = np.zeros((len(mask), factors.shape[1]))
    whole[mask] = importance[: mask.sum()]
    return DCI(
        float(weights @ of_latents / total) if total else 0.0,
        float(of_factors @ importance.sum(axis=0) / total) if total else 0.0,
        float(np.mean(accuracy)),
        whole,
    )


def _relative_entropy(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Entropy of each row, taken as probabilities, relative to that of even ones."""
    if rows.shape[1] == 1:
        return np.zeros(len(rows))
    p = rows / np.maximum(rows.sum(axis=1, keepdims=True), 1e-300)
    logs = np.log(np.where(p > 0, p, 1))
    entropy = -(p * logs).sum(axis=1) / np.log(rows.shape[1])
    return np.where(rows.sum(axis=1) > 0, entropy, 1.0)
