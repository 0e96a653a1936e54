"""The estimator of trends."""

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClusterMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from tfrwc._common.html import escaped
from tfrwc.compat.scikit_learn import validate_data
from tfrwc.dynamics import cleaning
from tfrwc.dynamics.arrays import Bools, Floats, Ints
from tfrwc.dynamics.one_thread import one_thread
from tfrwc.dynamics.trends import published, robust
from tfrwc.dynamics.trends.shown import trends_html
from tfrwc.dynamics.trends.taken import layer_names, layers_first
from tfrwc.recording.recording import Recording

PRESETS = ("robust", "weightscale")
BAND = (0.1, 0.9)


class TrendClusterer(ClusterMixin, BaseEstimator):  # type: ignore[misc]
    """Clusters layers by their curves of relative change.

    Preset ``"robust"`` compares the shapes of the curves, not their levels: of their
    logarithms, cleaned of spikes, it finds the shapes that many layers share, by
    k-means; chooses their number by separation and stability; and gives each layer the
    trend that it resembles, or none. Preset ``"weightscale"`` is the published pipeline
    (arXiv:2107.07005). The steps of both, and their sources, are in docs/trends.md.

    Cost of ``"robust"``: layers x records x (records + components) operations and
    some ten copies of X; k is chosen on at most 1,000 layers. One thread does it.

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
        bands_: (n_clusters_, 2, records): the quantiles 0.1 and 0.9 of these curves.
        inertia_: of the final k-means fit (weightscale); summed squared distance
            of the layers' directions from their trend's (robust).
        embedding_: principal components (layers, components), NaN for layers that
            were dropped or had too few values.
        explained_variance_ratio_: (components,).
        stability_: mean adjusted Rand index between the labels and those of fits
            on random 80 % of the layers; 1 is perfectly stable.
        scan_: DataFrame with a row per k tried: k, inertia_raw, inertia_embedding,
            silhouette (NaN where it is not defined); for robust, of the layers k was
            chosen on, with separation and stability.
        n_features_in_: records.
    """

    def __init__(
        self,
        n_clusters: int | str = "auto",
        preset: str = "robust",
        random_state: Any = 0,
    ) -> None:
        self.n_clusters = n_clusters
        self.preset = preset
        self.random_state = random_state

    def fit(self, X: Recording | npt.ArrayLike, y: Any = None) -> "TrendClusterer":
        """Find the trends.

        Args:
            X: a `Recording`, of which ``l1_ratio`` is read; or relative change
                (layers, records), as ``recording.values().T``. What
                ``recording.values()`` returned is turned by itself, as long as it was
                not copied. NaN and inf are allowed, in whole rows and columns too.
            y: ignored.

        Returns:
            The estimator itself.

        Raises:
            TypeError: for several recordings, or a table of `Recording.to_frame`.
            ValueError: for unknown settings, fewer layers than trends, fewer than 2
                layers or records, or (robust) negative values.
        """
        if self.preset not in PRESETS:
            raise ValueError(
                f"preset must be one of {PRESETS}. Received: {self.preset!r}."
            )
        names = layer_names(X)
        X = self._checked(X, reset=True)
        if not (np.isfinite(X) & (X != 0)).any():
            raise ValueError(
                f"Trends need values of change. Received X of shape {X.shape} with "
                "nothing but zeros, NaN or inf."
            )
        # One seed for all fits, so that the result does not hang on their order.
        seed = self.random_state
        if not isinstance(seed, (int, np.integer)):
            seed = check_random_state(seed).randint(2**31 - 1)
        with one_thread():
            if self.preset == "robust":
                self._fit_robust(X, seed)
            else:
                self._fit_published(X, seed)
        self._names = names
        return self

    def predict(self, X: Recording | npt.ArrayLike) -> Ints:
        """The trends that other layers follow.

        Args:
            X: as in `fit`, with as many records.

        Returns:
            int (layers,): as `labels_`. -1 is for layers that follow none: those that
            are further from every trend than their noise makes likely (robust); those
            without a finite value, or more than twice as far from the nearest centre
            as any layer of the fit is from its own (weightscale). No layer is dropped
            for being first or last.
        """
        check_is_fitted(self)
        return self._trends.labels(self._checked(X, reset=False))

    def _checked(self, X: Any, reset: bool) -> Floats:
        X = layers_first(X)
        checked: Floats = validate_data(
            self,
            X,
            reset=reset,
            dtype=np.float64,
            ensure_all_finite=False,
            ensure_min_features=2 if reset else 1,
            ensure_min_samples=2 if reset else 1,
        )
        if self.preset == "robust" and (checked < 0).any():
            raise ValueError(
                "Negative values in data passed to TrendClusterer: relative change is "
                f"0 or more. Received: {np.nanmin(checked):.3g} as the least. Pass the "
                "measured change itself, not its logarithm."
            )
        return checked

    def _fit_robust(self, X: Floats, seed: int) -> None:
        seen = cleaning.seen_records(X)
        logs, usable, gaps = cleaning.robust_with_gaps(X, seen)
        wanted = self._wanted(usable)
        logs, gaps = logs[usable], gaps[usable]
        trends = robust.find_trends(logs, gaps, seen, wanted, seed)
        labels, _, directions = trends.place(X)
        order = self._describe(10**logs, labels[usable], usable, np.median)
        trends = trends.in_order(order)
        self._trends: robust.RobustTrends | published.PublishedTrends = trends
        placed = self.labels_[usable]
        inside, centers = placed >= 0, trends.members.centers
        self.inertia_ = float(
            ((directions.unit[inside] - centers[placed[inside]]) ** 2).sum()
        )
        self.explained_variance_ratio_ = trends.share
        self.embedding_ = np.full((len(X), len(trends.share)), np.nan)
        self.embedding_[usable] = directions.scores
        self.scan_ = trends.scan
        self.stability_ = float(
            trends.scan["stability"][trends.scan["k"] == max(trends.k, 1)].iloc[0]
        )

    def _fit_published(self, X: Floats, seed: int) -> None:
        used = np.ones(len(X), bool)
        used[[0, -1]] = False
        wanted = self._wanted(used)
        curves = cleaning.published(X[used])
        trends, labels = published.find_trends(curves, wanted, seed)
        order = self._describe(curves, labels, used, np.mean)
        self._trends = trends.in_order(order)
        self.inertia_ = trends.inertia
        self.explained_variance_ratio_ = trends.share
        self.embedding_ = np.full((len(X), len(trends.share)), np.nan)
        self.embedding_[used] = trends.scores
        self.scan_ = trends.scan
        self.stability_ = trends.stability

    def _wanted(self, used: Bools) -> int | None:
        """The number of trends asked for, None for "auto"."""
        count = int(used.sum())
        automatic = isinstance(self.n_clusters, str) and self.n_clusters == "auto"
        if not automatic:
            _check_n_clusters(self.n_clusters, count)
        if count < 2:
            raise ValueError(
                f"Trends need 2 or more layers with curves. Received {len(used)} "
                f"layers, of which preset {self.preset!r} can use {count}."
            )
        return None if automatic else int(self.n_clusters)

    def _describe(
        self,
        curves: Floats,
        labels: Ints,
        used: Bools,
        summary: Any,
    ) -> Ints:
        """Number the trends by their change; return the order of the old numbers."""
        groups = [curves[labels == i] for i in range(labels.max() + 1)]
        centers = [summary(group, axis=0) for group in groups]
        order = np.argsort([-center.mean() for center in centers], kind="stable")
        self.n_clusters_ = len(groups)
        records = curves.shape[1]
        self.centers_ = np.reshape([centers[i] for i in order], (len(groups), records))
        self.bands_ = np.reshape(
            [np.quantile(groups[i], BAND, axis=0) for i in order],
            (len(groups), 2, records),
        )
        rank = np.full(len(groups) + 1, -1)  # the last is for label -1
        rank[order] = np.arange(len(groups))
        self.labels_ = np.full(len(used), -1)
        self.labels_[used] = rank[labels]
        return order

    def _repr_html_(self) -> str:
        if not hasattr(self, "labels_"):
            return f"<p><code>{escaped(repr(self))}</code></p>"
        return trends_html(self, self._names)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        # A notebook asks for this before the HTML, which scikit-learn would draw.
        return {"text/plain": repr(self), "text/html": self._repr_html_()}

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.positive_only = self.preset == "robust"
        return tags


def _check_n_clusters(n_clusters: Any, count: int) -> None:
    whole = isinstance(n_clusters, (int, np.integer)) and not isinstance(
        n_clusters, bool
    )
    if not whole or not 1 <= n_clusters <= count:
        raise ValueError(
            f"n_clusters must be 'auto' or a whole number from 1 to {count}, the "
            f"number of layers that can be clustered. Received: {n_clusters!r}."
        )
