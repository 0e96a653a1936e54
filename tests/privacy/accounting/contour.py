"""Delta of sampled Gaussian steps as a contour integral, without any grid of losses.

With M(s) the mean of e^(s loss), the hockey-stick divergence of n steps is

    delta(epsilon) = 1/(2 pi i) * integral of M(s)^n e^(-s epsilon) / (s (s + 1)) ds

along a line Re s = c > 0 (Alghamdi et al., arXiv:2208.09595). On the line through the
saddle point the integrand falls off like a normal density, and the trapezoidal rule
is exact to about 1e-10, whatever delta is. M itself is the trapezoidal rule for an
analytic integrand, too. Where few steps leave an integrand that does not fall off,
`log_delta` is nan.
"""

import math

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp, ndtri
from scipy.stats import binom


class Steps:
    """Steps of one noise and rate, for a group of a size, in one direction."""

    def __init__(self, noise, rate, steps, size=1, remove=True, tail=1e-40):
        j = np.arange(size + 1)[:, None]
        far = -ndtri(tail) + 2
        x = np.linspace(-far, size / noise + far, 3001 + round(40 * size / noise))
        log_p = binom.logpmf(j, size, rate) + j / noise * x - (j / noise) ** 2 / 2
        loss = logsumexp(log_p, axis=0)
        normal = -(x**2) / 2 - math.log(2 * math.pi) / 2 + math.log(x[1] - x[0])
        self.loss = loss if remove else -loss
        self.log_mass = normal + loss if remove else normal
        self.steps = steps

    def cumulant(self, s):
        return self.steps * logsumexp(self.log_mass + s * self.loss)

    def saddle(self, epsilon):
        def log_integrand(log_s):
            s = math.exp(log_s)
            return self.cumulant(s) - s * epsilon - math.log(s) - math.log1p(s)

        grid = np.linspace(-7, 25, 200)
        best = grid[np.argmin([log_integrand(one) for one in grid])]
        near = (best - 0.2, best + 0.2)
        return math.exp(minimize_scalar(log_integrand, bounds=near, method="bounded").x)

    def log_delta(self, epsilon):
        if self.steps * self.loss.max() <= epsilon:
            return -math.inf
        c = self.saddle(epsilon)
        height = self.cumulant(c)
        weights = np.exp(self.log_mass + c * self.loss - height / self.steps)
        weights /= weights.sum()
        spread = math.sqrt(
            self.steps * (weights @ self.loss**2 - (weights @ self.loss) ** 2)
        )
        if spread < 1e-12 * abs(epsilon):
            return math.nan
        apart = min(1 / spread, c) / 12
        centred = self.loss - epsilon / self.steps
        total, block = 0.0, 64
        for first in range(0, 200 * block, block):
            t = apart * np.arange(first, first + block)
            ratio = np.exp(1j * t[:, None] * centred) @ weights
            s = c + 1j * t
            terms = (ratio**self.steps / (s * (s + 1))).real
            if first == 0:
                terms[0] /= 2
            total += terms.sum()
            if np.abs(ratio[-8:] ** self.steps).max() < 1e-13:
                break
        else:
            return math.nan
        if total <= 0:
            return math.nan
        return height - c * epsilon + math.log(total * apart / math.pi)
