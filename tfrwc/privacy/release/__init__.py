"""Mechanisms that release images with noise, and what each of them guarantees.

One module per mechanism. From the ground up: `images` and `statement`, `mechanism` and
`guaranteed` with the base classes, `registry`, the mechanisms, and `catalogue`, which
finds them. Published in "Benchmarking Differentially Private Residual Networks for
Medical Imagery" (arXiv:2005.13099) and the work it cites.
"""

from typing import TYPE_CHECKING

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["catalogue"],
    submod_attrs={
        "catalogue": ["register", "standard_mechanism", "standard_names"],
        "guaranteed": ["Guaranteed"],
        "mechanism": ["Mechanism", "NoGuarantee"],
    },
)

if TYPE_CHECKING:
    from tfrwc.privacy.release import catalogue as catalogue
    from tfrwc.privacy.release.catalogue import register as register
    from tfrwc.privacy.release.catalogue import standard_mechanism as standard_mechanism
    from tfrwc.privacy.release.catalogue import standard_names as standard_names
    from tfrwc.privacy.release.guaranteed import Guaranteed as Guaranteed
    from tfrwc.privacy.release.mechanism import Mechanism as Mechanism
    from tfrwc.privacy.release.mechanism import NoGuarantee as NoGuarantee
