"""What noise="secure" costs a private training step.

    python benchmarks/secure_noise.py

For each network, in one process and on the same random batch, prints and writes
(secure_noise.json) milliseconds of a step of `make_private`, the median of `STEPS`
after a first one that compiles, in turn with the noise of TensorFlow's generator and
with that of AES-256-CTR, and their ratio; and nanoseconds per number of either
generator alone, the best of `ROUNDS`.
"""

import json
import os
import platform
import statistics
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
from dp_sgd_keras import tensors

from tfrwc import __version__
from tfrwc.privacy import make_private
from tfrwc.privacy.sgd.noise import NoiseKey

CASES = {"small_cnn": ((28, 28, 1), 128), "resnet18": ((28, 28, 1), 128)}
GENERATORS = ("fast", "secure")
STEPS = 7
ROUNDS = 5
NUMBERS = 2**22


def private(network, shape, batch, noise):
    model = make_private(
        keras.Model(*tensors(keras, network, shape)),
        noise_multiplier=1.0,
        batch_size=batch,
        train_size=8 * batch,
        noise=noise,
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.1), loss)
    return model


def step_seconds(network, shape, batch):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(batch, *shape)).astype(np.float32)
    y = rng.integers(0, 2, batch)
    models = {noise: private(network, shape, batch, noise) for noise in GENERATORS}
    times = {noise: [] for noise in GENERATORS}
    for step in range(STEPS + 1):
        for noise, model in models.items():
            began = time.perf_counter()
            model.train_on_batch(x, y)
            if step:
                times[noise].append(time.perf_counter() - began)
    parameters = models["fast"].model.count_params()
    return parameters, {n: statistics.median(part) for n, part in times.items()}


def number_seconds(noise):
    key = NoiseKey(None, noise)
    draw = tf.function(lambda: key.standard_normal([tf.TensorShape([NUMBERS])]))
    times = []
    for _ in range(ROUNDS + 1):
        began = time.perf_counter()
        draw()[0].numpy()
        times.append(time.perf_counter() - began)
    return min(times[1:])


def main():
    results = {"steps": {}, "nanoseconds_per_number": {}}
    for noise in GENERATORS:
        nanoseconds = number_seconds(noise) / NUMBERS * 1e9
        results["nanoseconds_per_number"][noise] = round(nanoseconds, 2)
        print(f"{noise}: {nanoseconds:.1f} ns per number")
    for network, case in CASES.items():
        parameters, seconds = step_seconds(network, *case)
        row = {"parameters": parameters, "batch": case[1]}
        row |= {f"{n}_milliseconds": round(s * 1e3, 1) for n, s in seconds.items()}
        row["ratio"] = round(seconds["secure"] / seconds["fast"], 3)
        results["steps"][network] = row
        print(network, row)
    results["machine"] = {
        "tfrwc": __version__,
        "keras": keras.__version__,
        "tensorflow": tf.__version__,
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
    }
    path = Path(__file__).with_suffix(".json")
    path.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
