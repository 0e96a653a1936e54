"""Scores of disentanglement: which latents know about which factors.

>>> import numpy as np
>>> from tfrwc.disentangle import scores
>>> factors = np.random.default_rng(0).integers(0, 4, (2000, 2))
>>> round(scores.mig(factors + 0.0, factors), 2)
1.0

Every score takes `codes`, floats (n, latents), the means of q(z|x), and `factors`,
whole numbers (n, factors), of the same points in the same order. It returns numbers of
which 1 is perfect, and raises a ValueError for arrays of other shapes or types, for
codes that are not finite and for factors that never vary. Latents that never vary know
nothing.

The codes of a latent that collapsed are small, not constant, and with a little noise it
still takes part in every score. `live`, bools (latents,), says which ones count:
`live_latents` prunes as the FactorVAE paper does, ``sweep.rates_[i] > 0.1`` by
divergence; None has all of them count. Where none is live, nothing is known.

The definitions are those of the papers. Where the papers leave a choice open (bins,
estimators, sizes), it is that of Locatello et al. (ICML 2019), with two exceptions: the
BetaVAE and FactorVAE scores learn from 1,000 votes and are tested on as many, and SAP,
DCI and explicitness learn from one half of the points and are tested on the other. Each
score says where it is not as in its paper. `udr` needs no factors, but models of other
seeds.
"""

from tfrwc.disentangle.scores.beta_vae import beta_vae
from tfrwc.disentangle.scores.dci import DCI, dci
from tfrwc.disentangle.scores.explicitness import explicitness
from tfrwc.disentangle.scores.factor_vae import factor_vae
from tfrwc.disentangle.scores.irs import IRS, irs
from tfrwc.disentangle.scores.mig import mig
from tfrwc.disentangle.scores.modularity import modularity
from tfrwc.disentangle.scores.points import live_latents
from tfrwc.disentangle.scores.sap import sap
from tfrwc.disentangle.scores.udr import UDR, udr

__all__ = [
    "DCI",
    "IRS",
    "UDR",
    "beta_vae",
    "dci",
    "explicitness",
    "factor_vae",
    "irs",
    "live_latents",
    "mig",
    "modularity",
    "sap",
    "udr",
]
