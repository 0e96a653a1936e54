"""Which β a β-VAE should have: exact theory, trained models, scores.

>>> from tfrwc.disentangle import theory
>>> round(theory.optimal_beta(theory.mixing(cosine=0.6), sigma=0.5).beta, 2)
1.21

The theory and the scores do not import TensorFlow; each name is loaded when it is first
used.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tfrwc.disentangle import nonlinear, scores, theory
    from tfrwc.disentangle.beta_vae import BetaVAE
    from tfrwc.disentangle.sweep import BetaSweep

__all__ = ["BetaSweep", "BetaVAE", "nonlinear", "scores", "theory"]

_HOMES = {"BetaSweep": "sweep", "BetaVAE": "beta_vae"}


def __getattr__(name):
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    if name in __all__:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted(__all__)
