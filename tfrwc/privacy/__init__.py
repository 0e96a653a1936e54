"""Private images: mechanisms with honest guarantees, and statements that say them.

>>> from tfrwc.privacy import PixelLaplace
>>> print(PixelLaplace(scale=255.0).statement((8, 8)).per_value_epsilon)
1.0

Private training (`make_private`), which needs TensorFlow, and attacks on trained models
are loaded when they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from tfrwc.privacy.attack.audit import Audit, audit
from tfrwc.privacy.noise import insecure_test_key, new_key
from tfrwc.privacy.release.mechanism import to_uint8
from tfrwc.privacy.release.mechanisms import (
    DPSVD,
    DPPix,
    PixelGaussian,
    PixelLaplace,
    RandomizedResponse,
    ScalarShift,
)
from tfrwc.privacy.release.statement import Statement
from tfrwc.privacy.sgd.statement import TrainingStatement

if TYPE_CHECKING:
    from tfrwc.privacy.attack.canaries import audit_canaries, audit_runs, make_canaries
    from tfrwc.privacy.attack.membership.inference import membership_inference
    from tfrwc.privacy.sgd.batch_norm import replace_batch_norm
    from tfrwc.privacy.sgd.make_private import make_private
    from tfrwc.privacy.sgd.private_model import PrivateModel
    from tfrwc.privacy.sgd.sampling import poisson_batches

__all__ = [
    "DPSVD",
    "Audit",
    "DPPix",
    "PixelGaussian",
    "PixelLaplace",
    "PrivateModel",
    "RandomizedResponse",
    "ScalarShift",
    "Statement",
    "TrainingStatement",
    "audit",
    "audit_canaries",
    "audit_runs",
    "insecure_test_key",
    "make_canaries",
    "make_private",
    "membership_inference",
    "new_key",
    "poisson_batches",
    "replace_batch_norm",
    "to_uint8",
]

_HOMES = {
    "PrivateModel": "sgd.private_model",
    "make_private": "sgd.make_private",
    "poisson_batches": "sgd.sampling",
    "replace_batch_norm": "sgd.batch_norm",
    "audit_canaries": "attack.canaries",
    "audit_runs": "attack.canaries",
    "make_canaries": "attack.canaries",
    "membership_inference": "attack.membership.inference",
}


def __getattr__(name):
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted(__all__)
