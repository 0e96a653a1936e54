"""One noisy step of a training, as a pair of distributions of one number.

With and without what comes and goes together, a step is at its worst normal noise of
deviation 1 around 0, or around a number that sampling chooses: k / noise if the step
uses k of the examples (for one example Zhu, Dong, Wang, AISTATS 2022, theorem 11; for a
group Ganesh, arXiv:2401.10294, theorem 1.3). Replaced by another, it is at its worst
noise around such a number against noise around its negative (`of_replacement`). The
privacy loss is the logarithm of the ratio of the densities. It grows with the number
that was drawn.

>>> step = GaussianStep.of_group(1, noise_multiplier=1.0, rate=0.5)
>>> step.losses(np.array([0.5])).round(9)
array([0.])
"""

import math
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from scipy import special, stats

from tfrwc.privacy.accounting.losses import Atoms, Floats, Loss

_NODES = 1501  # or more, so that they are at most 0.05 apart


@dataclass(frozen=True, eq=False)
class Mixture:
    """Normal distributions of deviation 1, weighted.

    Attributes:
        means: (k,), rising.
        log_weights: (k,), natural logarithms.
    """

    means: Floats
    log_weights: Floats

    def log_ratio(self, x: Floats) -> tuple[Floats, Floats]:
        """Logarithm of the density over that of a normal distribution around 0, and
        its slope, at each x."""
        top = np.full(x.shape, -np.inf)
        parts = [
            weight + mean * x - mean**2 / 2
            for mean, weight in zip(self.means, self.log_weights, strict=True)
        ]
        for part in parts:
            np.maximum(top, part, out=top)
        total, slope = np.zeros_like(x), np.zeros_like(x)
        for mean, part in zip(self.means, parts, strict=True):
            share = np.exp(part - top)
            total += share
            slope += mean * share
        return top + np.log(total), slope / total

    def masses(self, edges: Floats) -> Floats:
        """Probabilities between rising edges, as exact in either tail."""
        total = np.zeros(len(edges) - 1)
        for mean, weight in zip(self.means, self.log_weights, strict=True):
            total += np.exp(weight) * _normal_masses(edges - mean)
        return total

    def above(self, x: float) -> float:
        """Probability of more than x."""
        return float(np.exp(self.log_weights) @ special.ndtr(self.means - x))

    def below(self, x: float) -> float:
        """Probability of less than x."""
        return float(np.exp(self.log_weights) @ special.ndtr(x - self.means))


@dataclass(frozen=True, eq=False)
class GaussianStep:
    """A step with, and one without.

    Attributes:
        with_it: distribution with what comes and goes.
        without: distribution without it, or with another in its place.
        missed: probability of what either leaves out; counts as a loss without end.
    """

    with_it: Mixture
    without: Mixture
    missed: float = 0.0

    @classmethod
    def of_group(
        cls, size: int, noise_multiplier: float, rate: float, missed: float = 0.0
    ) -> "GaussianStep":
        """A step that uses each example of a group with a probability, or not.

        Args:
            size: number of examples.
            noise_multiplier: standard deviation of the noise over the clipping norm.
            rate: probability that a step uses an example.
            missed: probability that may be left out, of the largest counts.
        """
        used, missed = _used(size, noise_multiplier, rate, missed)
        return cls(used, Mixture(np.zeros(1), np.zeros(1)), missed)

    @classmethod
    def of_replacement(
        cls, noise_multiplier: float, rate: float, size: int = 1, missed: float = 0.0
    ) -> "GaussianStep":
        """A step with a group of examples, or with opposite ones in their place.

        No other pair of groups tells more. Let a set of results have the probability
        Φ(z) if the step uses none of them. If it uses k, which move the sum by at most
        k, no set has more than Φ(z + k / noise) with the one group, and none has less
        than Φ(z - k / noise) with the other (Neyman and Pearson). Both are reached by
        one and the same half-line if the groups are opposite, for all k at once; so the
        greatest P(set) - e^epsilon Q(set), which is delta, is that of opposite groups,
        for each epsilon.

        Args:
            noise_multiplier: standard deviation of the noise over the clipping norm.
            rate: probability that a step uses an example.
            size: greatest number of examples of a group.
            missed: probability that may be left out, of the largest counts.
        """
        used, missed = _used(size, noise_multiplier, rate, missed)
        opposite = Mixture(-used.means[::-1], used.log_weights[::-1])
        return cls(used, opposite, missed)

    def losses(self, x: Floats) -> Floats:
        """Logarithm of the density with over that without."""
        return self.with_it.log_ratio(x)[0] - self.without.log_ratio(x)[0]

    def ends(self, tail: float) -> tuple[float, float]:
        """Numbers with at most a probability of `tail` beyond either of them."""
        far = -float(special.ndtri(max(tail, 1e-300)))
        low = min(self.with_it.means[0], self.without.means[0]) - far
        high = max(self.with_it.means[-1], self.without.means[-1]) + far
        return float(low), float(high)

    def numbers(self, losses: Floats, low: float, high: float) -> Floats:
        """Where the losses are reached, between two ends, for rising losses.

        Straight lines between nodes, and two steps of Newton's.
        """
        nodes = _between(low, high)
        x = np.interp(losses, self.losses(nodes), nodes)
        width = nodes[1] - nodes[0]
        for _ in range(2):
            upper, lower = self.with_it.log_ratio(x), self.without.log_ratio(x)
            slope = np.maximum(upper[1] - lower[1], 1e-300)
            move = (losses - (upper[0] - lower[0])) / slope
            x = x + np.clip(move, -width, width)
        return np.maximum.accumulate(np.clip(x, low, high))


