"""Mechanisms at budgets from strong privacy to images that still show something."""

from tfrwc.privacy.release.mechanisms import (
    DPSVD,
    DPPix,
    PixelGaussian,
    PixelLaplace,
    RandomizedResponse,
    ScalarShift,
)

DELTA = 1e-5


def standard_mechanisms(shape) -> dict:
    """Mechanisms by name for images of a shape, the more private first in each kind.

    The numbers of the names are the budgets: per value, per image with `DELTA`, or
    the mechanism's own.

    Args:
        shape: (height, width), at least 8 each.
    """
    rank = min(16, *shape[:2])
    laplace = {
        f"laplace_value_{e}": PixelLaplace.for_budget(e, per="value")
        for e in (1, 4, 16)
    }
    gaussian = {
        f"gaussian_image_{e}": PixelGaussian.for_budget(
            e, per="image", shape=shape, delta=DELTA
        )
        for e in (10, 1000, 10000)
    }
    pixels = {f"dppix_{e}": DPPix(epsilon=e, cell=4, m=16) for e in (1, 4, 16)}
    response = {
        f"response_value_{e}": RandomizedResponse(e, levels=4) for e in (1, 2, 4)
    }
    singular = {"dpsvd_0p1": DPSVD(epsilon=0.1, k=rank)}
    shift = {
        f"shift_{name}": ScalarShift(e)
        for name, e in (("0p25", 0.25), ("0p5", 0.5), ("1", 1.0))
    }
    return laplace | gaussian | pixels | response | singular | shift
