"""The variance of codes over a full grid of factors, in parts that add up."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain, combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tfrwc.disentangle.scores.points import Codes, Factors, checked

_MOST = 12
# Of a latent's variance, what is no more than rounding.
_ROUNDING = 1e-12

Term = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class VarianceShares:
    """What `variance_shares` returns.

    Attributes:
        terms: indices of factors, (j,) for the main effect of one, (j, k) for the
            interaction of two, and so on.
        shares: (terms, latents), of the variance of each latent; a column adds up to 1,
            or to 0 for a constant.
        variances: (latents,).
    """

    terms: tuple[Term, ...]
    shares: NDArray[np.float64]
    variances: NDArray[np.float64]

    def of(
        self, factors: Sequence[int], within: Sequence[int] = ()
    ) -> NDArray[np.float64]:
        """Share of what some factors do by themselves and with one another: (latents,).

        Args:
            factors: their indices. All of them have 1.
            within: indices of factors in which they are nested: what they do at fixed
                values of these. The angle of a square and that of a heart are two
                things, so that of an angle is ``of([angle], within=[shape])``, which is
                the same from whichever side an object's angle is counted.
        """
        both, fixed = {*factors, *within}, set(within)
        self._check(both)
        return self._sum(lambda term: both >= set(term) and not fixed >= set(term))

    def total(self, factor: int) -> NDArray[np.float64]:
        """Share of all terms that a factor has a part in: (latents,).

        Sobol's total index; 0 if and only if the latent is invariant to the factor.
        """
        self._check({factor})
        return self._sum(lambda term: factor in term)

    def overall(self, shares: NDArray[np.float64]) -> float:
        """Shares (latents,) as one of the whole code: latents by their variances."""
        total = self.variances.sum()
        return float(shares @ self.variances / total) if total else 0.0

    def _sum(self, is_part: Callable[[Term], bool]) -> NDArray[np.float64]:
        parts = [is_part(term) for term in self.terms]
        found: NDArray[np.float64] = self.shares[parts].sum(axis=0)
        return found

    def _check(self, factors: set[int]) -> None:
        known = set(chain(*self.terms))
        if unknown := sorted(factors - known):
            raise ValueError(
                f"There is no factor {unknown[0]}. There are {len(known)}, counted "
                "from 0."
            )


def variance_shares(
    codes: ArrayLike, factors: ArrayLike, live: ArrayLike | None = None
) -> VarianceShares:
    """Decompose the variance of each latent over a full grid of factors.

    A latent, a function of the factors, is the sum of a mean, main effects and
    interactions, each with mean 0 over any of its factors; so that they are
    uncorrelated and their variances add up (the analysis of variance of a full design;
    Sobol', Math. Comput. Simul. 55, 2001). Every value of a factor counts alike.

    Args:
        codes: as of all scores.
        live: as of all scores.
        factors: whole numbers (n, factors): each combination of values once, in any
            order.

    Raises:
        ValueError: if arrays are not as above, or there are more than 12 factors.
    """
    codes, factors = checked(codes, factors, live)
    cells = _grid(codes - codes.mean(axis=0), factors)
    axes = range(factors.shape[1])
    terms: tuple[Term, ...] = tuple(
        chain(*(combinations(axes, size) for size in range(1, len(axes) + 1)))
    )
    variances = codes.var(axis=0)
    effects: dict[Term, NDArray[np.float64]] = {}
    for term in terms:
        means = cells.mean(axis=tuple(set(axes) - set(term)))
        smaller = [effects[s] for s in effects if set(s) < set(term)]
        effects[term] = means.reshape(-1, codes.shape[1]).var(axis=0) - sum(smaller)
    # A constant's variance is not exactly 0 in floating point; its range is.
    varies = np.ptp(codes, axis=0) > 0
    parts = np.array([effects[term] for term in terms])
    parts = np.where(parts > _ROUNDING * variances, parts, 0)
    whole = np.where(varies, parts.sum(axis=0), 1)
    shares = np.where(varies, parts, 0) / whole
    return VarianceShares(terms, shares, np.where(varies, variances, 0))


def _grid(codes: Codes, factors: Factors) -> Codes:
    """Codes (values of the first factor, …, of the last, latents)."""
    if factors.shape[1] > _MOST:
        raise ValueError(
            f"There must be at most {_MOST} factors, for there is a term for each "
            f"subset. Received: {factors.shape[1]}."
        )
    places, sizes = [], []
    for factor in factors.T:
        values, place = np.unique(factor, return_inverse=True)
        places.append(place.reshape(-1))
        sizes.append(len(values))
    # As floats: more combinations than there are numbers are not those of any points.
    if np.prod(sizes, dtype=float) != len(codes):
        raise _no_grid(len(codes), sizes)
    cell = np.ravel_multi_index(places, sizes)
    if len(np.unique(cell)) < len(cell):
        raise _no_grid(len(codes), sizes)
    ordered = np.empty_like(codes)
    ordered[cell] = codes
    return ordered.reshape(*sizes, -1)


def _no_grid(points: int, sizes: Sequence[int]) -> ValueError:
    return ValueError(
        "factors must be a full grid: each combination of their values once. Received: "
        f"{points} points of factors with {list(sizes)} values. Give codes of all "
        "combinations."
    )
