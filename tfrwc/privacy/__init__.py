"""Private images and private training, with statements of what is guaranteed.

>>> from tfrwc.privacy import PixelLaplace
>>> print(PixelLaplace(scale=255.0).statement((8, 8)).per_value_epsilon)
1.0

Names are loaded when they are first used, so that TensorFlow, which private training
needs, is not loaded by releasing images.
"""

from typing import TYPE_CHECKING

import lazy_loader

# Each kind of statement is known once its module is loaded; these need little.
from tfrwc.privacy.composed import ComposedStatement as ComposedStatement
from tfrwc.privacy.composed_training import ComposedTraining as ComposedTraining
from tfrwc.privacy.release.statement import Statement as Statement
from tfrwc.privacy.sgd.statement import TrainingStatement as TrainingStatement

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["accounting", "attack", "keys", "noise", "release", "sgd"],
    submod_attrs={
        "accounting": ["bounds"],
        "attack.audit": ["Audit", "audit"],
        "attack.canaries": ["audit_canaries", "audit_runs", "make_canaries"],
        "attack.membership.inference": ["membership_inference"],
        "composed": ["ComposedStatement"],
        "composed_training": ["ComposedTraining"],
        "composition": ["compose"],
        "guarantee": ["EpsilonDelta"],
        "noise": ["insecure_test_key", "new_key"],
        "release": ["catalogue"],
        "release.catalogue": ["register"],
        "release.dp_svd": ["DPSVD"],
        "release.dppix": ["DPPix"],
        "release.images": ["to_uint8"],
        "release.pixel_gaussian": ["PixelGaussian"],
        "release.pixel_laplace": ["PixelLaplace"],
        "release.randomized_response": ["RandomizedResponse"],
        "release.scalar_shift": ["ScalarShift"],
        "release.statement": ["Statement"],
        "sgd.batch_norm": ["replace_batch_norm"],
        "sgd.make_private": ["make_private"],
        "sgd.private_model": ["PrivateModel"],
        "sgd.sampling": ["poisson_batches"],
        "sgd.statement": ["TrainingStatement"],
        "statement": ["read_statement", "write_statement"],
    },
)

if TYPE_CHECKING:
    from tfrwc.privacy import accounting as accounting
    from tfrwc.privacy import attack as attack
    from tfrwc.privacy import keys as keys
    from tfrwc.privacy import noise as noise
    from tfrwc.privacy import release as release
    from tfrwc.privacy import sgd as sgd
    from tfrwc.privacy.accounting import bounds as bounds
    from tfrwc.privacy.attack.audit import Audit as Audit
    from tfrwc.privacy.attack.audit import audit as audit
    from tfrwc.privacy.attack.canaries import audit_canaries as audit_canaries
    from tfrwc.privacy.attack.canaries import audit_runs as audit_runs
    from tfrwc.privacy.attack.canaries import make_canaries as make_canaries
    from tfrwc.privacy.attack.membership.inference import (
        membership_inference as membership_inference,
    )
    from tfrwc.privacy.composition import compose as compose
    from tfrwc.privacy.guarantee import EpsilonDelta as EpsilonDelta
    from tfrwc.privacy.noise import insecure_test_key as insecure_test_key
    from tfrwc.privacy.noise import new_key as new_key
    from tfrwc.privacy.release import catalogue as catalogue
    from tfrwc.privacy.release.catalogue import register as register
    from tfrwc.privacy.release.dp_svd import DPSVD as DPSVD
    from tfrwc.privacy.release.dppix import DPPix as DPPix
    from tfrwc.privacy.release.images import to_uint8 as to_uint8
    from tfrwc.privacy.release.pixel_gaussian import PixelGaussian as PixelGaussian
    from tfrwc.privacy.release.pixel_laplace import PixelLaplace as PixelLaplace
    from tfrwc.privacy.release.randomized_response import (
        RandomizedResponse as RandomizedResponse,
    )
    from tfrwc.privacy.release.scalar_shift import ScalarShift as ScalarShift
    from tfrwc.privacy.sgd.batch_norm import replace_batch_norm as replace_batch_norm
    from tfrwc.privacy.sgd.make_private import make_private as make_private
    from tfrwc.privacy.sgd.private_model import PrivateModel as PrivateModel
    from tfrwc.privacy.sgd.sampling import poisson_batches as poisson_batches
    from tfrwc.privacy.statement import read_statement as read_statement
    from tfrwc.privacy.statement import write_statement as write_statement
