"""Image classification sets as arrays, through one door."""

from tfrwc.datasets.sources import ImageSet, load

__all__ = ["ImageSet", "load"]
