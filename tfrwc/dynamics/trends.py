"""Group the layers of a network by the course of their change.

>>> from tfrwc import load_recording
>>> recording = load_recording("run.parquet")  # doctest: +SKIP
>>> trends = TrendClusterer().fit(recording.values().T)  # doctest: +SKIP
>>> recording.layers.assign(trend=trends.labels_)  # doctest: +SKIP
"""

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClusterMixin
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.metrics import adjusted_rand_score, silhouette_score
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_array

from tfrwc.dynamics import cleaning

PRESETS = ("robust", "weightscale")

_PUBLISHED_MAX_K = 17
_ROBUST_MAX_K = 10
# Below this there is no substantial structure (Kaufman and Rousseeuw 1990, ch. 2).
_MIN_SILHOUETTE = 0.25
# A curve that varies less than this, in decades, counts as flat.
_FLAT = 0.05


class TrendClusterer(ClusterMixin, BaseEstimator):
    """Clusters layers by their curves of relative change.

    Preset ``"weightscale"`` is the published pipeline (arXiv:2107.07005): values
    that are not finite replaced; first and last tensor dropped; per layer, values
    beyond two standard deviations replaced by the mean; k-means (k-means++, 10
    starts) for k = 1..17 on the raw matrix and on its first two principal
    components; k at the elbow of the latter, here the point furthest below the
    chord of the curve (the published k was picked by eye); the final fit on the
    raw matrix.

    Preset ``"robust"`` compares the shapes of the curves, not their levels:
    logarithm, gaps filled and spikes removed, each curve centred and scaled to
    unit variance, principal components that hold 95 % of the variance (at most
    10), k-means with the k of 2..10 that has the largest product of silhouette and
    stability, or one trend where no silhouette reaches 0.25. A layer is in no trend
    if the centre of the nearest leaves more than half of its variance.

    Args:
        n_clusters: a number of trends, or ``"auto"``.
        preset: ``"robust"`` or ``"weightscale"``.
        random_state: seed of k-means and of the resampling.

    Attributes:
        labels_: trend of each layer (layers,). 0 is the trend with the largest mean
            change; -1 marks layers that were dropped or belong to no trend.
        n_clusters_: number of trends that have layers.
        centers_: (n_clusters_, records), in the units of X: mean of the cleaned
            curves of the trend (weightscale), or their median (robust).
        inertia_: of the final k-means fit.
        embedding_: (layers, components), NaN for dropped layers.
        explained_variance_ratio_: (components,).
        stability_: mean adjusted Rand index between the labels and those of fits
            on random 80 % of the layers; 1 is perfectly stable.
        scan_: DataFrame with a row per k tried: k, inertia_raw, inertia_embedding,
            silhouette (NaN where it is not defined), stability (robust only).
    """

    def __init__(self, n_clusters="auto", preset="robust", random_state=0):
        self.n_clusters = n_clusters
        self.preset = preset
        self.random_state = random_state

    def fit(self, X, y=None):
        """Find the trends.

        Args:
            X: relative change (layers, records), for a recording
                ``recording.values().T``. NaN and inf are allowed.
            y: ignored.

        Raises:
            ValueError: for unknown settings, fewer layers than trends, or fewer
                than 2 layers or records.
        """
        X = check_array(
            X, dtype=np.float64, ensure_all_finite=False, ensure_min_features=2
        )
        self.n_features_in_ = X.shape[1]
        if self.preset not in PRESETS:
            raise ValueError(
                f"preset must be one of {PRESETS}. Received: {self.preset!r}."
            )
        # One seed for all fits, so that the result does not hang on their order.
        self._seed = self.random_state
        if not isinstance(self._seed, (int, np.integer)):
            self._seed = check_random_state(self._seed).randint(2**31 - 1)
        if not (np.isfinite(X) & (X != 0)).any():
            raise ValueError(
                f"Trends need values of change. Received X of shape {X.shape} with "
                "nothing but zeros, NaN or inf."
            )
        self._curves, self._raw, used = self._prepare(X)
        count = int(used.sum())
        automatic = isinstance(self.n_clusters, str) and self.n_clusters == "auto"
        if not automatic:
            _check_n_clusters(self.n_clusters, count)
        if count < 2:
            raise ValueError(
                f"Trends need 2 or more layers with curves. Received X of shape "
                f"{X.shape}, of which preset {self.preset!r} can use {count}."
            )
        self._embed(used)
        self._scan(1 if automatic else self.n_clusters)
        self._assign(self._choose() if automatic else self.n_clusters, used)
        return self

    def _prepare(self, X):
        """The cleaned curves, the matrix to cluster, and which layers they are of."""
        if self.preset == "weightscale":
            used = np.ones(len(X), bool)
            used[[0, -1]] = False
            curves = cleaning.published(X[used])
            return curves, curves, used
        logs, used = cleaning.robust(X)
        logs = logs[used]
        shapes = logs - logs.mean(axis=1, keepdims=True)
        shapes = shapes / np.maximum(shapes.std(axis=1, keepdims=True), _FLAT)
        return 10**logs, shapes, used

    def _embed(self, used):
        limit = 2 if self.preset == "weightscale" else 10
        pca = PCA(min(limit, *self._raw.shape)).fit(self._raw)
        ratio = np.nan_to_num(pca.explained_variance_ratio_)
        components = len(ratio)
        if self.preset == "robust":
            components = int(np.searchsorted(np.cumsum(ratio), 0.95)) + 1
            components = min(max(components, 2), len(ratio))
        self._embedded = pca.transform(self._raw)[:, :components]
        self.explained_variance_ratio_ = ratio[:components]
        self.embedding_ = np.full((len(used), components), np.nan)
        self.embedding_[used] = self._embedded

    @property
    def _features(self):
        return self._raw if self.preset == "weightscale" else self._embedded

    def _k_means(self, k, features, n_init=10):
        return KMeans(k, n_init=n_init, random_state=self._seed).fit(features)

    def _scan(self, at_least):
        last = _PUBLISHED_MAX_K if self.preset == "weightscale" else _ROBUST_MAX_K
        last = min(max(last, at_least), _distinct(self._raw), _distinct(self._embedded))
        rows = []
        for k in range(1, last + 1):
            on_raw = self._k_means(k, self._raw)
            on_embedding = self._k_means(k, self._embedded)
            labels = (on_raw if self.preset == "weightscale" else on_embedding).labels_
            row = {
                "k": k,
                "inertia_raw": on_raw.inertia_,
                "inertia_embedding": on_embedding.inertia_,
                "silhouette": self._silhouette(labels),
            }
            if self.preset == "robust":
                row["stability"] = self._stability(k, labels)
            rows.append(row)
        self.scan_ = pd.DataFrame(rows)

    def _silhouette(self, labels):
        if not 1 < len(set(labels)) < len(labels):
            return np.nan
        return silhouette_score(
            self._features,
            labels,
            sample_size=min(len(labels), 2000),
            random_state=self._seed,
        )

    def _stability(self, k, labels):
        rng = np.random.default_rng(self._seed)
        size = max(k, round(0.8 * len(labels)))
        scores = []
        for _ in range(10):
            part = rng.choice(len(labels), size, replace=False)
            if _distinct(self._features[part]) < k:
                continue
            fit = self._k_means(k, self._features[part], n_init=3)
            scores.append(adjusted_rand_score(labels, fit.predict(self._features)))
        return float(np.mean(scores)) if scores else np.nan

    def _choose(self):
        scan = self.scan_
        if self.preset == "weightscale":
            return _elbow(scan["k"].to_numpy(), scan["inertia_embedding"].to_numpy())
        score = (scan["silhouette"] * scan["stability"]).fillna(-np.inf)
        best = score.idxmax()
        if not scan["silhouette"][best] >= _MIN_SILHOUETTE:
            return 1
        return int(scan["k"][best])

    def _assign(self, k, used):
        fit = self._k_means(min(k, _distinct(self._features)), self._features)
        self.inertia_ = float(fit.inertia_)
        self.stability_ = self._stability(fit.n_clusters, fit.labels_)
        labels, summary = fit.labels_, np.mean
        if self.preset == "robust":
            means = [self._raw[labels == i].mean(axis=0) for i in range(fit.n_clusters)]
            unexplained = ((self._raw - np.array(means)[labels]) ** 2).mean(axis=1)
            labels = np.where(unexplained > 0.5, -1, labels)
            summary = np.median
        # Trends in order of their change, those that lost all layers left out.
        kept = np.unique(labels[labels >= 0])
        centers = [summary(self._curves[labels == i], axis=0) for i in kept]
        order = np.argsort([-center.mean() for center in centers], kind="stable")
        self.n_clusters_ = len(kept)
        self.centers_ = np.reshape(
            [centers[i] for i in order], (len(kept), self._curves.shape[1])
        )
        self.labels_ = np.full(len(used), -1)
        for rank, i in enumerate(order):
            self.labels_[np.flatnonzero(used)[labels == kept[i]]] = rank


def _elbow(k, inertia) -> int:
    """The k whose point lies furthest below the chord from first to last point.

    Both axes are scaled to 0..1 first (Satopää et al. 2011, "Kneedle").
    """
    fall = inertia[0] - inertia[-1]
    if len(k) < 3 or fall <= 0:
        return 1
    x = (k - k[0]) / (k[-1] - k[0])
    y = (inertia - inertia[-1]) / fall
    return int(k[np.argmax(1 - x - y)])


def _distinct(rows) -> int:
    """Number of rows that differ by more than rounding."""
    scale = np.abs(rows).max()
    return len(np.unique(np.round(rows / scale, 9) if scale else rows, axis=0))


def _check_n_clusters(n_clusters, count):
    whole = isinstance(n_clusters, (int, np.integer)) and not isinstance(
        n_clusters, bool
    )
    if not whole or not 1 <= n_clusters <= count:
        raise ValueError(
            f"n_clusters must be 'auto' or a whole number from 1 to {count}, the "
            f"number of layers that can be clustered. Received: {n_clusters!r}."
        )
