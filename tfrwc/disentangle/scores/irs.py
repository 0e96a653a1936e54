"""Interventional robustness."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tfrwc._common.checks import is_number
from tfrwc.disentangle.scores.points import checked, live_of


@dataclass(frozen=True, eq=False)
class IRS:
    """What `irs` returns.

    Attributes:
        score: mean over latents of the robustness to all but their own factor, weighted
            by how far they go from their mean at most.
        robustness: (latents, factors), 1 where a latent does not move while this factor
            stays and all others change, 0 where it goes as far as ever; NaN for latents
            that are not live, or constant.
    """

    score: float
    robustness: NDArray[np.float64]


def irs(
    codes: ArrayLike,
    factors: ArrayLike,
    quantile: float = 0.99,
    live: ArrayLike | None = None,
) -> IRS:
    """Interventional robustness score (Suter et al., ICML 2019, arXiv:1811.00007).

    For each latent and factor: how far codes go from their mean among the points of one
    value of the factor, mean over its values, relative to how far they go among all
    points; 1 less that is the robustness. A latent's own factor is the one with the
    highest.

    The paper has the farthest point of a value, which is ``quantile=1``. Here, as in
    the code of Locatello et al., it is the quantile 0.99, while relative to all points
    it is the farthest. They first cut factors into 20 bins; here values are as given.
    Factors should be crossed, their values equally often. Angles at which a symmetric
    shape looks the same are one value, see `tfrwc.disentangle.invariance`.

    Args:
        codes, factors, live: as of all scores.
        quantile: of the distances among the points of a value, above 0 and at most 1.

    Raises:
        ValueError: also if no two points share a value of some factor.
    """
    if not is_number(quantile) or not 0 < quantile <= 1:
        raise ValueError(
            f"quantile must be above 0 and at most 1. Received: {quantile!r}."
        )
    given = np.asarray(codes)
    codes, factors = checked(given, factors, live)
    active = np.ptp(codes, axis=0) > 0
    codes = codes[:, active]
    farthest = np.abs(codes - codes.mean(axis=0)).max(axis=0)
    robustness = np.empty((codes.shape[1], factors.shape[1]))
    for j, factor in enumerate(factors.T):
        values = np.unique(factor)
        if len(values) == len(factor):
            raise ValueError(
                f"No two points share a value of factor {j}: this score needs factors "
                "with few values. Give more points, or bin the factor."
            )
        distances = [_distances(codes[factor == v], quantile) for v in values]
        robustness[:, j] = 1 - np.mean(distances, axis=0) / farthest
    score = 0.0
    if farthest.size:
        score = float(np.average(robustness.max(axis=1), weights=farthest))
    mask = live_of(given, live)
    whole = np.full((len(mask), factors.shape[1]), np.nan)
    if mask.any():
        whole[np.flatnonzero(mask)[active]] = robustness
    return IRS(score, whole)


def _distances(codes: NDArray[np.float64], quantile: float) -> NDArray[np.float64]:
    """A quantile of the distances of each latent from its mean: (latents,)."""
    distances = np.abs(codes - codes.mean(axis=0))
    found: NDArray[np.float64] = np.quantile(distances, quantile, axis=0)
    return found
