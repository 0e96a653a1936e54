"""Separated attribute predictability."""

import numpy as np
from numpy.typing import ArrayLike
from sklearn.svm import LinearSVC

from tfrwc.disentangle.scores.points import checked, halves


def sap(
    codes: ArrayLike,
    factors: ArrayLike,
    random_state: int = 0,
    live: ArrayLike | None = None,
) -> float:
    """Separated attribute predictability (Kumar et al., ICLR 2018).

    For each factor, the accuracy of a linear SVM on the best single latent less that
    on the next best, on held-out data; the mean over factors.

    The paper has the R² of a linear regression for continuous factors. Here, as in
    Locatello et al., all are classes. With one live latent the next best is a constant,
    which is right by chance.

    Args:
        codes, factors, live: as of all scores.
        random_state: seed of the halves that are learnt from and tested on.
    """
    codes, factors = checked(codes, factors, live)
    if codes.shape[1] == 1:
        codes = np.column_stack([codes, np.zeros(len(codes))])
    train, test = halves(len(codes), random_state)
    accuracy = np.zeros((codes.shape[1], factors.shape[1]))
    for i in range(codes.shape[1]):
        code = codes[:, [i]]
        for j, factor in enumerate(factors.T):
            svm = LinearSVC(C=0.01, class_weight="balanced", random_state=random_state)
            svm.fit(code[train], factor[train])
            accuracy[i, j] = svm.score(code[test], factor[test])
    ordered = np.sort(accuracy, axis=0)
    return float(np.mean(ordered[-1] - ordered[-2]))
