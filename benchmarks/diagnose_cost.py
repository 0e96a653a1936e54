"""What `RWCCallback(every=10, diagnose=True)` costs a step of `fit`.

    KERAS_BACKEND=jax python benchmarks/diagnose_cost.py

A dense network on MNIST (TFRWC_DATA_DIR), batches of 128, and ResNet-18 on 32 x 32 x 3,
batches of 32, without callbacks and with it, epoch by epoch in turns. The ratio is
the median of those within rounds, with its standard error. Adds the backend to
diagnose_cost.json beside this file.
"""

import json
import os
import warnings
from pathlib import Path

import keras
import numpy as np
from recording_worker import EpochSeconds, dense_network, resnet18

from tfrwc import RWCCallback, datasets

PATH = Path(__file__).with_suffix(".json")
BARS = {"dense network": 1.10, "ResNet-18": 1.05}


def cost(model, x, y, batch, rounds):
    clock = EpochSeconds()

    def fit(*callbacks):
        model.fit(x, y, batch_size=batch, verbose=0, callbacks=[*callbacks, clock])
        return clock.seconds.pop() / (len(x) // batch)

    kinds = {
        "plain": fit,
        "diagnosed": lambda: fit(RWCCallback(every=10, diagnose=True)),
    }
    for run in kinds.values():
        run()
    seconds = {name: [] for name in kinds}
    for number in range(rounds):
        for name in sorted(kinds, reverse=number % 2):
            seconds[name].append(kinds[name]())
    ratios = np.divide(seconds["diagnosed"], seconds["plain"])
    return {
        "plain step, seconds": float(np.median(seconds["plain"])),
        "diagnosed / plain": float(np.median(ratios)),
        "standard error": float(1.25 * np.std(ratios, ddof=1) / rounds**0.5),
    }


def main():
    images, rng = datasets.load("mnist"), np.random.default_rng(0)
    steps = 200
    dense = images.x_train[: steps * 128], images.y_train[: steps * 128]
    colours = rng.integers(0, 256, (320, 32, 32, 3)).astype("uint8")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of labels by chance nothing can be learned
        result = {
            "dense network": cost(dense_network(), *dense, 128, 30),
            "ResNet-18": cost(resnet18(), colours, rng.integers(0, 10, 320), 32, 7),
        }
    told = json.loads(PATH.read_text()) if PATH.exists() else {}
    told |= {
        "command": "KERAS_BACKEND=... python benchmarks/diagnose_cost.py",
        "machine": f"{os.cpu_count()} cores",
        "bars": BARS,
        keras.backend.backend(): result,
    }
    PATH.write_text(json.dumps(told, indent=1) + "\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
