"""The best β against a search that knows nothing of the theory but the model.

The encoder is ridge regression, solved by QR of the mixing with the penalty below it,
so that AᵀA is never formed; F(β) is its expected log density. A fine grid over β is
searched, and again between the neighbours of the best points, until nothing changes.
"""

import numpy as np
import pytest

from tfrwc.disentangle import theory

FAST, ALL = range(60), range(60, 500)


def some_mixing(number):
    """A mixing of 2 to 6 factors and a σ: nearly parallel columns, columns of very
    different lengths, or any singular values, of a condition up to 1e8."""
    rng = np.random.default_rng([7, number])
    k = int(rng.integers(2, 7))
    n = k + int(rng.integers(0, 3))
    condition = 10 ** rng.uniform(0, 8)
    left, right = (np.linalg.qr(rng.normal(size=(m, k)))[0] for m in (n, k))
    spread = condition ** -np.r_[0, 1, rng.uniform(0, 1, k - 2)]
    if number % 3 == 0:  # nearly parallel
        A = rng.normal(size=(n, 1)) + rng.normal(size=(n, k)) / condition
    elif number % 3 == 1:  # of different lengths
        A = rng.normal(size=(n, k)) * spread
    else:
        A = (left * spread) @ right.T
    return A, 10 ** rng.uniform(-3, 2)


def performance(A, sigma, betas):
    """E log q(s|x) per latent at each β, in the unit of σ."""
    n, k = A.shape
    B = A / sigma
    penalty = np.sqrt(betas)[:, None, None] * np.eye(k)
    stacked = np.concatenate([np.broadcast_to(B, (len(betas), n, k)), penalty], axis=1)
    Q, R = np.linalg.qr(stacked)
    W = np.linalg.solve(R, np.swapaxes(Q[:, :n], 1, 2))
    miss = (
        np.linalg.solve(R, np.swapaxes(Q[:, n:], 1, 2)) * np.sqrt(betas)[:, None, None]
    )
    error = (miss**2).sum(axis=2) + (W**2).sum(axis=2)
    ratio = (B**2).sum(axis=0) / betas[:, None]  # v = 1 / (1 + ratio)
    log_q = np.log(2 * np.pi) - np.log1p(ratio) + error * (1 + ratio)
    return -0.5 * log_q.mean(axis=1)


def brute(A, sigma):
    """The greatest F over β, and where."""
    reach = 1e4 * max(1, np.linalg.norm(A / sigma, 2) ** 2)
    betas = np.geomspace(1e-2, reach, 100 * int(np.log10(reach) + 3))
    values = performance(A, sigma, betas)
    peaks = np.flatnonzero((values[1:-1] >= values[:-2]) & (values[1:-1] >= values[2:]))
    best = []
    for i in [*peaks + 1]:
        low, high = betas[i - 1], betas[i + 1]
        for _ in range(6):
            inner = np.geomspace(low, high, 21)
            found = performance(A, sigma, inner)
            top = min(max(int(found.argmax()), 1), 19)
            low, high = inner[top - 1], inner[top + 1]
        best.append((found[top], inner[top]))
    return max([*best, (values[0], 0.0), (values[-1], np.inf)])


def check(number):
    A, sigma = some_mixing(number)
    value, beta = brute(A, sigma)
    found = theory.optimal_beta(A, sigma)
    # Rounding of A alone moves F by its condition times that of a float.
    assert found.value == pytest.approx(value, abs=1e-7), (number, beta, found)
    there = performance(A, sigma, np.array([found.beta]))[0]
    assert there == pytest.approx(value, abs=1e-7), (number, beta, found)
    divergence = theory.optimal_beta(A, sigma, "kl_pq")
    assert divergence.beta == pytest.approx(found.beta, rel=1e-9)
    k = A.shape[1]
    spread = np.linalg.svd(np.vstack([A / sigma, np.eye(k)]), compute_uv=False)
    entropy = 0.5 * np.log(2 * np.pi * np.e) - np.log(spread).mean()
    assert divergence.value == pytest.approx(-entropy - value, abs=1e-7)


@pytest.mark.parametrize("numbers", [FAST, pytest.param(ALL, marks=pytest.mark.slow)])
def test_the_best_beta_is_that_of_a_search(numbers):
    for number in numbers:
        check(number)
