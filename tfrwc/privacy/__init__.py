"""Private images: mechanisms with honest guarantees, and statements that say them.

>>> from tfrwc.privacy import PixelLaplace
>>> print(PixelLaplace(scale=255.0).statement((8, 8)).per_value_epsilon)
1.0
"""

from tfrwc.privacy._mechanism import to_uint8
from tfrwc.privacy.attacks import Audit, audit
from tfrwc.privacy.mechanisms import (
    DPSVD,
    DPPix,
    PixelGaussian,
    PixelLaplace,
    RandomizedResponse,
    ScalarShift,
)
from tfrwc.privacy.noise import insecure_test_key, new_key
from tfrwc.privacy.statement import Statement

__all__ = [
    "DPSVD",
    "Audit",
    "DPPix",
    "PixelGaussian",
    "PixelLaplace",
    "RandomizedResponse",
    "ScalarShift",
    "Statement",
    "audit",
    "insecure_test_key",
    "new_key",
    "to_uint8",
]
