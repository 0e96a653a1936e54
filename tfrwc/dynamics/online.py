"""Trends of layers while they emerge: updated record by record during training.

>>> from tfrwc.dynamics import OnlineTrends
>>> trends = OnlineTrends()
>>> for values in recording.values():  # doctest: +SKIP
...     trends.partial_fit(values)
>>> trends.labels_  # doctest: +SKIP

The cost of an update and the memory depend on the number of layers and bins, not on
how many records there were: `benchmarks/online_trends.py` measures it.
`tfrwc.report.tensorboard.TrendsToTensorBoard` shows the trends during `fit`.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment
from sklearn.base import BaseEstimator
from sklearn.cluster import MiniBatchKMeans
from sklearn.decomposition import IncrementalPCA
from sklearn.metrics import adjusted_rand_score, silhouette_score
from sklearn.utils import check_random_state

from tfrwc._common.checks import whole_number
from tfrwc.dynamics import cleaning
from tfrwc.dynamics.arrays import Bools, Floats, Ints
from tfrwc.dynamics.binned_curves import BinnedCurves
from tfrwc.dynamics.one_thread import one_thread

# The number of trends is chosen anew when there are this many times the records.
_GROWTH = 1.25
_MAX_K = 10
# As in TrendClusterer, whose preset "robust" this follows.
_MIN_SILHOUETTE = 0.25
_FLAT = 0.05
_RESAMPLES = 5
# What is quadratic in the layers looks at no more of them than this.
_SAMPLED_LAYERS = 500


class OnlineTrends(BaseEstimator):  # type: ignore[misc]
    """Clusters layers by the shape of their curves so far, at a bounded cost.

    Each layer keeps a curve of at most `bins` bins: the mean log10 change of
    neighbouring records. When all bins are full, neighbours are merged in pairs, and
    each bin holds twice as many records from then on. Until then, nothing is lost.

    At each update the curves are cleaned, centred and scaled as by preset
    ``"robust"`` of `TrendClusterer`, and embedded by `IncrementalPCA`, which takes
    the layers in blocks (95 % of the variance, 2 to 10 components). It begins anew
    each time, since the curves of earlier updates are not those of today. One step
    of `MiniBatchKMeans` from the means of the present trends follows. When
    the number of records has grown by a quarter, the number of trends is chosen
    anew: the k of 2..10 with the largest product of silhouette and stability, one
    trend where no silhouette reaches 0.25. So the most expensive updates become ever
    rarer, and none is more expensive than the numbers of layers and bins make it.

    Trends keep their number from update to update: the new ones are matched with
    those before so that as many layers as possible keep theirs
    (`scipy.optimize.linear_sum_assignment`). A trend without a predecessor gets the
    lowest free number.

    Memory: 12 bytes x layers x bins, and some copies of that during an update.

    A single layer, and records without any value, are in no trend.

    Args:
        n_clusters: a number of trends, or ``"auto"``.
        bins: at most so many bins, an even number of 8 or more.
        random_state: seed of k-means and of the resampling.

    Attributes:
        labels_: number of the trend of each layer (layers,); -1 marks layers with
            values in fewer than half of the records, or in no trend: the centre of
            the nearest leaves more than half of their variance. At first, 0 is the
            trend with the largest mean change.
        trends_: the numbers in use, in order; not contiguous after one went out.
        n_clusters_: how many they are; 0 as long as there is nothing to group.
        centers_: (n_clusters_, bins so far) median of the cleaned curves of each
            trend, in the order of `trends_` and the units of the records.
        curves_: (layers, bins so far) the cleaned curves; NaN for layers without.
        records_: (bins so far,) the mean number, from 1, of the records in each bin.
        n_records_: how many records there were.
    """

    def __init__(
        self,
        n_clusters: int | str = "auto",
        bins: int = 64,
        random_state: Any = 0,
    ) -> None:
        self.n_clusters = n_clusters
        self.bins = bins
        self.random_state = random_state

    def partial_fit(self, X: npt.ArrayLike, y: Any = None) -> "OnlineTrends":
        """Take one record, or several at once, and update the trends.

        Args:
            X: relative change of all layers at a record (layers,), or at several
                (layers, records), which are then followed by one update. Zero, NaN
                and inf are gaps. Layers that come to be watched later are added at
                the end.
            y: ignored.

        Returns:
            The estimator itself.

        Raises:
            ValueError: for wrong settings, no layer, or fewer layers than before.
        """
        records = np.asarray(X, np.float64)
        records = records[:, None] if records.ndim == 1 else records
        started = hasattr(self, "n_records_")
        layers = self._curves.layers if started else 1
        if records.ndim != 2 or len(records) < layers or records.shape[1] == 0:
            raise ValueError(
                "partial_fit takes the change of all layers at a record, (layers,) or "
                f"(layers, records), here of {layers} "
                f"layer{'s' * (layers > 1)} or more. Received an "
                f"array of shape {records.shape}."
            )
        if not started:
            self._start()
        self._widen(len(records))
        for values in records.T:
            self._curves.add(values)
        self.n_records_ = self._curves.records
        with one_thread():  # training needs the processors
            self._update()
        return self

    def _start(self) -> None:
        bins = whole_number(self.bins, "bins", 8)
        if bins % 2:
            raise ValueError(f"bins must be even. Received: {self.bins!r}.")
        k: Any = self.n_clusters
        whole = isinstance(k, (int, np.integer)) and not isinstance(k, bool)
        if k != "auto" and (not whole or k < 1):
            raise ValueError(
                "n_clusters must be 'auto' or a whole number of 1 or more. "
                f"Received: {k!r}."
            )
        seed = self.random_state
        if not isinstance(seed, (int, np.integer)):
            seed = check_random_state(seed).randint(2**31 - 1)
        self._seed = seed
        self._curves = BinnedCurves(bins)
        self.labels_ = np.zeros(0, int)
        # Clusters of k-means, layers that fit into none included.
        self._groups = np.zeros(0, int)
        self.n_records_, self._next_scan = 0, 0

    def _widen(self, layers: int) -> None:
        more = layers - self._curves.layers
        self._curves.add_layers(more)
        self.labels_ = np.pad(self.labels_, (0, more), constant_values=-1)
        self._groups = np.pad(self._groups, (0, more), constant_values=-1)

    def _update(self) -> None:
        means = self._curves.means()
        logs, used = cleaning.robust(10**means)
        used &= 2 * self._curves.counts >= self.n_records_
        self.curves_ = np.where(used[:, None], 10**logs, np.nan)
        self.records_ = self._curves.mean_records()
        groups = np.full(len(used), -1)
        if used.sum() > 1 and means.shape[1] > 1:
            shapes = logs[used] - logs[used].mean(axis=1, keepdims=True)
            shapes /= np.maximum(shapes.std(axis=1, keepdims=True), _FLAT)
            groups[used] = self._group(shapes, self._groups[used])
        else:
            shapes = np.zeros((used.sum(), means.shape[1]))
        self._groups = groups
        self._name(shapes, used)

    def _group(self, shapes: Floats, before: Ints) -> Ints:
        """Clusters of the used layers: a step from those before, or new ones."""
        embedded = _embed(shapes)
        present = np.unique(before[before >= 0])
        if self.n_records_ >= self._next_scan or not len(present):
            self._next_scan = int(np.ceil(_GROWTH * self.n_records_))
            # Where curves are equal, the embedding is all rounding.
            most = min(_distinct(shapes), _distinct(embedded))
            return self._choose(embedded, most)
        centers = np.array([embedded[before == i].mean(axis=0) for i in present])
        # Of a fresh object, partial_fit on all layers is one step of Lloyd's.
        step = MiniBatchKMeans(
            len(centers),
            init=centers,
            n_init=1,
            reassignment_ratio=0,
            random_state=self._seed,
        )
        return np.asarray(step.partial_fit(embedded).labels_)

    def _choose(self, embedded: Floats, most: int) -> Ints:
        if self.n_clusters != "auto":
            k = min(int(self.n_clusters), most)
            return np.asarray(self._k_means(k, embedded).labels_)
        best, best_labels = -np.inf, np.zeros(len(embedded), int)
        for k in range(2, min(_MAX_K, most) + 1):
            labels = self._k_means(k, embedded).labels_
            if not 1 < len(set(labels)) < len(labels):
                continue
            silhouette = silhouette_score(
                embedded,
                labels,
                sample_size=min(len(labels), _SAMPLED_LAYERS),
                random_state=self._seed,
            )
            if silhouette <= best:
                continue  # no stability, 1 at most, could make it the best
            score = silhouette * self._stability(k, embedded, labels)
            if score > best:
                best = score
                enough = silhouette >= _MIN_SILHOUETTE
                best_labels = labels if enough else np.zeros_like(labels)
        return best_labels

    def _stability(self, k: int, embedded: Floats, labels: Ints) -> float:
        rng = np.random.default_rng(self._seed)
        size = min(max(k, round(0.8 * len(labels))), 2 * _SAMPLED_LAYERS)
        scores = []
        for _ in range(_RESAMPLES):
            part = embedded[rng.choice(len(labels), size, replace=False)]
            if _distinct(part) >= k:
                others = self._k_means(k, part).predict(embedded)
                scores.append(adjusted_rand_score(labels, others))
        return float(np.mean(scores)) if scores else -np.inf

    def _k_means(self, k: int, embedded: Floats) -> MiniBatchKMeans:
        return MiniBatchKMeans(k, n_init=3, random_state=self._seed).fit(embedded)

    def _name(self, shapes: Floats, used: Bools) -> None:
        """Turn the clusters into trends with the numbers they had before."""
        groups = self._groups[used]
        for i in np.unique(groups):
            mean = shapes[groups == i].mean(axis=0)
            stray = ((shapes - mean) ** 2).mean(axis=1) > 0.5
            groups = np.where((groups == i) & stray, -1, groups)
        groups_now = np.full(len(used), -1)
        groups_now[used] = groups
        present = np.unique(groups[groups >= 0])
        centers = [np.median(self.curves_[groups_now == i], axis=0) for i in present]
        order = np.argsort([-center.mean() for center in centers], kind="stable")
        names = _matched(self.labels_, groups_now, present[order])
        self.trends_ = np.array(sorted(names.values()), int)
        self.n_clusters_ = len(present)
        self.labels_ = np.array([names.get(i, -1) for i in groups_now], int)
        self.centers_ = np.full((len(present), len(self.records_)), np.nan)
        for i, center in zip(present, centers, strict=True):
            self.centers_[np.searchsorted(self.trends_, names[i])] = center


def _embed(shapes: Floats) -> Floats:
    pca = IncrementalPCA(min(10, *shapes.shape), batch_size=1000)
    # Equal curves have no variance to share out.
    with np.errstate(invalid="ignore", divide="ignore"):
        embedded = pca.fit_transform(shapes)
    ratio = np.nan_to_num(pca.explained_variance_ratio_, posinf=0)
    components = int(np.searchsorted(np.cumsum(ratio), 0.95)) + 1
    return np.asarray(embedded[:, : min(max(components, 2), len(ratio))])


def _matched(before: Ints, now: Ints, groups: Ints) -> dict[int, int]:
    """The number of each group: that of the trend it has most layers of."""
    old = np.unique(before[before >= 0])
    overlap = np.array(
        [[((now == i) & (before == j)).sum() for j in old] for i in groups]
    ).reshape(len(groups), len(old))
    names = {
        groups[row]: int(old[column])
        for row, column in zip(*linear_sum_assignment(-overlap), strict=True)
        if overlap[row, column]
    }
    free = (i for i in range(len(groups) + len(old)) if i not in names.values())
    fresh = [i for i in groups if i not in names]
    return names | dict(zip(fresh, list(free), strict=False))


def _distinct(rows: Floats) -> int:
    """Number of rows that differ by more than rounding."""
    scale = np.abs(rows).max()
    return len(np.unique(np.round(rows / scale, 9) if scale else rows, axis=0))
