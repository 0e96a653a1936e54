"""Shapes of curves, the few directions they vary in, and which are like which.

A shape is a curve of logarithms, centred and scaled to unit variance. White noise in
a share f of that variance puts about p f / (T (1 - f)) of squared distance between
the direction of a shape of T records in p components and its noiseless one; the
tolerances here are multiples of that.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import chi2
from scipy.stats import f as f_distribution

from tfrwc.dynamics.arrays import Bools, Floats, Ints
from tfrwc.dynamics.cleaning import MAD_TO_SD

MAX_COMPONENTS = 10
# A curve with a smaller standard deviation, in decades, counts as flat.
_FLAT = 0.02
# Squared distances between directions; 0.03 is a correlation of 0.985.
_LEAST_TOLERANCE, _MOST_TOLERANCE = 0.03, 0.5
# How much further than typical the company of a layer may be, squared.
_COMPANY = 6


def shapes_of(logs: Floats) -> Floats:
    """Centre each curve and scale it to unit variance (less where it is flat)."""
    centred = logs - logs.mean(axis=1, keepdims=True)
    shapes: Floats = centred / np.maximum(centred.std(axis=1, keepdims=True), _FLAT)
    return shapes


def noise_share(shapes: Floats) -> Floats:
    """Share of each shape's variance that is white noise, (layers,), from 0 to 1.

    By second differences, which cancel a trend: var = (1.4826 median(abs(x[t-1] -
    2 x[t] + x[t+1])))² / 6. Zero where there are fewer than 5 records.
    """
    if shapes.shape[1] < 5:
        return np.zeros(len(shapes))
    bends = np.abs(np.diff(shapes, n=2, axis=1))
    noise = (MAD_TO_SD * np.median(bends, axis=1)) ** 2 / 6
    share = noise / np.maximum((shapes**2).mean(axis=1), 1e-12)
    return np.asarray(np.clip(share, 0, 1))


def principal_components(shapes: Floats, noise: Floats) -> tuple[Floats, Floats]:
    """Components that rise above noise, by Gavish and Donoho's threshold (2014).

    Layers weigh in by their share of signal. The number kept is that of singular
    values above omega(beta) times their median, from 3 to 10, and no more than hold
    99.9 % of the variance.

    Returns:
        The components (components, records), and the share of each.
    """
    layers, records = shapes.shape
    x = shapes * (1 - noise)[:, None]
    if layers >= records:
        squares, vectors = np.linalg.eigh(x.T @ x)
        singular = np.sqrt(np.maximum(squares[::-1], 0))
        vectors = vectors[:, ::-1].T
    else:
        _, singular, vectors = np.linalg.svd(x, full_matrices=False)
    rank = min(layers, records - 1)  # centring took one
    beta = rank / max(layers, records - 1)
    omega = 0.56 * beta**3 - 0.95 * beta**2 + 1.82 * beta + 1.43
    total = (singular**2).sum()
    share = singular**2 / total if total > 0 else np.zeros(len(singular))
    count = int((singular > omega * np.median(singular[:rank])).sum())
    count = min(count, int(np.searchsorted(np.cumsum(share), 0.999)) + 1)
    # In one dimension of noise, halves of one cloud would look like two clouds.
    count = min(max(count, 3), MAX_COMPONENTS, rank)
    # Signs are a matter of the linear algebra; fix them.
    signs = np.sign(vectors[np.arange(count), np.abs(vectors[:count]).argmax(axis=1)])
    return vectors[:count] * signs[:, None], share[:count]


@dataclass(frozen=True)
class Directions:
    """Where shapes point in the space of the components.

    Attributes:
        scores: coordinates (layers, components), over sqrt(records).
        unit: the same at unit length.
        signal: whether more lies in the components than white noise would put there
            in 1 % of layers (an F test), (layers,).
        outside: share of each shape's variance outside the components.
        expected: squared distance from its noiseless direction that noise explains.
        noise: `noise_share`.
    """

    scores: Floats
    unit: Floats
    signal: Bools
    outside: Floats
    expected: Floats
    noise: Floats

    def __getitem__(self, which: npt.NDArray[Any]) -> "Directions":
        return Directions(
            *(getattr(self, name)[which] for name in self.__annotations__)
        )


def directions(shapes: Floats, components: Floats) -> Directions:
    """Project shapes on the components."""
    count, records = components.shape
    scores = shapes @ components.T / np.sqrt(records)
    within = (scores**2).sum(axis=1)
    whole = (shapes**2).mean(axis=1)
    share = np.minimum(within / np.maximum(whole, 1e-12), 1)
    left = max(records - 1 - count, 1)
    ratio = (share / count) / np.maximum((1 - share) / left, 1e-12)
    noise = noise_share(shapes)
    bounded = np.clip(noise, 1e-6, 0.9)
    return Directions(
        scores=scores,
        unit=scores / np.sqrt(np.maximum(within, 1e-24))[:, None],
        signal=(ratio > f_distribution.ppf(0.99, count, left)) & (whole > 0.25),
        outside=1 - share,
        expected=count * bounded / (records * (1 - bounded)),
        noise=noise,
    )


def have_company(pointing: Directions, share: float, seed: int) -> Bools:
    """Whether at least `share` of the layers point where a layer points, (layers,).

    A layer whose direction that many others do not share, as far as noise allows, is
    one without a trend, and would pull centres away. Others are a sample of 1,000.
    """
    layers = len(pointing.unit)
    if layers < 2:
        return np.zeros(layers, bool)
    others = pointing.unit
    if layers > 1000:
        rng = np.random.default_rng(seed)
        others = others[rng.choice(layers, 1000, replace=False)]
    nearest = min(max(1, int(np.ceil(share * len(others)))), len(others) - 1)
    distance = np.empty(layers)
    for start in range(0, layers, 1000):
        part = slice(start, start + 1000)
        # The nearest of all is a layer itself, at 0.
        square = 2 - 2 * pointing.unit[part] @ others.T
        distance[part] = np.partition(square, nearest, axis=1)[:, nearest]
    expected = pointing.expected + np.median(pointing.expected)
    spread = max(1, np.median(distance / expected))
    tolerance = np.clip(_COMPANY * spread * expected, _LEAST_TOLERANCE, _MOST_TOLERANCE)
    return np.asarray(distance <= tolerance)


@dataclass(frozen=True)
class Members:
    """Decides which trend a layer is in: the nearest, if near enough.

    A layer's misfit is the squared distance of its direction from the trend's, plus
    what lies outside the components beyond 3 times what its noise explains. It may be
    what Gaussian noise exceeds in 1 of 10,000 layers, but at least 0.03 and at most
    0.5. A layer's noise counts as 1 to 4 times that of the typical layer of the trend:
    few records tell it badly, and a random walk must not excuse itself with its own.

    Attributes:
        centers: unit directions (trends, components).
        noise: share of noise of the typical layer of each trend (trends,).
        expected: squared distance that noise explains, likewise.
        outside: share outside the components over share of noise, of a typical layer.
        spread: misfit over expected misfit of a typical layer.
    """

    centers: Floats
    noise: Floats
    expected: Floats
    outside: float = 1.0
    spread: float = 1.0

    @classmethod
    def around(cls, centers: Floats, pointing: Directions) -> "Members":
        """With the typical values of layers known to be in some trend."""
        nearest = (pointing.unit @ centers.T).argmax(axis=1)
        typical = [
            [np.median(values[nearest == k]) if (nearest == k).any() else 0.0]
            for values in (pointing.noise, pointing.expected)
            for k in range(len(centers))
        ]
        noise, expected = np.reshape(typical, (2, len(centers)))
        first = cls(centers, noise, expected)
        _, _, noise, expected = first._nearest(pointing)
        outside = float(np.median(pointing.outside / noise))
        first = replace(first, outside=outside)
        spread = float(np.median(first._misfit(pointing)[1] / expected))
        return replace(first, spread=max(spread, 0.1))

    @classmethod
    def none(cls, components: int) -> "Members":
        """With no trend, in a space of so many components."""
        return cls(np.empty((0, components)), np.empty(0), np.empty(0))

    def reordered(self, order: Ints) -> "Members":
        """The same trends, numbered anew."""
        return replace(
            self,
            centers=self.centers[order],
            noise=self.noise[order],
            expected=self.expected[order],
        )

    def _nearest(
        self, pointing: Directions
    ) -> tuple[
        Ints,
        Floats,
        Floats,
        Floats,
    ]:
        square = np.maximum(2 - 2 * pointing.unit @ self.centers.T, 0)
        k = square.argmin(axis=1)
        noise = np.clip(pointing.noise, self.noise[k], 4 * self.noise[k])
        expected = np.clip(pointing.expected, self.expected[k], 4 * self.expected[k])
        return k, square.min(axis=1), np.maximum(noise, 1e-3), expected

    def _misfit(self, pointing: Directions) -> tuple[Ints, Floats, Floats]:
        k, square, noise, expected = self._nearest(pointing)
        excess = np.maximum(pointing.outside - 3 * self.outside * noise, 0)
        return k, square + excess, expected

    def labels(self, pointing: Directions) -> Ints:
        """The trend of each layer (layers,), -1 for none."""
        if not len(self.centers):
            return np.full(len(pointing.unit), -1)
        k, misfit, expected = self._misfit(pointing)
        # On the sphere of directions noise has one dimension less.
        dimensions = max(pointing.unit.shape[1] - 1, 1)
        tail, middle = chi2.ppf([0.9999, 0.5], dimensions)
        allowed = np.clip(
            tail / middle * self.spread * expected, _LEAST_TOLERANCE, _MOST_TOLERANCE
        )
        labels: Ints = np.where(pointing.signal & (misfit <= allowed), k, -1)
        return labels


def median_directions(unit: Floats, labels: Ints, trends: Sequence[int]) -> Floats:
    """Unit direction of the medians of each of these trends."""
    centers = np.array([np.median(unit[labels == k], axis=0) for k in trends])
    centers = centers.reshape(len(trends), unit.shape[1])
    length = np.linalg.norm(centers, axis=1, keepdims=True)
    return np.asarray(centers / np.maximum(length, 1e-12))
