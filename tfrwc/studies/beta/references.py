"""What β-VAEs of images are held against: baselines, scored as they are."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from sklearn.exceptions import ConvergenceWarning

from tfrwc.datasets.sprites import Sprites
from tfrwc.disentangle import baselines
from tfrwc.disentangle.baselines import Encoded
from tfrwc.disentangle.sweep.options import TrainingOptions
from tfrwc.studies.beta.convergence import convergence
from tfrwc.studies.beta.measures import LATENTS
from tfrwc.studies.beta.objects import Grid, measured

Results = dict[str, Any]

# How many of the seeds networks and ICA have: their means are shown, and nothing is
# tested of them.
_SEEDS = 2
# Nats per label, or per pixel, that are not worth to be told from none.
_NOTHING = 1e-3


def references(
    data: Sprites,
    encoder: str,
    seeds: Sequence[int],
    options: TrainingOptions,
    grid: Grid,
    some: np.ndarray,
) -> list[Results]:
    """Scores and readouts of baselines, a row for each and each of two seeds.

    The supervised encoder is told the shapes of all images, also of those on which its
    readouts are tested: it says what codes of this size can hold, not what can be known
    of images that were never seen.

    Args:
        data: the images.
        encoder: of the networks, as of the β-VAEs.
        seeds: of which networks and ICA have the first two; PCA has none, and one row.
        options: how networks are trained.
        grid: the images' factors.
        some: indices of the images that are scored.

    Returns:
        baseline; seed, None for PCA; converged, None where nothing is trained; and what
        is `measured` of β-VAEs.
    """
    x = data.pixels
    shapes = grid.factors[:, grid.place("shape")]
    rows, codes = [], []

    def keep(name, seed, found, converged=None):
        rows.append({"baseline": name, "seed": seed, "converged": converged})
        codes.append(found.codes)

    keep("pca", None, baselines.pca(x, LATENTS))
    for seed in seeds[:_SEEDS]:
        keep("ica", seed, *_ica(x, seed))
        keep("random", seed, baselines.random_encoder(x, LATENTS, encoder, seed))
        plain = baselines.autoencoder(x, LATENTS, encoder, options=options, seed=seed)
        keep("autoencoder", seed, plain, _converged(plain))
        told = baselines.supervised_encoder(x, shapes, LATENTS, encoder, options, seed)
        keep("supervised", seed, told, _converged(told))
    live = np.ones(LATENTS, bool)
    scored = Parallel(n_jobs=-1)(
        delayed(measured)(code, code, live, grid, some) for code in codes
    )
    return [row | found for row, found in zip(rows, scored, strict=True)]


def _ica(x, seed):
    """Codes, and whether FastICA found them."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", ConvergenceWarning)
        found = baselines.ica(x, LATENTS, seed)
    others = [w for w in said if w.category is not ConvergenceWarning]
    for other in others:
        warnings.warn_explicit(
            other.message, other.category, other.filename, other.lineno
        )
    return found, len(others) == len(said)


def _converged(found: Encoded) -> bool:
    """Whether a training was over, by the rule for sweeps. What a network was told of
    labels it may know to any number of digits: a loss near 0 is over, too."""
    losses = found.losses
    history = pd.DataFrame(
        {"epoch": range(len(losses)), "beta": 0, "seed": 0, "loss": losses}
    )
    small = bool(losses[-1] < _NOTHING)
    return small or convergence(history)["still_falling"] == 0
