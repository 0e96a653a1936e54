"""Train a β-VAE for every β and seed at once.

>>> from tfrwc.disentangle import BetaSweep, BetaVAE
>>> def build(seed):
...     return BetaVAE(shape=2, n_latents=2, encoder="linear", noise=0.5, seed=seed)
>>> sweep = BetaSweep(betas=[0.5, 1, 2, 4], seeds=range(3), build=build)
>>> sweep.fit(x).to_frame()                                     # doctest: +SKIP

All members are one stack of weights and one compiled program. Where a single small
model leaves the machine idle between its operations, which is so for linear and dense
networks, the whole sweep takes little longer than one of them.
"""

from tfrwc.disentangle.sweep.beta_sweep import BetaSweep

__all__ = ["BetaSweep"]
