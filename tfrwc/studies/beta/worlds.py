"""Trained β-VAEs in worlds whose exact answer is known."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np
from scipy.stats import norm

from tfrwc.datasets import mixing
from tfrwc.disentangle import BetaSweep, BetaVAE, nonlinear, theory
from tfrwc.dynamics.statistics import student_interval, variance_of_mean
from tfrwc.studies.beta import engine
from tfrwc.studies.beta.convergence import convergence
from tfrwc.studies.beta.measures import SMALL_RATE
from tfrwc.studies.beta.peaks import peak

Results = dict[str, Any]

SIGMA = 0.5
COSINES = (0.0, 0.6, 0.9)
# Where a β-VAE with a learned decoder lives: more dimensions and latents than factors.
DATA_DIMENSIONS, LATENTS = 5, 3
LINEAR_BETAS = tuple(2.0 ** np.arange(-2, 5.5, 0.5))
NONLINEAR_BETAS = tuple(2.0 ** np.arange(-0.5, 5.5, 0.5))
WORLDS = {
    "tanh": ("x = tanh(A s), cosine 0.6", mixing.tanh(theory.mixing(0.6))),
    "sum_and_squares": ("x = (s₁ + s₂, s₁² - s₂²)", mixing.sum_and_squares()),
    "product": ("x = (s₁ s₂, 0.3 (s₁ + s₂))", mixing.product(0.3)),
}
_TERMS = ("objective", "rate", "distortion")
_EXAMPLES, _HELD_OUT, _BLOCKS = 8192, 65_536, 64
# Where the sample has the covariance asked for, more examples tell no more.
_MATCHED = 4096
_CONFIDENCE = 0.95


def true_decoder(
    cosine: float,
    seeds: Sequence[int],
    epochs: int,
    path: Path | None,
) -> Results:
    """R2: encoders trained with the true decoder, against the exact F(β)."""
    A = theory.mixing(cosine)
    f = mixing.linear(A)

    def build(seed):
        return BetaVAE(
            2, 2, encoder="linear", decoder=_decoder(f), noise=SIGMA, seed=seed
        )

    trained = _inference(f, build, LINEAR_BETAS, seeds, epochs, 0.01, path)
    fine = 2.0 ** np.arange(-2, 5.01, 0.125)
    exact = theory.table(A, SIGMA, fine)
    best = theory.optimal_beta(A, SIGMA).beta
    return {
        "cosine": cosine,
        "sigma": SIGMA,
        "reference": exact[["beta", "log_q", "mse", "kl_qp"]].to_dict("list"),
        "trained": trained.rows,
        "convergence": trained.convergence,
        "optimum": trained.optimum(best),
    }


def learned_decoder(
    cosine: float,
    seeds: Sequence[int],
    epochs: int,
    path: Path | None,
) -> Results:
    """R3: linear β-VAEs that learn their decoder, against the exact optimum.

    The sample is made so that its covariance is the true one, which is all that R3
    depends on; what is left of the difference is that of training.
    """
    A = theory.mixing(cosine, n=DATA_DIMENSIONS)

    def build(seed):
        return BetaVAE(
            DATA_DIMENSIONS, LATENTS, encoder="linear", noise=SIGMA, seed=seed
        )

    sweep = BetaSweep(
        LINEAR_BETAS,
        seeds,
        build,
        epochs=epochs,
        batch_size=256,
        learning_rate=0.01,
    )
    engine.fit(sweep, _matched(A), path)
    optima = [
        theory.linear_optimum(A, SIGMA, SIGMA, beta, LATENTS) for beta in LINEAR_BETAS
    ]
    exact = [
        {
            "beta": beta,
            "rates": list(optimum.rates),
            "active_latents": optimum.active_latents,
        }
        | {name: getattr(optimum, name) for name in _TERMS}
        for beta, optimum in zip(LINEAR_BETAS, optima, strict=True)
    ]
    rates = np.sort(sweep.rates_, axis=1)[:, ::-1]
    table = sweep.to_frame()[["beta", "seed", *_TERMS, "active_latents"]]
    trained = [
        row | {"rates": list(r)}
        for row, r in zip(table.to_dict("records"), rates, strict=True)
    ]
    return {
        "cosine": cosine,
        "sigma": SIGMA,
        "exact": exact,
        "collapse_betas": list(optima[0].collapse_betas),
        "trained": trained,
        "convergence": convergence(sweep.history_),
        "largest_error": largest_errors(exact, trained),
        "largest_error_of_means": errors_of_means(exact, trained),
    }


def largest_errors(
    exact: Sequence[Results], trained: Sequence[Results]
) -> dict[str, float]:
    """Largest relative errors of a model, β from 0.5 to 16; of small rates in nats."""
    optima = {row["beta"]: row for row in exact}
    between = [row for row in trained if 0.5 <= row["beta"] <= 16]
    values = np.array([[row[name] for name in _TERMS] for row in between])
    expected = np.array(
        [[optima[row["beta"]][name] for name in _TERMS] for row in between]
    )
    error, expected = np.abs(values - expected), np.abs(expected)
    small = expected[:, 1] < SMALL_RATE
    return {
        "objective": (error[:, 0] / expected[:, 0]).max(),
        "rate": (error[~small, 1] / expected[~small, 1]).max(),
        "distortion": (error[:, 2] / expected[:, 2]).max(),
        "small_rate_in_nats": error[small, 1].max(),
    }


def errors_of_means(
    exact: Sequence[Results], trained: Sequence[Results]
) -> dict[str, float]:
    """Largest relative errors of means over seeds, β from 0.5 to 16, at every rate
    above 0."""
    largest = dict.fromkeys(_TERMS, 0.0)
    for row in exact:
        if not 0.5 <= row["beta"] <= 16:
            continue
        for name in largest:
            mean = np.mean([t[name] for t in trained if t["beta"] == row["beta"]])
            if row[name]:
                error = abs(mean / row[name] - 1)
                largest[name] = float(max(largest[name], error))
    return largest


def nonlinear_world(
    name: str,
    seeds: Sequence[int],
    epochs: int,
    path: Path | None,
) -> Results:
    """Encoders trained with a true nonlinear decoder, against the ideal ones."""
    formula, f = WORLDS[name]

    def build(seed):
        return BetaVAE(
            2, 2, encoder="dense", decoder=_decoder(f), noise=SIGMA, seed=seed
        )

    trained = _inference(f, build, NONLINEAR_BETAS, seeds, epochs, 2e-3, path)
    ideal = nonlinear.table(f, SIGMA, NONLINEAR_BETAS)
    best = peak(NONLINEAR_BETAS, ideal.log_q.to_numpy())
    return {
        "world": name,
        "formula": formula,
        "sigma": SIGMA,
        "reference": ideal[["beta", "log_q", "mse", "kl_qp"]].to_dict("list"),
        "trained": trained.rows,
        "convergence": trained.convergence,
        "optimum": trained.optimum(best),
    }


@dataclass(frozen=True, eq=False)
class _Inference:
    """What trained members infer from held-out data.

    Attributes:
        betas: in ascending order.
        rows: a dict for each member.
        blocks: log q(s|x) per latent, means of blocks of the data (betas, seeds,
            blocks).
        convergence: of their trainings, see `tfrwc.studies.beta.convergence`.
    """

    betas: Sequence[float]
    rows: list[Results]
    blocks: np.ndarray
    convergence: Results = field(default_factory=dict)

    def optimum(self, exact: float) -> Results:
        """The best β, with a 95 % interval over seeds and blocks of the data.

        It is Student's, of log β: what resamples of so few seeds leave out is allowed
        for. The variance is that over seeds, of the peaks of each, and that over blocks
        of the data, by the jackknife. With one seed there is none.
        """
        count = self.blocks.shape[2]
        best = float(peak(self.betas, self.blocks.mean(axis=(1, 2))))
        of_seeds = np.log(peak(self.betas, self.blocks.mean(axis=2)))
        blocks = self.blocks.mean(axis=1)
        without = blocks.sum(axis=1, keepdims=True) - blocks
        of_rest = np.log(peak(self.betas, without / (count - 1)))
        jackknife = (count - 1) * np.var(of_rest)
        half, _ = student_interval(
            np.log(best),
            [variance_of_mean(of_seeds), (jackknife, count - 1)],
            _CONFIDENCE,
        )
        low, high = best * np.exp([-half, half])
        return {
            "measure": "log_q",
            "exact": float(exact),
            "trained": best,
            "low": float(low),
            "high": float(high),
            "contains_exact": bool(low <= exact <= high),
            "relative_error": abs(best / exact - 1),
        }


def _inference(f, build, betas, seeds, epochs, learning_rate, path):
    _, x = mixing.sample(f, SIGMA, _EXAMPLES, seed=0)
    factors, held_out = mixing.sample(f, SIGMA, _HELD_OUT, seed=1)
    sweep = BetaSweep(
        betas,
        seeds,
        build,
        epochs=epochs,
        batch_size=128,
        learning_rate=learning_rate,
    )
    engine.fit(sweep, x, path)
    rows, blocks = [], []
    for row, mean, scale in zip(
        sweep.to_frame().itertuples(), *sweep.posteriors(held_out), strict=True
    ):
        log_q = norm.logpdf(factors, mean, scale).mean(axis=1)
        blocks.append(log_q.reshape(_BLOCKS, -1).mean(axis=1))
        rows.append(
            {"beta": row.beta, "seed": row.seed, "log_q": float(log_q.mean())}
            | {"mse": float(np.square(factors - mean).mean())}
            | {"rate": row.rate, "distortion": row.distortion}
        )
    shape = (len(betas), len(seeds), _BLOCKS)
    found = convergence(sweep.history_)
    return _Inference(betas, rows, np.reshape(blocks, shape), found)


def _decoder(f):
    return lambda z: f(z, keras.ops)


def _matched(A):
    """A sample whose mean is 0 and whose covariance is AAᵀ + σ²I, up to rounding."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(_MATCHED, len(A)))
    x -= x.mean(axis=0)
    whiten = np.linalg.inv(np.linalg.cholesky(np.cov(x.T, bias=True)))
    true = np.linalg.cholesky(A @ A.T + SIGMA**2 * np.eye(len(A)))
    return (x @ whiten.T @ true.T).astype(np.float32)
