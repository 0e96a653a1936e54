"""Which β a β-VAE should have: exact theory, trained models, scores, recognition.

>>> from tfrwc.disentangle import theory
>>> round(theory.optimal_beta(theory.mixing(cosine=0.6), sigma=0.5).beta, 2)
1.21

The theory and the scores do not import TensorFlow; each name is loaded when it is first
used.
"""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from tfrwc.disentangle import (
        baselines,
        invariance,
        nonlinear,
        recognition,
        scores,
        theory,
    )
    from tfrwc.disentangle.beta_vae import BetaVAE
    from tfrwc.disentangle.sweep import BetaSweep

__all__ = [
    "BetaSweep",
    "BetaVAE",
    "baselines",
    "invariance",
    "nonlinear",
    "recognition",
    "scores",
    "theory",
]

__getattr__, __dir__, _ = lazy_loader.attach(
    __name__,
    submodules=[
        "baselines",
        "invariance",
        "nonlinear",
        "recognition",
        "scores",
        "theory",
    ],
    submod_attrs={"beta_vae": ["BetaVAE"], "sweep": ["BetaSweep"]},
)
