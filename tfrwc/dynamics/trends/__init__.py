"""Group the layers of a network by the course of their change.

>>> from tfrwc import load_recording
>>> recording = load_recording("run.parquet")  # doctest: +SKIP
>>> trends = TrendClusterer().fit(recording.values().T)  # doctest: +SKIP
>>> recording.layers.assign(trend=trends.labels_)  # doctest: +SKIP
>>> trends.predict(other.values().T)  # doctest: +SKIP
"""

from tfrwc.dynamics.trends.clusterer import TrendClusterer

__all__ = ["TrendClusterer"]
