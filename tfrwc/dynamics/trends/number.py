"""How many trends there are: silhouette, separation, stability, elbow."""

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, silhouette_score

from tfrwc.dynamics.arrays import Floats, Ints

# Layers that the number is chosen on, and those of a pair that are compared.
SAMPLE, _PAIR = 1000, 300
MAX_K = 10
# One Gaussian cloud cut in two has 0.55 along the line of the halves, a uniform one
# 0.62, in any number of dimensions; two Gaussians 4 standard deviations apart, 0.71.
LEAST_SEPARATION = 0.7
LEAST_STABILITY = 0.85
# Reasonable structure, by Kaufman and Rousseeuw (1990, ch. 2).
LEAST_SILHOUETTE = 0.5
_RESAMPLES = 8
CRITERIA = (
    *("inertia_raw", "inertia_embedding"),
    *("silhouette", "separation", "stability"),
)


def scan(
    unit: Floats,
    shapes: Floats,
    at_least: int,
    seed: int,
) -> pd.DataFrame:
    """k-means of directions for k = 1..10, and what speaks for each k.

    Args:
        unit: directions of layers (layers, components), at most `SAMPLE` rows.
        shapes: of the same layers (layers, records).
        at_least: go at least up to this k.
        seed: of k-means and the resampling.

    Returns:
        DataFrame with a row per k: k, inertia_raw (of the shapes, same labels),
        inertia_embedding, silhouette, separation, stability.
    """
    rows = []
    last = min(max(MAX_K, at_least), distinct(unit))
    for k in range(1, last + 1):
        fit = k_means(unit, k, seed, 5)
        rows.append(
            {
                "k": k,
                "inertia_raw": _inertia(shapes, fit.labels_),
                "inertia_embedding": float(fit.inertia_),
                "silhouette": silhouette(unit, fit.labels_, seed),
                "separation": separation(unit, fit.labels_, seed),
                "stability": stability(unit, fit.labels_, k, seed, _RESAMPLES),
            }
        )
    return pd.DataFrame(rows)


def choose(scan: pd.DataFrame) -> int:
    """The largest k whose trends are separate and stable.

    Without one, the k with the largest product of silhouette and stability among
    those that are stable with a silhouette of 0.5 or more; 1 where there is none.
    """
    stable = scan["stability"] >= LEAST_STABILITY
    separate = stable & (scan["separation"] >= LEAST_SEPARATION)
    if separate.any():
        return int(scan["k"][separate].max())
    fair = stable & (scan["silhouette"] >= LEAST_SILHOUETTE)
    if fair.any():
        return int(scan["k"][(scan["silhouette"] * scan["stability"])[fair].idxmax()])
    return 1


def k_means(rows: Floats, k: int, seed: int, n_init: int) -> KMeans:
    """k-means of rows, fitted: the best of `n_init` starts."""
    return KMeans(k, n_init=n_init, random_state=seed).fit(rows)


def silhouette(rows: Floats, labels: Ints, seed: int) -> float:
    """Mean of (b - a) / max(a, b) (Rousseeuw 1987), on at most 2,000 rows.

    a is a row's mean distance to its own cluster, b that to the nearest other. NaN
    for one cluster, or as many as rows.
    """
    if not 1 < len(set(labels)) < len(labels):
        return np.nan
    size = min(len(labels), 2000)
    return float(silhouette_score(rows, labels, sample_size=size, random_state=seed))


def separation(rows: Floats, labels: Ints, seed: int) -> float:
    """Silhouette of the two clusters least apart, along the line of their medians.

    The silhouette of all dimensions falls with their number and hides that two of
    many clusters touch; this one does neither. The worse side of a pair counts.
    NaN for one cluster.
    """
    rng = np.random.default_rng(seed)
    parts = [rows[labels == k] for k in np.unique(labels)]
    medians = [np.median(part, axis=0) for part in parts]
    parts = [
        part if len(part) <= _PAIR else part[rng.choice(len(part), _PAIR, False)]
        for part in parts
    ]
    worst = [
        _line_silhouette(parts[i] @ line, parts[j] @ line)
        for i in range(len(parts))
        for j in range(i)
        for line in [medians[i] - medians[j]]
    ]
    return float(min(worst)) if worst else np.nan


def _line_silhouette(one: Floats, other: Floats) -> float:
    sides = []
    for own, rest in ((one, other), (other, one)):
        if len(own) < 2:
            return 0.0  # as Rousseeuw defines it of a row by itself
        a = np.abs(own[:, None] - own).sum(axis=1) / (len(own) - 1)
        b = np.abs(own[:, None] - rest).mean(axis=1)
        sides.append(np.mean((b - a) / np.maximum(np.maximum(a, b), 1e-300)))
    return float(min(sides))


def stability(
    rows: Floats,
    labels: Ints,
    k: int,
    seed: int,
    resamples: int,
) -> float:
    """Mean adjusted Rand index with the labels by k-means of random 80 % of the rows.

    (Ben-Hur, Elisseeff and Guyon 2002; von Luxburg 2010.) 1 is perfectly stable; NaN
    where the parts have too few different rows.
    """
    if k == 1:
        return 1.0
    rng = np.random.default_rng(seed)
    size = max(k, round(0.8 * len(labels)))
    scores = []
    for _ in range(resamples):
        part = rng.choice(len(labels), size, replace=False)
        if distinct(rows[part]) < k:
            continue
        fit = k_means(rows[part], k, seed, 3)
        scores.append(adjusted_rand_score(labels, fit.predict(rows)))
    return float(np.mean(scores)) if scores else np.nan


def elbow(k: Ints, inertia: Floats) -> int:
    """The k whose point lies furthest below the chord from first to last point.

    Both axes are scaled to 0..1 first (Satopää et al. 2011, "Kneedle").
    """
    fall = inertia[0] - inertia[-1]
    if len(k) < 3 or fall <= 0:
        return 1
    x = (k - k[0]) / (k[-1] - k[0])
    y = (inertia - inertia[-1]) / fall
    return int(k[np.argmax(1 - x - y)])


def distinct(rows: Floats) -> int:
    """Number of rows that differ by more than rounding."""
    scale = np.abs(rows).max(initial=0)
    return len(np.unique(np.round(rows / scale, 9) if scale else rows, axis=0))


def _inertia(rows: Floats, labels: Ints) -> float:
    return float(
        sum(
            ((rows[labels == k] - rows[labels == k].mean(axis=0)) ** 2).sum()
            for k in np.unique(labels)
        )
    )
