"""BetaSweep against the same models fitted one after another in Keras.

    python benchmarks/beta_sweep.py

8 values of β times 4 seeds of a linear and a dense architecture, 2 times 2 of a
convolutional one: the sweep, and BetaVAE.compile and fit of each member with the same
optimizer, learning rates, batch size and number of steps. Seconds include building and
tracing the models, and the sweep's evaluation. Prints and writes (beta_sweep.json) both
times, their ratio, and how far the final losses, over all examples with many draws of
z, are from each other: the two see different noise and orders of examples, so they
agree as two seeds do. The arithmetic of convolutions fills the processor whichever way
it is run, so they gain little.
"""

import json
import os
import platform
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

from tfrwc import __version__
from tfrwc.datasets import sprites
from tfrwc.disentangle import BetaSweep, BetaVAE, theory

BETAS = [0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0, 5.6]
SEEDS = [0, 1, 2, 3]
SIGMA, EXAMPLES, BATCH, RATE = 0.5, 4096, 64, 5e-3
A = theory.mixing(cosine=0.6, n=5)
DRAWS = 16


def data():
    rng = np.random.default_rng(0)
    factors = rng.normal(size=(EXAMPLES, 2))
    x = factors @ A.T + SIGMA * rng.normal(size=(EXAMPLES, 5))
    return x.astype(np.float32)


def images():
    return sprites.generate().pixels[::4]


def fit_alone(build, beta, seed, x, epochs):
    """Loss over all x of a member trained by Keras, and the seconds that it took."""
    keras.utils.set_random_seed(seed)
    began = time.perf_counter()
    vae = build(seed)
    vae.beta = beta
    steps = epochs * (len(x) // BATCH)
    vae.compile(
        keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(RATE, steps)),
        jit_compile=False,
    )
    vae.fit(x, batch_size=BATCH, epochs=epochs, verbose=0)
    seconds = time.perf_counter() - began
    many = np.repeat(x, DRAWS, axis=0)
    found = vae.evaluate(many, batch_size=4096, verbose=0, return_dict=True)
    return found["loss"], seconds


def compare(encoder, x, betas, seeds, epochs):
    def build(seed):
        return BetaVAE(x.shape[1:], 3, encoder=encoder, noise=SIGMA, seed=seed)

    began = time.perf_counter()
    sweep = BetaSweep(
        betas, seeds, build, epochs=epochs, batch_size=BATCH, learning_rate=RATE
    ).fit(x)
    together = time.perf_counter() - began
    frame = sweep.to_frame()
    alone = [
        fit_alone(build, row.beta, row.seed, x, epochs) for row in frame.itertuples()
    ]
    losses = np.array([loss for loss, _ in alone])
    frame["alone"] = losses
    of_beta = frame.groupby("beta")[["objective", "alone"]].mean()
    seconds = sum(seconds for _, seconds in alone)
    apart = np.abs(-of_beta.objective / of_beta.alone - 1)
    result = {
        "members": len(frame),
        "epochs": epochs,
        "steps": epochs * (len(x) // BATCH),
        "seconds_together": round(together, 1),
        "seconds_one_after_another": round(seconds, 1),
        "ratio": round(seconds / together, 1),
        "ms_per_step_together": round(together / epochs / (len(x) // BATCH) * 1e3, 2),
        "largest_relative_difference_of_loss": float(
            np.abs(-frame.objective / losses - 1).max()
        ),
        "largest_relative_difference_of_mean_loss": float(apart.max()),
    }
    print(encoder, json.dumps(result, indent=1), flush=True)
    return result


def main():
    results = {
        "machine": f"{os.cpu_count()} cores, {platform.machine()}",
        "versions": {
            "tfrwc": __version__,
            "keras": keras.__version__,
            "python": platform.python_version(),
        },
        "linear": compare("linear", data(), BETAS, SEEDS, epochs=20),
        "dense": compare("dense", data(), BETAS, SEEDS, epochs=20),
        "conv": compare("conv", images(), BETAS[::4], SEEDS[:2], epochs=8),
    }
    path = Path(__file__).with_suffix(".json")
    path.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
