"""What RWCCallback at epoch level adds to the time of fit, on MNIST.

    TFRWC_DATA_DIR=... python benchmarks/callback_overhead.py

Trains a small dense network on the 60,000 images for 3 epochs, in turn without and
with the callback, in one process, and prints and writes (callback_overhead.json):

- the time spent inside the callback's methods, first record and tracing included,
  as a share of the rest of the same fit; this is the figure of merit, since whole
  fits differ by more than it from run to run;
- the median time of fit with and without, and their ratio.

Needs TFRWC_DATA_DIR, or MNIST by TFDS.
"""

import gc
import json
import os
import platform
import statistics
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras

from tfrwc import RWCCallback, __version__, datasets

ROUNDS, EPOCHS, BATCH = 5, 3, 128


class Timed(RWCCallback):
    """Adds up the time spent in the callback's own methods."""

    seconds = 0.0


def _timed(name):
    method = getattr(RWCCallback, name)

    def wrapper(self, *args, **kwargs):
        began = time.perf_counter()
        try:
            return method(self, *args, **kwargs)
        finally:
            self.seconds += time.perf_counter() - began

    return wrapper


for hook in ("on_train_begin", "on_epoch_begin", "on_epoch_end", "on_train_end"):
    setattr(Timed, hook, _timed(hook))


def network():
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.layers.Input((28, 28, 1)),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Flatten(),
            keras.layers.Dense(128, "relu"),
            keras.layers.Dense(10, "softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def fit(images, callbacks):
    model = network()
    gc.collect()  # so that a full collection does not fall into one fit by chance
    began = time.perf_counter()
    model.fit(
        images.x_train,
        images.y_train,
        batch_size=BATCH,
        epochs=EPOCHS,
        verbose=0,
        callbacks=callbacks,
    )
    return time.perf_counter() - began


def main():
    images = datasets.load("mnist")
    fit(images, [])  # warms the libraries up; counts for neither
    plain, watched, inside = [], [], []
    for _ in range(ROUNDS):
        plain.append(fit(images, []))
        callback = Timed()
        watched.append(fit(images, [callback]))
        inside.append(callback.seconds)
        assert len(callback.recording) == EPOCHS
    shares = [s / (t - s) for s, t in zip(inside, watched, strict=True)]
    result = {
        "command": "python benchmarks/callback_overhead.py",
        "tfrwc": __version__,
        "keras": keras.__version__,
        "backend": keras.backend.backend(),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}",
        "images": len(images.x_train),
        "epochs": EPOCHS,
        "batch_size": BATCH,
        "fit_seconds": plain,
        "fit_with_callback_seconds": watched,
        "inside_callback_seconds": inside,
        "inside_callback_share": shares,
        "median_share": statistics.median(shares),
        "largest_share": max(shares),
        "ratio_of_median_fits": statistics.median(watched) / statistics.median(plain),
    }
    print(f"fit                 {statistics.median(plain):8.3f} s (median of {ROUNDS})")
    print(f"fit with callback   {statistics.median(watched):8.3f} s")
    print(f"inside the callback {statistics.median(inside):8.4f} s")
    print(f"share of fit        {result['median_share']:8.3%} (median)")
    print(f"                    {result['largest_share']:8.3%} (largest)")
    path = Path(__file__).with_name("callback_overhead.json")
    path.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
