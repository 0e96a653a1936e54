"""Privacy losses of many steps together, exact also for the smallest deltas.

The losses of a step are put onto an even grid by connecting the dots (Doroshenko et
al., arXiv:2207.04380), which bounds delta from above for every epsilon. The sum over
the steps is taken by Fourier transforms of tilted distributions, p(l) e^(θ l) / M(θ),
whose mean lies near the epsilon in question: what double precision loses is then
relative to delta and not to 1, so that a delta of 1e-15 is no harder than one of 1e-5.
θ is the order of the Rényi divergence that bounds epsilon best. A grid with steps of h
adds about n (θ + 1) h² / 12 to the epsilon of n losses, which says what h is to be.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import fft, signal, special

Floats = npt.NDArray[np.float64]

# What grids may add to epsilon, as a share of it; and what they add where that takes no
# more than a cheap grid, or, where epsilon is asked for finely, than the largest.
ERROR, _LEAST_ERROR, _FINE_ERROR = 2e-4, 1e-6, 1e-8
_CHEAP_GRID = 2**16
_LARGEST_GRID = 2**21
_LOST = 30.0  # e^-30 of the tilted distribution may lie outside of the window
BEYOND = 2 * math.exp(-_LOST)  # on both sides
_ROUNDING = 1e-6  # relative, of delta: far more than transforms lose
# Of the tilt between neighbours on a grid, as a natural logarithm: beyond it what is
# beside a mass is lost in the rounding of the transforms.
_STEEPEST = 10.0
_ORDERS = np.geomspace(1e-3, 1e12, 61)


class Atoms(NamedTuple):
    """Losses on a grid.

    Attributes:
        first: number of the first grid point; the loss is that times the grid's step.
        masses: probability of each loss, from the first on.
    """

    first: int
    masses: Floats


@dataclass(frozen=True, eq=False)
class Loss:
    """The privacy loss of one step in one direction.

    Attributes:
        values: (m,), losses that stand for all, for moments.
        log_masses: (m,), logarithms of their probabilities.
        on_grid: from the step of a grid to a bound on the loss, on that grid.
        infinite: probability of a loss without end.
    """

    values: Floats
    log_masses: Floats
    on_grid: Callable[[float], Atoms]
    infinite: float = 0.0

    def cumulants(self, orders: Floats) -> Floats:
        """Logarithm of the mean of e^(order loss), for each order."""
        exponents = self.log_masses + orders[:, None] * self.values
        top = exponents.max(axis=1)
        rest: Floats = np.log(np.exp(exponents - top[:, None]).sum(axis=1))
        return top + rest

    def moments(self, order: float) -> tuple[float, float]:
        """Mean and variance of the loss, tilted by e^(order loss)."""
        weights = special.softmax(self.log_masses + order * self.values)
        mean = weights @ self.values
        return float(mean), float(weights @ (self.values - mean) ** 2)


def discrete_loss(losses: Floats, masses: Floats) -> Loss:
    """A loss of a few values.

    Args:
        losses: (m,), the values.
        masses: (m,), their probabilities.
    """

    def on_grid(interval: float) -> Atoms:
        first = math.floor(losses.min() / interval)
        atoms = np.zeros(math.floor(losses.max() / interval) - first + 2)
        for loss, mass in zip(losses, masses, strict=True):
            place = math.floor(loss / interval)
            # So that the mean of e^-loss stays.
            upper = math.expm1(place * interval - loss) / math.expm1(-interval)
            atoms[place - first] += mass * (1 - upper)
            atoms[place - first + 1] += mass * upper
        return Atoms(first, atoms)

    with np.errstate(divide="ignore"):
        return Loss(losses, np.log(masses), on_grid)


class Total(NamedTuple):
    """The tilted sum of losses, in a window of a grid.

    Attributes:
        losses: (n,), evenly spaced.
        masses: (n,), of the tilted sum.
        log_moment: natural logarithm of what they were divided by.
    """

    losses: Floats
    masses: Floats
    log_moment: float


class LossSum:
    """The sum of independent losses.

    Args:
        parts: pairs (loss of a step, number of such steps).
    """

    def __init__(self, parts: Sequence[tuple[Loss, int]]) -> None:
        self.parts = parts
        self.count = sum(count for _, count in parts)
        self.infinite = sum(loss.infinite * count for loss, count in parts)
        self._range = max(np.ptp(loss.values) for loss, _ in parts)

    def cumulants(self, orders: Floats) -> Floats:
        """As of `Loss`, of the sum."""
        return np.sum([n * loss.cumulants(orders) for loss, n in self.parts], axis=0)

    def moments(self, order: float) -> tuple[float, float]:
        """As of `Loss`, of the sum."""
        both = [np.array(loss.moments(order)) * n for loss, n in self.parts]
        mean, variance = np.sum(both, axis=0)
        return float(mean), float(variance)

    def renyi(self, delta: float) -> tuple[float, float]:
        """Epsilon by Rényi divergences, and the order that bounds it best.

        The conversion is that of Canonne, Kamath and Steinke (arXiv:2004.00010,
        proposition 12), for orders counted from 1.
        """

        def bounds(s: Floats) -> Floats:
            best = s * np.log(s) - (s + 1) * np.log1p(s)
            return (self.cumulants(s) - math.log(delta) + best) / s

        orders = _ORDERS
        for _ in range(2):
            best = int(np.argmin(bounds(orders)))
            low, high = orders[max(best - 1, 0)], orders[min(best + 1, len(orders) - 1)]
            orders = np.geomspace(low, high, 16)
        values = bounds(orders)
        return float(max(values.min(), 0.0)), float(orders[values.argmin()])

    def epsilon(
        self, delta: float, at_least: float = 0.0, finely: bool = False
    ) -> tuple[float, str]:
        """Upper bound on the smallest epsilon for a delta, and its method.

        Args:
            delta: of the guarantee.
            at_least: what epsilon will be raised to, so that less need not be exact.
            finely: whether to take the finest grid that there is.
        """
        target = delta * (1 - _ROUNDING) - self.infinite
        if target <= 0:
            return math.inf, "PLD"
        renyi, order = self.renyi(target)
        if renyi <= at_least:
            return renyi, "RDP"
        least = max(at_least, 1e-4 * math.sqrt(self.moments(order)[1]), 1e-300)
        epsilon, step = renyi, math.inf
        for _ in range(6):
            finer = self._step(max(epsilon, least), order, finely)
            if finer > step / 1.5 or epsilon <= at_least:
                break
            if finer * (order + 1) > _STEEPEST:
                break  # Rényi divergences are all but exact where this is needed
            step = finer
            epsilon = min(epsilon, self._epsilon(target, order, step))
        return epsilon, "PLD" if epsilon < renyi else "RDP"

    def _step(self, epsilon: float, order: float, finely: bool) -> float:
        """The step of a grid that adds at most `ERROR` of an epsilon to it."""
        least = _FINE_ERROR if finely else _LEAST_ERROR
        coarsest, finest = (
            math.sqrt(12 * error * epsilon / (self.count * (order + 1)))
            for error in (ERROR, least)
        )
        points = _LARGEST_GRID if finely else _CHEAP_GRID
        step = min(coarsest, self.feasible(finest, order, points))
        return self.feasible(min(step, 0.3 / (order + 1), epsilon / 20), order)

    def feasible(self, step: float, order: float, most: int = _LARGEST_GRID) -> float:
        """The step of a grid, or a larger one, for at most about so many points."""
        low, high = self._window(order)
        return max(step, max(high - low, self._range) / most)

    def _epsilon(self, delta: float, order: float, step: float) -> float:
        total = self.total(order, step)
        with np.errstate(divide="ignore"):
            log_deltas = (
                np.log(_hockey_sticks(total.masses, order, total.losses))
                + total.log_moment
                - order * total.losses
            )
        inside = np.flatnonzero(log_deltas > math.log(delta))
        if not len(inside):
            return max(float(total.losses[0]), 0.0)
        k = int(inside[-1])
        if k + 1 == len(log_deltas):
            return math.inf
        # Between grid points delta is linear in e^epsilon.
        high, low = np.exp(log_deltas[k : k + 2] - math.log(delta))
        width = total.losses[k + 1] - total.losses[k]
        rise = math.log1p(math.expm1(width) * (high - 1) / (high - low))
        return max(float(total.losses[k] + rise), 0.0)

    def total(self, order: float, step: float) -> Total:
        """The sum, tilted by e^(order loss), on a grid.

        Args:
            order: θ; 0 for the sum itself.
            step: of the grid.
        """
        low, high = self._window(order)
        # Losses move to grid points beside them, and their sum by more (Hoeffding).
        margin = step * (1 + min(self.count, 8 * math.sqrt(self.count)))
        low, high = low - margin, high + margin
        first = math.floor(low / step)
        size = fft.next_fast_len(math.ceil(high / step) - first + 1, real=True)
        product = np.ones(size // 2 + 1, np.complex128)
        log_moment, shift = 0.0, 0
        for loss, count in self.parts:
            atoms = loss.on_grid(step)
            points = np.arange(atoms.first, atoms.first + len(atoms.masses))
            with np.errstate(divide="ignore"):
                logs = np.log(atoms.masses) + order * step * points
            scale = float(special.logsumexp(logs))
            tilted = np.exp(logs - scale)
            middle = round(float(tilted @ points))
            around = np.bincount((points - middle) % size, tilted, size)
            product *= _power(fft.rfft(around), count)
            log_moment += count * scale
            shift += count * middle
        masses = np.roll(fft.irfft(product, size), -((first - shift) % size))
        masses = np.maximum(masses, 0.0)
        return Total(step * (first + np.arange(size)), masses, log_moment)

    def _window(self, order: float) -> tuple[float, float]:
        """Ends beyond each of which e^-30 of the tilted sum lies (Chernoff)."""
        mean, variance = self.moments(order)
        spread = math.sqrt(variance)
        if spread == 0:
            return mean, mean
        here = float(self.cumulants(np.array([order]))[0])
        ends = []
        for sign in (-1, 1):
            moves = sign * np.geomspace(0.05, 50, 31) / spread
            grown = self.cumulants(order + moves) - here
            far = (grown + _LOST) / moves
            ends.append(far.max() if sign < 0 else far.min())
        return float(ends[0]), float(ends[1])


def _power(
    transform: npt.NDArray[np.complex128], count: int
) -> npt.NDArray[np.complex128]:
    size = np.exp(count * np.log(np.maximum(np.abs(transform), 1e-300)))
    return size * np.exp(1j * count * np.angle(transform))


def _hockey_sticks(masses: Floats, order: float, losses: Floats) -> Floats:
    """Sums over all losses l above each one, k, of
    masses e^(-order (l - k)) (1 - e^(k - l))."""
    step = losses[1] - losses[0] if len(losses) > 1 else 1.0
    keep, more = math.exp(-order * step), math.exp(-(order + 1) * step)
    below = masses[::-1]
    # What is beyond the window counts in full.
    plain = signal.lfilter([0, more], [1, -more], below)
    rises = -math.expm1(-step) * (plain + below)
    start = [keep * math.exp(-_LOST)]
    sums, _ = signal.lfilter([0, keep], [1, -keep], rises, zi=start)
    return np.asarray(sums[::-1], np.float64)
