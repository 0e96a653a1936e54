"""The robust preset: which shapes many layers share, and which layers have one.

Two passes. The first finds the large trends; by their shapes gaps are filled and
spikes removed that neighbouring records cannot tell. The second finds the trends.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from tfrwc.dynamics import cleaning
from tfrwc.dynamics.arrays import Bools, Floats, Ints
from tfrwc.dynamics.trends import number
from tfrwc.dynamics.trends.mending import mend
from tfrwc.dynamics.trends.shapes import (
    Directions,
    Members,
    directions,
    have_company,
    median_directions,
    noise_share,
    principal_components,
    shapes_of,
)

# Shares of the layers that make a trend, in the first and in the second pass.
_LARGE, _SMALL = 0.08, 0.025
_FEWEST = 3


@dataclass(frozen=True)
class RobustTrends:
    """What a fit learned; `place` applies it to other curves.

    Attributes:
        seen: records in which any layer had a value.
        mending: shapes of the large trends (trends, records).
        components: (components, records).
        share: of the variance in each component.
        members: which layer is in which trend.
        scan: see `number.scan`.
        k: chosen from it.
    """

    seen: int
    mending: Floats
    components: Floats
    share: Floats
    members: Members
    scan: pd.DataFrame
    k: int

    def place(self, curves: Floats) -> tuple[Ints, Bools, Directions]:
        """Where curves (layers, records) lie.

        Returns:
            Trends (layers,) with -1 for none; which layers are usable (layers,);
            `Directions` of these.
        """
        logs, usable, gaps = cleaning.robust_with_gaps(curves, self.seen)
        logs = mend(logs[usable], gaps[usable], self.mending)
        pointing = directions(shapes_of(logs), self.components)
        labels = np.full(len(curves), -1)
        labels[usable] = self.members.labels(pointing)
        return labels, usable, pointing

    def labels(self, curves: Floats) -> Ints:
        """The trend of each curve (layers,), -1 for none."""
        return self.place(curves)[0]

    def in_order(self, order: Ints) -> "RobustTrends":
        """The same trends, numbered anew."""
        return replace(self, members=self.members.reordered(order))


def find_trends(
    logs: Floats,
    gaps: Bools,
    seen: int,
    n_clusters: int | None,
    seed: int,
) -> RobustTrends:
    """Find the trends of cleaned curves.

    Args:
        logs: usable curves (layers, records) of `cleaning.robust_with_gaps`.
        gaps: (layers, records), True where a value was filled in.
        seen: records in which any layer had a value.
        n_clusters: a number, or None to choose it.
        seed: of k-means and the sampling.
    """
    shapes = shapes_of(logs)
    *_, labels = _trends(shapes, n_clusters, _LARGE, seed)
    large = range(labels.max(initial=-1) + 1)
    medians = [np.median(shapes[labels == k], axis=0) for k in large]
    mending = shapes_of(np.reshape(medians, (len(medians), logs.shape[1])))
    shapes = shapes_of(mend(logs, gaps, mending))
    components, share, members, scan, k, _ = _trends(shapes, n_clusters, _SMALL, seed)
    return RobustTrends(seen, mending, components, share, members, scan, k)


def _trends(
    shapes: Floats, n_clusters: int | None, share: float, seed: int
) -> tuple[
    Floats,
    Floats,
    Members,
    pd.DataFrame,
    int,
    Ints,
]:
    """Components, their shares of variance, members, scan, k, labels."""
    components, variance = principal_components(shapes, noise_share(shapes))
    pointing = directions(shapes, components)
    inside = np.flatnonzero(pointing.signal)
    inside = inside[have_company(pointing[inside], _SMALL, seed)]
    if len(inside) < 2:
        members = Members.none(len(components))
        return components, variance, members, _nothing(), 0, members.labels(pointing)
    part = inside
    if len(inside) > number.SAMPLE:
        rng = np.random.default_rng(seed)
        part = np.sort(rng.choice(inside, number.SAMPLE, replace=False))
    scan = number.scan(pointing.unit[part], shapes[part], n_clusters or 1, seed)
    k = min(n_clusters or number.choose(scan), scan["k"].max())
    fit = number.k_means(pointing.unit[part], k, seed, 10)
    labels = fit.predict(pointing.unit[inside])
    smallest = 1 if n_clusters else max(_FEWEST, share * len(shapes))
    members = _settle(pointing, inside, labels, smallest)
    return components, variance, members, scan, int(k), members.labels(pointing)


def _settle(
    pointing: Directions,
    inside: Ints,
    labels: Ints,
    smallest: float,
) -> Members:
    """Centres as medians of their layers; trends with too few dissolved."""
    core = pointing[inside]
    remaining = [k for k in np.unique(labels) if (labels == k).sum() >= smallest]
    centers = median_directions(core.unit, labels, remaining)
    for _ in range(10):
        if not len(centers):
            break
        members = Members.around(centers, core)
        labels = members.labels(pointing)
        remaining = [k for k in range(len(centers)) if (labels == k).sum() >= smallest]
        before, centers = centers, median_directions(pointing.unit, labels, remaining)
        if len(remaining) == len(before) and np.allclose(centers, before, atol=1e-3):
            return members
    # Not yet at rest; what matters is that each trend has layers.
    while len(centers):
        members = Members.around(centers, core)
        labels = members.labels(pointing)
        remaining = [k for k in range(len(centers)) if (labels == k).any()]
        if len(remaining) == len(centers):
            return members
        centers = centers[remaining]
    return Members.none(pointing.unit.shape[1])


def _nothing() -> pd.DataFrame:
    """A scan of layers of which no two point the same way."""
    row = {"k": 1} | dict.fromkeys(number.CRITERIA, np.nan)
    return pd.DataFrame([row])
