"""One process of recording.py: what recording costs under one backend of Keras.

    KERAS_BACKEND=... python benchmarks/recording_worker.py RESULT.json

Needs TFRWC_DATA_DIR, or MNIST by TFDS.
"""

import json
import os
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

from tfrwc import RWCCallback, __version__, datasets, models
from tfrwc.recording import backends

REPEATS = 25


def in_turns(functions, repeats=REPEATS):
    """Seconds of each function in each of some rounds, by name.

    To and fro, so that what slows the machine down for a while hits each.
    """
    seconds = {name: [] for name in functions}
    for number in range(repeats):
        for name in functions if number % 2 else reversed(functions):
            began = time.perf_counter()
            functions[name]()
            seconds[name].append(time.perf_counter() - began)
    return seconds


def ratio(seconds, name, other):
    """Of the least times: what is above them, other work on the machine has caused."""
    return min(seconds[name]) / min(seconds[other])


def resnet50():
    return keras.applications.ResNet50(weights=None)


def dense_stack(width, depth):
    class Stack(keras.Model):  # Sequential ones recurse, and are limited by it
        def __init__(self):
            super().__init__()
            self.stack = [
                keras.layers.Dense(width, use_bias=False) for _ in range(depth)
            ]
            for layer in self.stack:
                layer.build((None, width))
            self.built = True

    return Stack()


def attached(model):
    """A callback at the start of a training of `model`."""
    model.compile("sgd", "mse")
    callback = RWCCallback()
    callback.set_model(model)
    callback.on_train_begin()
    callback.on_epoch_begin(0)
    return callback


def record(callback):
    callback._recorder._record({})
    callback._recorder.fetch()


def watched_bytes(callback):
    return 4 * int(callback.recording.layers["size"].sum())


def copy_of(callback):
    """A function that copies the watched weights once, and waits for it."""
    weights = callback._recorder._weights.variables
    if backends.in_host_memory(weights):
        source = np.concatenate(
            [array.ravel() for array in callback._recorder._weights._arrays()]
        )
        target = source.copy()
        return lambda: np.copyto(target, source)
    tensors = [backends.tensor(v) for v in weights]
    if backends.BACKEND == "jax":
        import jax

        copy = jax.jit(
            lambda old, new: [keras.ops.copy(x) for x in new], donate_argnums=0
        )
        held = [[keras.ops.copy(x) for x in tensors]]

        def run():
            held[0] = jax.block_until_ready(copy(held[0], tensors))

        return run
    import torch

    targets = [x.clone() for x in tensors]

    def run():
        torch._foreach_copy_(targets, tensors)
        torch.cuda.synchronize()

    return run


def as_users_write_it(model):
    """Relative change of the kernels by `get_weights` and NumPy."""
    held = [model.get_weights()]

    def run():
        now = model.get_weights()
        change = [
            np.abs(b - a).sum() / np.abs(a).sum()
            for a, b in zip(held[0], now, strict=True)
            if a.ndim > 1
        ]
        held[0] = now
        return change

    return run


def with_histograms(model):
    folder = tempfile.mkdtemp()
    board = keras.callbacks.TensorBoard(folder, histogram_freq=1, write_graph=False)
    board.set_model(model)
    board.on_train_begin()
    return lambda: board._log_weights(0)


def per_record(name, model):
    callback = attached(model)
    size = watched_bytes(callback)
    found = {
        "model": name,
        "watched_tensors": len(callback.recording.layers),
        "watched_bytes": size,
    }
    ours = {"record": lambda: record(callback)}
    with_copy = ours | {"copy": copy_of(callback)}
    in_turns(with_copy, 1)
    seconds = in_turns(with_copy)
    for kind, values in seconds.items():
        found[f"{kind}_seconds"] = min(values)
    found["record / floor"] = ratio(seconds, "record", "copy") / 1.5
    found["bytes_per_second"] = 3 * size / found["record_seconds"]
    others = {"get_weights with NumPy": as_users_write_it(model)}
    if keras.backend.backend() == "tensorflow" and size < 2**28:
        others["TensorBoard with histograms"] = with_histograms(model)
    for other, function in others.items():
        began = time.perf_counter()
        function()
        slow = time.perf_counter() - began > 0.5
        seconds = in_turns(ours | {other: function}, 3 if slow else REPEATS)
        found[f"{other}, seconds"] = min(seconds[other])
        found[f"record / {other}"] = ratio(seconds, "record", other)
    return found


def _peak():
    """Bytes held at most since the last call, and now."""
    if keras.backend.backend() == "torch":
        import torch

        if torch.cuda.is_available():
            peak = torch.cuda.max_memory_allocated(), torch.cuda.memory_allocated()
            torch.cuda.reset_peak_memory_stats()
            return peak
    if keras.backend.backend() == "jax":
        import jax

        stats = jax.devices()[0].memory_stats()
        if stats:
            # Its peak cannot be reset: measure before anything larger.
            return stats["peak_bytes_in_use"], stats["bytes_in_use"]
    status = dict(
        line.split(":", 1)
        for line in Path("/proc/self/status").read_text().splitlines()
    )
    Path("/proc/self/clear_refs").write_text("5")
    return tuple(int(status[key].split()[0]) * 1024 for key in ("VmHWM", "VmRSS"))


