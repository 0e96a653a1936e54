"""What a β-VAE infers at each β where the decoder is not linear, by integration.

The world: two factors s ~ N(0, I) and data x = f(s) + σ ε in R². The decoder is the
true f, held fixed; the encoder is ideal: for each x, of all q(z|x) = N(m, diag v), the
one that maximises

    E_q log N(x; f(z), η² I) - β KL(q(z|x) || N(0, I)),

which only the water level w = β η² decides.

>>> from tfrwc.datasets import mixing
>>> from tfrwc.disentangle import nonlinear, theory
>>> f = mixing.tanh(theory.mixing(cosine=0.6))
>>> round(nonlinear.optimal_beta(f, sigma=0.3).beta, 2)
1.38

For a linear f the results are those of `theory.inference_performance`. Where the true
posterior has several modes, q takes the best of them, and log_q falls steeply below
β = 1. Here q is wrong in its shape as well as in its independence: with an orthogonal
mixing inside tanh the true posterior is independent, and yet the optimal β is above 1.
"""

from tfrwc.disentangle.nonlinear.inference import inference_performance, table
from tfrwc.disentangle.nonlinear.optimum import optimal_beta

__all__ = ["inference_performance", "optimal_beta", "table"]
