"""Linear worlds, and the objective of a model of one, written out."""

import numpy as np
import pytest

from tfrwc.disentangle import theory

WORLDS = {
    "orthogonal": (theory.mixing(0.0), 0.5),
    "cosine 0.6": (theory.mixing(0.6), 0.5),
    "cosine 0.9": (theory.mixing(0.9), 0.3),
    "three of five": (np.random.default_rng(0).normal(size=(5, 3)), 0.7),
    "one": (np.array([[1.0], [0.5]]), 0.4),
}
worlds = pytest.mark.parametrize("world", list(WORLDS.values()), ids=list(WORLDS))


def elbo(A, sigma, D, W, v, eta, beta):
    """The objective, written out for any linear model with a diagonal encoder."""
    n = len(A)
    S = A @ A.T + sigma**2 * np.eye(n)
    residual = np.eye(n) - D @ W
    distortion = np.trace(residual @ S @ residual.T) + (D**2 @ v).sum()
    rate = 0.5 * (v.sum() + np.trace(W @ S @ W.T) - len(v) - np.log(v).sum())
    likelihood = -0.5 * (n * np.log(2 * np.pi * eta**2) + distortion / eta**2)
    return likelihood - beta * rate, distortion, rate
