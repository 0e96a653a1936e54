"""Explicitness."""

import numpy as np
from numpy.typing import ArrayLike
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from tfrwc.disentangle.scores.points import checked, halves


def explicitness(
    codes: ArrayLike,
    factors: ArrayLike,
    random_state: int = 0,
    live: ArrayLike | None = None,
) -> float:
    """Explicitness (Ridgeway and Mozer, NeurIPS 2018).

    For each value of each factor, the area under the ROC curve by which a logistic
    regression on all latents tells it from the others, on held-out data; the mean over
    the values of a factor, then over factors. Chance is 0.5, not 0.

    The paper has a classifier for each value against the rest, and the mean over all
    values of all factors. Here, as in Locatello et al., one regression with C = 1 has
    all values of a factor as classes, and latents are divided by their deviation. A
    value that is not in both halves of the points is left out.

    Args:
        codes, factors, live: as of all scores.
        random_state: seed of the halves that are learnt from and tested on.

    Raises:
        ValueError: also if a factor has fewer than two values that are in both halves.
    """
    given, factors = checked(codes, factors, live)
    train, test = halves(len(given), random_state)
    deviation = given[train].std(axis=0)
    scaled = (given - given[train].mean(axis=0)) / np.where(deviation > 0, deviation, 1)
    areas = []
    for j, factor in enumerate(factors.T):
        values = np.intersect1d(factor[train], factor[test])
        if len(values) < 2:
            raise ValueError(
                f"Two values or more of factor {j} must be in both halves of the "
                f"points, to be learnt and tested. Received: {len(values)}. Give more "
                "points, or bin the factor."
            )
        model = LogisticRegression(max_iter=10_000).fit(scaled[train], factor[train])
        told = model.predict_proba(scaled[test])
        places = np.searchsorted(model.classes_, values)
        areas.append(
            np.mean(
                [
                    roc_auc_score(factor[test] == value, told[:, place])
                    for value, place in zip(values, places, strict=True)
                ]
            )
        )
    return float(np.mean(areas))
