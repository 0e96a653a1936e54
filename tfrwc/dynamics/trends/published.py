"""The preset `weightscale`: k-means as published (arXiv:2107.07005)."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from sklearn.decomposition import PCA

from tfrwc.dynamics import cleaning
from tfrwc.dynamics.arrays import Floats, Ints
from tfrwc.dynamics.trends import number

MAX_K = 17


@dataclass(frozen=True)
class PublishedTrends:
    """What a fit learned; `labels` applies it to other curves.

    Attributes:
        centers: means of the cleaned curves of each cluster (clusters, records).
        reach: how far from the nearest centre a layer may be, in the units of X.
        scan: k, inertia_raw, inertia_embedding, silhouette for k = 1..17.
        k, inertia, stability: of the final fit.
        scores: coordinates of the layers in the two components.
        share: of the variance in each of these.
    """

    centers: Floats
    reach: float
    scan: pd.DataFrame
    k: int
    inertia: float
    stability: float
    scores: Floats
    share: Floats

    def labels(self, curves: Floats) -> Ints:
        """The cluster of each curve (layers,), -1 for none."""
        has_values = np.isfinite(curves).any(axis=1)
        rows = cleaning.published(curves)
        # The square expanded as k-means does it would round away small distances.
        distance = np.stack(
            [np.linalg.norm(rows - center, axis=1) for center in self.centers], axis=1
        )
        fits = has_values & (distance.min(axis=1) <= self.reach)
        labels: Ints = np.where(fits, distance.argmin(axis=1), -1)
        return labels

    def in_order(self, order: Ints) -> "PublishedTrends":
        """The same clusters, numbered anew."""
        return replace(self, centers=self.centers[order])


def find_trends(
    rows: Floats, n_clusters: int | None, seed: int
) -> tuple[PublishedTrends, Ints]:
    """Cluster cleaned curves.

    Args:
        rows: (layers, records), from `cleaning.published`.
        n_clusters: a number, or None to take the elbow.
        seed: of k-means.

    Returns:
        `PublishedTrends`, and the cluster of each layer (layers,).
    """
    pca = PCA(min(2, *rows.shape)).fit(rows)
    scores = pca.transform(rows)
    last = min(max(MAX_K, n_clusters or 1), *map(number.distinct, (rows, scores)))
    table, fits = [], {}
    for k in range(1, last + 1):
        fits[k] = number.k_means(rows, k, seed, 10)
        table.append(
            {
                "k": k,
                "inertia_raw": float(fits[k].inertia_),
                "inertia_embedding": float(
                    number.k_means(scores, k, seed, 10).inertia_
                ),
                "silhouette": number.silhouette(rows, fits[k].labels_, seed),
            }
        )
    scan = pd.DataFrame(table)
    k = n_clusters or number.elbow(
        scan["k"].to_numpy(), scan["inertia_embedding"].to_numpy()
    )
    k = min(k, number.distinct(rows))
    fit = fits.get(k) or number.k_means(rows, k, seed, 10)
    centers = np.array([rows[fit.labels_ == i].mean(axis=0) for i in range(k)])
    furthest = np.linalg.norm(rows - centers[fit.labels_], axis=1).max()
    trends = PublishedTrends(
        centers=centers,
        reach=2 * furthest + 1e-9 * np.abs(rows).max(),
        scan=scan,
        k=k,
        inertia=float(fit.inertia_),
        stability=number.stability(rows, fit.labels_, k, seed, 10),
        scores=scores,
        share=np.nan_to_num(pca.explained_variance_ratio_),
    )
    return trends, fit.labels_
