"""Unsupervised disentanglement ranking."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata
from sklearn.linear_model import Lasso

from tfrwc._common.checks import one_of
from tfrwc.disentangle.scores.points import Codes, live_codes

KINDS = ("lasso", "spearman")
_PENALTY = 0.1  # of the lasso, as in the paper


@dataclass(frozen=True, eq=False)
class UDR:
    """What `udr` returns.

    Attributes:
        scores: (models,), the median of how alike each model is to the others.
        pairs: (models, models), how alike the codes of a column's model are to those of
            a row's, from which they are predicted; NaN on the diagonal.
    """

    scores: NDArray[np.float64]
    pairs: NDArray[np.float64]


def udr(
    codes: Sequence[ArrayLike],
    kind: str = "lasso",
    live: Sequence[ArrayLike] | None = None,
) -> UDR:
    """Unsupervised disentanglement ranking (Duan et al., ICLR 2020, arXiv:1905.12614).

    Needs no factors, but models that differ by their seed alone: that what is found
    again is disentangled is its assumption. R(a, b) is how much latent a of one model
    has to do with b of another. Each b counts by max_a R² / sum_a R, which is 1 where
    one latent alone has to do with it, and wholly; likewise each a. How alike two
    models are is the mean of the means over both, as in the code of its authors; their
    paper has all latents of both count alike, which differs where not as many are live.
    The median over the other models is the score.

    Scores of models that are held against each other depend on one another: they are no
    sample of independent values.

    Args:
        codes: of two or more models, each (n, latents), of the same points.
        kind: ``"lasso"``, R the size of the weights, with penalty 0.1, that predict b
            from all a; or ``"spearman"``, the size of rank correlations. Codes are
            standardised.
        live: None; or for each model bools (latents,), which ones count. The paper
            prunes by a divergence of 0.01 nats: ``sweep.rates_ > 0.01``.

    Raises:
        ValueError: if there are fewer than two models, or arrays are not as above.
    """
    one_of(kind, KINDS, "kind")
    masks = [None] * len(codes) if live is None else list(live)
    if len(codes) < 2 or len(masks) != len(codes):
        raise ValueError(
            "codes must be of two models or more, and live of as many. Received: "
            f"{len(codes)} and {len(masks)}."
        )
    models = [
        _standardised(live_codes(code, mask), kind)
        for code, mask in zip(codes, masks, strict=True)
    ]
    lengths = [len(model) for model in models]
    if len(set(lengths)) > 1 or lengths[0] < 2:
        raise ValueError(
            "codes must be of the same points, two or more, for each model. Received: "
            f"{lengths} points."
        )
    pairs = np.full((len(models), len(models)), np.nan)
    for i, one in enumerate(models):
        for j, other in enumerate(models):
            if i != j:
                pairs[i, j] = _alike(_relations(one, other, kind))
    return UDR(np.nanmedian(pairs, axis=0), pairs)


def _standardised(codes: Codes, kind: str) -> Codes:
    """Codes, or for rank correlations their ranks, with mean 0 and deviation 1."""
    varies = np.ptp(codes, axis=0) > 0
    if kind == "spearman":
        codes = rankdata(codes, axis=0)
    deviation = np.where(varies, codes.std(axis=0), 1)
    standard: Codes = np.where(varies, codes - codes.mean(axis=0), 0) / deviation
    return standard


def _relations(one: Codes, other: Codes, kind: str) -> NDArray[np.float64]:
    """R (latents of one, latents of other), 0 or more."""
    if kind == "spearman":
        relations: NDArray[np.float64] = np.abs(one.T @ other) / len(one)
    else:
        # Nothing predicts a constant, and some releases of scikit-learn warn of it.
        varies = other.any(axis=0)
        relations = np.zeros((one.shape[1], other.shape[1]))
        if varies.any():
            weights = Lasso(alpha=_PENALTY).fit(one, other[:, varies]).coef_
            relations[:, varies] = np.abs(weights.reshape(varies.sum(), -1)).T
    return relations


def _alike(relations: NDArray[np.float64]) -> float:
    means = [_mean_strength(r) for r in (relations, relations.T)]
    return float(np.mean(means))


def _mean_strength(relations: NDArray[np.float64]) -> float:
    """Mean over columns of how much one row alone has to do with each."""
    total = relations.sum(axis=0)
    strength = relations.max(axis=0) ** 2 / np.where(total > 0, total, 1)
    return float(strength.mean())
