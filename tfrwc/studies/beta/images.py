"""β-VAEs of sprites: what β does to scores, reconstructions and latents."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from joblib import Parallel, delayed

from tfrwc.datasets.catalogue import for_use
from tfrwc.datasets.sprites import Sprites
from tfrwc.disentangle import BetaSweep, BetaVAE
from tfrwc.disentangle.sweep.chance import codes_of
from tfrwc.recording.callback import RWCCallback
from tfrwc.recording.names import display_names
from tfrwc.studies.beta import engine
from tfrwc.studies.beta.convergence import convergence
from tfrwc.studies.beta.local_theory import fitted_optimum
from tfrwc.studies.beta.measures import LATENTS, LIVE, MEASURES
from tfrwc.studies.beta.objects import Grid, measured
from tfrwc.studies.beta.references import references
from tfrwc.studies.beta.scoring import ranked
from tfrwc.studies.epochs import fit

Results = dict[str, Any]

BETAS = {name: data_set.betas for name, data_set in for_use("factors").items()}
# Of Adam. With 0.001 dense networks take more than twice as long to converge.
_LEARNING_RATES = {"linear": 3e-3, "dense": 3e-3, "conv": 1e-3}
_SCORED = 4000
_TRAVERSED, _STEPS, _REACH = 6, 7, 2.0


def sweep(
    data: Sprites,
    betas: Sequence[float],
    encoder: str,
    seeds: Sequence[int],
    epochs: int,
    path: Path | None,
) -> tuple[Results, dict[str, np.ndarray], BetaSweep]:
    """Train over β and seeds; score the live latents of every member, and baselines.

    Args:
        data: the images, with their factors.
        betas: in ascending order.
        encoder: of `BetaVAE`, ``"dense"`` or ``"conv"``.
        seeds, epochs, path: of `BetaSweep`.

    Returns:
        results: a dict of plain data.
        pictures: uint8 traversals by β, of the first seed: (latents, steps, height,
            width), the latents with the highest rates, from -2 to 2; and "original".
        trained: the `BetaSweep`.
    """
    x = data.pixels

    def build(seed):
        return BetaVAE(
            x.shape[1:], LATENTS, encoder=encoder, likelihood="bernoulli", seed=seed
        )

    rate = _LEARNING_RATES[encoder]
    untrained = BetaSweep(betas, seeds, build, epochs=epochs, learning_rate=rate)
    trained = engine.fit(untrained, x, path)
    columns = ["beta", "seed", "log_likelihood", "rate", "distortion", "active_latents"]
    grid = Grid(data.factors, data.seen_factors, data.factor_names)
    some = np.random.default_rng(0).permutation(len(x))[:_SCORED]
    rows = [
        row | {"live_latents": int((rates > LIVE).sum()), "rates": rates} | found
        for row, rates, found in zip(
            trained.to_frame()[columns].to_dict("records"),
            trained.rates_,
            _scored(trained, x, grid, some),
            strict=True,
        )
    ]
    results = {
        "origin": data.origin,
        "count": len(x),
        "shape": list(x.shape[1:]),
        "encoder": encoder,
        "factors": list(data.factor_names),
        "scored_images": len(some),
        "rows": rows,
        "convergence": convergence(trained.history_),
        "baselines": references(data, encoder, seeds, trained, grid, some),
        "theory": _theory(trained, data),
    }
    return results, _traversals(trained, seeds[0], x), trained


def _scored(trained, x, grid, some):
    """What is `measured` of each member, and its UDR."""
    codes, scales = trained.posteriors(x)
    drawn = [codes_of(c, scale, 0) for c, scale in zip(codes, scales, strict=True)]
    live = trained.rates_ > LIVE
    found = Parallel(n_jobs=-1)(
        delayed(measured)(*arrays, grid, some)
        for arrays in zip(codes, drawn, live, strict=True)
    )
    # Members are in the order of β, and of one β in that of seeds.
    shape = (len(trained.betas), len(trained.seeds))
    some_codes = codes[:, some].reshape(*shape, len(some), -1)
    ranks = [
        ranked(of_beta, alive)
        for of_beta, alive in zip(some_codes, live.reshape(*shape, -1), strict=True)
    ]
    return [one | {"udr": u} for one, u in zip(found, np.ravel(ranks), strict=True)]


def _theory(trained, data):
    """The best β by the theory fitted to what each seed's model reconstructs, of the β
    that is nearest to 1: there the objective has the weights of the likelihood."""
    beta = min(trained.betas, key=lambda b: abs(np.log(b)))
    fitted = [
        fitted_optimum(data, _reconstruction(trained.member(beta, seed)))
        for seed in trained.seeds
    ]
    return {
        "at_beta": beta,
        "factors": fitted[0]["factors"],
        "seeds": list(trained.seeds),
        "betas": [found["beta"] for found in fitted],
        "correlations": [found["correlation"] for found in fitted],
    }


def _reconstruction(vae):
    def reconstruct(x):
        return keras.ops.convert_to_numpy(vae.reconstruct(x)["reconstruction"])

    return reconstruct


def highest(rows: Sequence[Results], measure: str) -> float:
    """The β with the best mean of a measure over seeds, be that chance or not."""
    betas = sorted({row["beta"] for row in rows})
    means = [np.mean([r[measure] for r in rows if r["beta"] == b]) for b in betas]
    return float(betas[int(np.argmax(MEASURES[measure] * np.array(means)))])


def collapse(
    data: Sprites,
    betas: Sequence[float],
    encoder: str,
    seed: int,
    epochs: int,
    path: str | os.PathLike[str],
) -> Results:
    """Which layers change when, while β rises and latents die one after another.

    β grows from the least of some to twice the greatest, by the same factor in each
    epoch; `RWCCallback` records the kernels.

    Returns:
        epochs; beta of each; rates (epochs, latents); layers; change, relative, of each
        (layers, epochs).
    """
    x = data.pixels
    batch = 64
    steps = -(-len(x) // batch)
    rise = keras.optimizers.schedules.ExponentialDecay(
        betas[0],
        steps,
        (2 * betas[-1] / betas[0]) ** (1 / (epochs - 1)),
        staircase=True,
    )
    vae = BetaVAE(
        x.shape[1:],
        LATENTS,
        beta=rise,
        encoder=encoder,
        likelihood="bernoulli",
        seed=seed,
    )
    vae.compile(keras.optimizers.Adam(1e-3), jit_compile=False)
    keras.utils.set_random_seed(seed)
    record, latents = RWCCallback(path), _Rates(x[:1024])
    fit(vae, x, batch_size=batch, epochs=epochs, callbacks=[record, latents])
    recording = record.recording
    return {
        "epochs": recording.epochs.tolist(),
        "beta": recording.logs["beta"].tolist(),
        "rates": latents.rates,
        "layers": display_names(recording.layers),
        "change": recording.values("l1_ratio").T.tolist(),
    }


class _Rates(keras.callbacks.Callback):
    """Rate of each latent after each epoch."""

    def __init__(self, x: np.ndarray) -> None:
        super().__init__()
        self.x = x
        self.rates: list[list[float]] = []

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        q = self.model.encode(self.x)
        mean = keras.ops.convert_to_numpy(q.mean())
        deviation = keras.ops.convert_to_numpy(q.stddev())
        rates = (mean**2 + deviation**2 - 1) / 2 - np.log(deviation)
        self.rates.append(rates.mean(axis=0).tolist())


def _traversals(trained, seed, x):
    """What each latent of the members of a seed does to one image's reconstruction."""
    rates = dict(
        zip(
            trained.to_frame()[["beta", "seed"]].itertuples(index=False, name=None),
            trained.rates_,
            strict=True,
        )
    )
    steps = np.linspace(-_REACH, _REACH, _STEPS)
    middle = len(x) // 2
    pictures = {"original": _bytes(x[middle, ..., 0])}
    for beta in trained.betas:
        vae = trained.member(beta, seed)
        base = keras.ops.convert_to_numpy(vae.encode(x[middle : middle + 1]).mean())
        order = np.argsort(rates[beta, seed])[::-1][:_TRAVERSED]
        codes = np.repeat(base, len(order) * _STEPS, axis=0)
        codes[np.arange(len(codes)), np.repeat(order, _STEPS)] = np.tile(
            steps, len(order)
        )
        decoded = keras.ops.convert_to_numpy(vae.decode(codes).mean())[..., 0]
        shape = (len(order), _STEPS, *decoded.shape[1:])
        pictures[f"{beta:g}"] = _bytes(decoded.reshape(shape))
    return pictures


def _bytes(images):
    return np.round(images * 255).astype(np.uint8)
