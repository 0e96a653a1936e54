"""The best β by the exact theory of linear worlds, fitted to images piece by piece.

Around each image, the parameters of its pixels change linearly with its factors. For a
Bernoulli likelihood, 2 arcsin √p is a parameter whose information is 1 wherever p is,
so that its derivatives J by the factors are the mixing of a linear world with σ = 1,
in which I + JᵀJ is the precision of the true posterior of the factors. Its correlations
are what a β-VAE with independent latents cannot have; R2 of `tfrwc.disentangle.theory`
says what it infers at each β, and the mean over images which β is best.

p is what a trained model reconstructs, as its likelihood has no other noise. Left out
are the shape, which is no number, and all by which images and posteriors are not linear
and Gaussian; factors are taken as normal, of variance 1, and derivatives from one value
of a factor to the next.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from tfrwc.datasets.sprites import Sprites
from tfrwc.disentangle.theory.spectrum import log_q, spectrum
from tfrwc.studies.beta.peaks import peak

Results = dict[str, Any]

_BETAS = 2.0 ** np.arange(0, 6.01, 0.25)  # R2 has no best β below 1
_POINTS = 200
_FIXED = "shape"


def fitted_optimum(
    data: Sprites, reconstruct: Callable[[np.ndarray], np.ndarray]
) -> Results:
    """The best β of the theory around 200 of the images.

    Args:
        data: images of a full grid of factors.
        reconstruct: from images, float32 in 0..1, to the means of their pixels.

    Returns:
        beta; correlation, of the true posterior, mean size over images and pairs of
        factors, both NaN where a mean is, as of a training that diverged; factors,
        their names.
    """
    moved = [j for j, name in enumerate(data.factor_names) if name != _FIXED]
    names = [data.factor_names[j] for j in moved]
    derivatives = _derivatives(data, reconstruct, moved)
    if not np.isfinite(derivatives).all():
        return {"beta": np.nan, "correlation": np.nan, "factors": names}
    # All that follows depends on JᵀJ alone, which the triangles of J have, too.
    mixings = [np.linalg.qr(J, mode="r") for J in derivatives]
    curves = [log_q(spectrum(J, 1.0), _BETAS) for J in mixings]
    return {
        "beta": float(peak(_BETAS, np.mean(curves, axis=0))),
        "correlation": float(np.mean([_correlation(J) for J in mixings])),
        "factors": names,
    }


def _derivatives(data, reconstruct, moved):
    """J of some images: (images, pixels, factors), by factors of variance 1."""
    factors = data.factors
    sizes = factors.max(axis=0) + 1
    row = np.empty(sizes.prod(), int)
    row[np.ravel_multi_index(factors.T, sizes)] = np.arange(len(factors))
    some = np.random.default_rng(0).permutation(len(factors))[:_POINTS]
    columns = []
    for j in moved:
        low, high = factors[some].copy(), factors[some].copy()
        low[:, j] = np.maximum(low[:, j] - 1, 0)
        high[:, j] = np.minimum(high[:, j] + 1, sizes[j] - 1)
        ends = [
            _stable(reconstruct(_pixels(data, row[np.ravel_multi_index(end.T, sizes)])))
            for end in (low, high)
        ]
        steps = (high - low)[:, j] / factors[:, j].std()
        columns.append((ends[1] - ends[0]) / steps[:, None])
    return np.stack(columns, axis=-1)


def _pixels(data, rows):
    return data.images[rows].astype(np.float32) / 255


def _stable(p):
    """The parameter whose information is 1: (images, pixels)."""
    p = np.clip(np.asarray(p, np.float64), 0, 1).reshape(len(p), -1)
    return 2 * np.arcsin(np.sqrt(p))


def _correlation(J):
    """The mean size of the correlations of the true posterior."""
    covariance = np.linalg.inv(np.eye(J.shape[1]) + J.T @ J)
    deviation = np.sqrt(np.diag(covariance))
    correlations = covariance / np.outer(deviation, deviation)
    return np.abs(correlations[~np.eye(len(deviation), dtype=bool)]).mean()
