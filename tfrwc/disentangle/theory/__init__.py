"""What a β-VAE infers at each β, exactly, where everything is linear and Gaussian.

The world: factors s ~ N(0, I_k) and data x = A s + σ ε in R^n. The model maximises

    E_q log N(x; D z, η² I) - β KL(q(z|x) || N(0, I)),   q = N(W x, V),

and only the water level w = β η² decides where the optimum is. A loss written
c |x - x̂|² + b KL has w = b / (2 c).

>>> from tfrwc.disentangle import theory
>>> A = theory.mixing(cosine=0.6)
>>> round(theory.optimal_beta(A, sigma=0.5).beta, 3)
1.214

The results R1 to R3 are this project's own derivations, checked in its tests against
direct optimisation and Monte Carlo; the question is that of arXiv:1912.05127.
"""

from tfrwc.disentangle.theory.inference import (
    ENCODERS,
    inference_performance,
    mixing,
    table,
)
from tfrwc.disentangle.theory.learned_decoder import LinearOptimum, linear_optimum
from tfrwc.disentangle.theory.optimum import Optimum, optimal_beta, variance_inflation

__all__ = [
    "ENCODERS",
    "LinearOptimum",
    "Optimum",
    "inference_performance",
    "linear_optimum",
    "mixing",
    "optimal_beta",
    "table",
    "variance_inflation",
]