def _used(
    size: int, noise_multiplier: float, rate: float, missed: float
) -> tuple[Mixture, float]:
    """Noise around what a step uses of a group, and the probability that is missed."""
    counts = np.arange(size + 1)
    log_weights = stats.binom.logpmf(counts, size, rate)
    rest = stats.binom.sf(counts, size, rate)
    last = int(np.argmax(rest <= missed))
    used = np.flatnonzero(log_weights[: last + 1] > -np.inf)
    return Mixture(used / noise_multiplier, log_weights[used]), float(rest[last])


def _between(low: float, high: float) -> Floats:
    return np.linspace(low, high, max(_NODES, math.ceil((high - low) * 20)))


def _normal_masses(edges: Floats) -> Floats:
    """Probabilities between edges, from the nearer tail."""
    left, right = edges[:-1], edges[1:]
    low, high = special.ndtr(edges), special.ndtr(-edges)
    masses: Any = np.where(left + right > 0, high[:-1] - high[1:], low[1:] - low[:-1])
    return np.maximum(masses, 0.0)


def losses_of(step: GaussianStep, tail: float) -> tuple[Loss, Loss]:
    """The loss of who has it against who has not, and the reverse.

    Args:
        step: with and without what comes and goes.
        tail: probability that may count as a loss without end.
    """
    low, high = step.ends(tail)
    x = _between(low, high)
    losses = step.losses(x)
    normal = math.log((x[1] - x[0]) / math.sqrt(2 * math.pi)) - x**2 / 2
    log_with, log_without = (
        side.log_ratio(x)[0] + normal for side in (step.with_it, step.without)
    )
    cells = partial(_cells, step, low, high)
    infinite = step.missed + step.with_it.above(high)
    return (
        Loss(losses, log_with, lambda h: _dots(h, *cells(h)), infinite),
        Loss(
            -losses[::-1],
            log_without[::-1],
            lambda h: _dots(h, *_reversed(cells(h))),
            step.missed + step.without.below(low),
        ),
    )


# The number of the first grid point; the probabilities, with and without, of losses
# between it and the next, and so on.
Cells = tuple[int, Floats, Floats]


def _cells(step: GaussianStep, low: float, high: float, interval: float) -> Cells:
    ends = step.losses(np.array([low, high])) / interval
    first, last = math.floor(ends[0]), math.ceil(ends[1])
    inner = np.arange(first + 1, last)
    edges = np.concatenate([[low], step.numbers(inner * interval, low, high), [high]])
    return first, step.with_it.masses(edges), step.without.masses(edges)


def _reversed(cells: Cells) -> Cells:
    first, with_it, without = cells
    return -(first + len(with_it)), without[::-1], with_it[::-1]


def _dots(interval: float, first: int, masses: Floats, others: Floats) -> Atoms:
    """Masses of cells on their ends, so that those of the others follow from them.

    Splitting a cell's mass p between losses a and a + h so that the other's mass q is
    the sum of e^-loss times the parts gives (p - e^a q) / (1 - e^-h) to the upper end.
    """
    lower = (first + np.arange(len(masses))) * interval
    with np.errstate(divide="ignore"):
        grown = np.exp(np.minimum(np.log(others) + lower, 700.0))
    upper = (masses - grown) / -math.expm1(-interval)
    upper = np.clip(upper, 0.0, masses)
    atoms = np.append(masses - upper, 0.0)
    atoms[1:] += upper
    return Atoms(first, atoms)
