"""Mechanisms, images and keys of the tests of this folder."""

import numpy as np

from tfrwc.privacy import (
    DPSVD,
    DPPix,
    PixelGaussian,
    PixelLaplace,
    RandomizedResponse,
    ScalarShift,
    insecure_test_key,
)

KEY = insecure_test_key(0)
LAPLACE = PixelLaplace(scale=20.0)
WITH_GUARANTEE = [
    LAPLACE,
    PixelGaussian(sigma=20.0),
    DPPix(epsilon=1.0, cell=3, m=4),
    RandomizedResponse(epsilon=1.0, levels=4),
]
WITHOUT_GUARANTEE = [DPSVD(epsilon=0.1, k=3), ScalarShift(epsilon=1.0)]
ALL = [*WITH_GUARANTEE, *WITHOUT_GUARANTEE]
# As in test_noise.py: fixed keys, and a chance of at most LEVEL to fail when right.
SEEDS, LEVEL = range(5), 1e-3


IDS = tuple("abcdef")


def pictures(n=6, *shape, seed=0):
    shape = shape or (7, 8)
    return np.random.default_rng(seed).integers(0, 256, (n, *shape), np.uint8)
