"""What freezing by `suggest_freeze` saves and costs, on Fashion-MNIST.

    TFRWC_DATA_DIR=... python benchmarks/freeze.py

For each seed, a narrow ResNet-18 is trained for the first half of the epochs and
recorded every 12 steps. From there, with the same weights and a new optimizer, it is
trained on:

- ``nothing``: with no layer frozen;
- ``suggested prefix``: the kernels marked in_prefix frozen, with the normalisation
  and bias parameters of the same depth;
- ``suggested``: all suggested kernels frozen in that way;
- ``random``: as many kernels as are suggested, drawn at random;
- ``first``: as many, from the beginning of the network: what any prefix of that
  size saves, whatever the advice.

Prints and writes (freeze.json; freeze.png is a picture of it) the time per epoch of the
second half (median, the first epoch, which compiles, left out) and the test accuracy at
the end, as differences from ``nothing`` of the same seed, with means and 95 %
t-intervals over the seeds. An arm that would freeze no layer is not trained: it is
``nothing``. `--images`, `--epochs` and `--seeds` make it smaller, for a try (then with
`--out`).
"""

import argparse
import json
import os
import platform
import statistics
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from scipy.stats import t as student

from tfrwc import RWCCallback, __version__, datasets, models
from tfrwc.dynamics import suggest_freeze
from tfrwc.recording.watch import tensors
from tfrwc.report.titled import png, titled
from tfrwc.studies.dynamics.claims.near_optimum import near_optimum
from tfrwc.studies.dynamics.figures.freezing import freezing, title
from tfrwc.studies.dynamics.verdicts import sentence

NETWORK, DATASET = "resnet18_narrow", "fashion_mnist"


class Seconds(keras.callbacks.Callback):
    """Seconds of the training pass of each epoch."""

    def __init__(self):
        super().__init__()
        self.each = []

    def on_epoch_begin(self, epoch, logs=None):
        self._began = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.each.append(time.perf_counter() - self._began)


def compiled(images, frozen_depths=()):
    """A network with all layers frozen that have weights at these depths."""
    settings = models.published_settings(NETWORK, DATASET)
    model = models.build(
        NETWORK, images.image_shape, len(images.class_names), settings.weight_decay
    )
    at = {}
    for tensor in tensors(model):
        at.setdefault(tensor.path.split("/")[0], set()).add(tensor.depth)
    for name, depths in at.items():
        model.get_layer(name).trainable = not depths <= set(frozen_depths)
    # At a tenth of the published rate, a few epochs on few images settle.
    model.compile(
        keras.optimizers.SGD(settings.learning_rate / 10, settings.momentum),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
        jit_compile=False,
    )
    return model


def train(model, images, first, last, seed, *callbacks):
    keras.utils.set_random_seed(seed)
    model.fit(
        images["x"],
        images["y"],
        batch_size=128,
        initial_epoch=first,
        epochs=last,
        verbose=0,
        callbacks=list(callbacks),
    )


def one_seed(seed, images, train_images, epochs):
    keras.utils.set_random_seed(seed)
    model, recorder = compiled(images), RWCCallback(every=12)
    train(model, train_images, 0, epochs // 2, seed, recorder)
    halfway = model.get_weights()
    advice = suggest_freeze(recorder.recording)
    depths = np.unique(advice["depth"])
    suggested = np.unique(advice["depth"][advice["suggested"]])
    rng = np.random.default_rng(seed)
    arms = {
        "nothing": [],
        "suggested prefix": np.unique(advice["depth"][advice["in_prefix"]]),
        "suggested": suggested,
        "random": np.sort(rng.choice(depths, len(suggested), replace=False)),
        "first": depths[: len(suggested)],
    }
    rows = []
    for arm, frozen in arms.items():
        row = {"seed": seed, "arm": arm, "frozen": [int(depth) for depth in frozen]}
        if not row["frozen"] and arm != "nothing":
            rows.append(rows[0] | row)
            continue
        model, seconds = compiled(images, row["frozen"]), Seconds()
        model.set_weights(halfway)
        train(model, train_images, epochs // 2, epochs, seed + 1, seconds)
        kept = sum(int(np.prod(v.shape)) for v in model.trainable_variables)
        loss, accuracy = model.evaluate(images.x_test, images.y_test, 500, verbose=0)
        row |= {
            "epoch_seconds": statistics.median(seconds.each[1:]),
            "accuracy": accuracy,
            "loss": loss,
            "trained_weights": kept,
        }
        rows.append(row)
        print(
            f"seed {seed}, {arm}: {len(frozen)} of {len(depths)} frozen, "
            f"{row['epoch_seconds']:.2f} s an epoch, accuracy {accuracy:.4f}",
            flush=True,
        )
    table = json.loads(advice.to_json(orient="records"))
    return rows, table


def interval(values):
    """Mean and 95 % t-interval over seeds; None for the ends of a single seed."""
    mean, count = statistics.mean(values), len(values)
    if count < 2:
        return {"mean": mean, "low": None, "high": None}
    half = student.ppf(0.975, count - 1) * statistics.stdev(values) / count**0.5
    return {"mean": mean, "low": mean - half, "high": mean + half}


def summary(rows):
    """Each arm against ``nothing`` of the same seed."""
    plain = {row["seed"]: row for row in rows if row["arm"] == "nothing"}
    result = {}
    for arm in dict.fromkeys(row["arm"] for row in rows):
        pairs = [(row, plain[row["seed"]]) for row in rows if row["arm"] == arm]
        result[arm] = {
            "frozen_kernels": [len(row["frozen"]) for row, _ in pairs],
            "time_saved": interval(
                [1 - a["epoch_seconds"] / b["epoch_seconds"] for a, b in pairs]
            ),
            "accuracy_lost": interval(
                [b["accuracy"] - a["accuracy"] for a, b in pairs]
            ),
            "accuracy": interval([a["accuracy"] for a, _ in pairs]),
        }
    return result


def picture(result, path):
    """What freezing saved and cost, with what was found above it."""
    path.write_bytes(png(titled(freezing(result), title(result))))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--images", type=int, default=6000)
    parser.add_argument("--epochs", type=int, default=16)
    parser.add_argument("--seeds", type=int, default=3)
    default = Path(__file__).with_name("freeze.json")
    parser.add_argument("--out", type=Path, default=default)
    options = parser.parse_args()
    images = datasets.load(DATASET)
    part = {
        "x": images.x_train[: options.images],
        "y": images.y_train[: options.images],
    }
    rows, advice = [], {}
    began = time.perf_counter()
    for seed in range(options.seeds):
        found, advice[seed] = one_seed(seed, images, part, options.epochs)
        rows += found
    result = {
        "command": "python benchmarks/freeze.py",
        "tfrwc": __version__,
        "keras": keras.__version__,
        "machine": f"{os.cpu_count()} cores, {platform.machine()}",
        "network": NETWORK,
        "dataset": f"{DATASET} ({images.origin})",
        "images": options.images,
        "epochs": options.epochs,
        "seconds": time.perf_counter() - began,
        "against_nothing": summary(rows),
        "rows": rows,
        "advice": advice,
    }
    options.out.write_text(json.dumps(result, indent=1) + "\n")
    picture(result, options.out.with_suffix(".png"))
    for arm, found in result["against_nothing"].items():
        print(arm, json.dumps(found))
    print(sentence(near_optimum(result)))


if __name__ == "__main__":
    main()