def extra_memory():
    """Peak growth by a callback, on a model much larger than anything before it."""
    model = dense_stack(4096, 6)
    for variable in model.weights:  # JAX may not have made them yet
        keras.ops.convert_to_numpy(keras.ops.sum(variable))
    _peak()
    _, before = _peak()
    callback = attached(model)
    for _ in range(5):
        record(callback)
    peak, _ = _peak()
    size = watched_bytes(callback)
    return {
        "watched_bytes": size,
        "extra_peak_bytes": peak - before,
        "memory / watched bytes": (peak - before) / size,
    }


def deep():
    found, records = {}, {}
    for depth in (1_000, 5_000):
        callback = attached(dense_stack(256, depth))
        began = time.perf_counter()
        record(callback)
        found[str(depth)] = {
            "first_record_seconds": time.perf_counter() - began,
            "watched_bytes": watched_bytes(callback),
        }
        records[str(depth)] = lambda c=callback: record(c)
    seconds = in_turns(records)
    for depth, values in seconds.items():
        found[depth]["record_seconds"] = min(values)
    bytes_ratio = found["5000"]["watched_bytes"] / found["1000"]["watched_bytes"]
    found["time per byte, 5,000 / 1,000"] = ratio(seconds, "5000", "1000") / bytes_ratio
    return found


def dense_network(kind=keras.Sequential):
    model = kind(
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


class WithSums(keras.Sequential):
    """Takes the sums of each kernel in its training step, and does nothing with them.

    No way to record each step within it can cost less than this.
    """

    def train_step(self, *arguments):
        if keras.backend.backend() == "jax":
            [trained, *_], _ = arguments
            logs, state = super().train_step(*arguments)
            numbers = [i for i, v in enumerate(self.trainable_variables) if v.ndim == 2]
            pairs = [(trained[i], state[0][i]) for i in numbers]
            return {**logs, "sums": self.sums(pairs)}, state
        kernels = [v.value for v in self.trainable_variables if v.ndim == 2]
        before = [kernel.read_value() for kernel in kernels]
        logs = super().train_step(*arguments)
        after = [kernel.read_value() for kernel in kernels]
        return {**logs, "sums": self.sums(zip(before, after, strict=True))}

    @staticmethod
    def sums(pairs):
        ops = keras.ops
        return ops.stack(
            [
                ops.sum(ops.abs(x))
                for before, after in pairs
                for x in (after - before, before)
            ]
        )


def resnet18():
    model = models.build("resnet18", (32, 32, 3), 10)
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


class EpochSeconds(keras.callbacks.Callback):
    """Seconds of each epoch; goes behind the callback that is measured."""

    def __init__(self):
        super().__init__()
        self.seconds = []

    def on_epoch_begin(self, epoch, logs=None):
        self._began = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds.append(time.perf_counter() - self._began)


def per_step(model, x, y, rounds, with_sums=None):
    """Seconds a step of `fit` without and with a record at every step, over x and y.

    An epoch of each kind is a round, and the ratio the median of those within rounds:
    what slows the machine for longer than a round is in both. `with_sums` is a model of
    the same kind whose step takes the sums, without a callback.
    """
    clock = EpochSeconds()

    def fit(model, *callbacks):
        model.fit(x, y, batch_size=128, verbose=0, callbacks=[*callbacks, clock])
        return clock.seconds.pop() / (len(x) // 128)

    kinds = {
        "plain": lambda: fit(model),
        "recorded": lambda: fit(model, RWCCallback(every=1)),
    }
    if with_sums is not None:
        kinds["sums alone"] = lambda: fit(with_sums)
    for run in kinds.values():
        run()
    seconds = {name: [] for name in kinds}
    for number in range(rounds):
        for name in sorted(kinds, reverse=number % 2):
            seconds[name].append(kinds[name]())
    result = {"step_seconds": seconds}
    pairs = [("recorded", "plain"), ("sums alone", "plain"), ("recorded", "sums alone")]
    for one, other in pairs:
        if {one, other} <= set(kinds):
            ratios = np.divide(seconds[one], seconds[other])
            # The standard error of a median, were the ratios normal.
            error = 1.25 * float(np.std(ratios, ddof=1)) / rounds**0.5
            result[f"{one} / {other}"] = {
                "median": float(np.median(ratios)),
                "standard error": error,
            }
    return result


def main(path):
    import keras

    images = datasets.load("mnist")
    result = {
        "backend": keras.backend.backend(),
        "keras": keras.__version__,
        "tfrwc": __version__,
        "memory": extra_memory(),
        "per_record": [per_record("ResNet-50, 25 million", resnet50())],
        "deep": deep(),
    }
    result["per_record"].append(
        per_record("18 dense layers, 300 million", dense_stack(4096, 18))
    )
    rng = np.random.default_rng(0)
    compiled = keras.backend.backend() != "torch"
    result["per_step"] = {
        "dense network": per_step(
            dense_network(),
            images.x_train[: 468 * 128],
            images.y_train[: 468 * 128],
            40,
            with_sums=dense_network(WithSums) if compiled else None,
        ),
        "ResNet-18": per_step(
            resnet18(),
            rng.integers(0, 256, (2 * 128, 32, 32, 3)).astype("uint8"),
            rng.integers(0, 10, 2 * 128),
            10,
        ),
    }
    Path(path).write_text(json.dumps(result))


if __name__ == "__main__":
    main(*sys.argv[1:])
