"""What recording costs, against the memory's speed and against what else there is.

    TFRWC_DATA_DIR=... python benchmarks/recording.py [--runs 3]

For each backend of Keras that is installed, in a process of its own:

- per record: a model of 25 and one of 300 million parameters, `l1_ratio` of every
  kernel, from the call to the numbers. Beside it the time of one copy of the watched
  bytes (on a CPU NumPy's, into memory that is there), from which the floor: to read
  twice and write once takes 1.5 copies; a callback as users write it, `get_weights()`
  and NumPy; and Keras' TensorBoard callback with histograms (TensorFlow only);
- memory: growth of the peak (resident on a CPU, allocated on a GPU) over attaching
  and five records, against the watched bytes;
- deep networks: 1,000 and 5,000 tensors of 65,536 elements;
- per step: `fit` with a record at every step against `fit` without callbacks, in turn,
  a dense network on MNIST (batch 128) and ResNet-18 (32 x 32 x 3, batch 128); beside it
  a callback that does no more than ask for the optimizer's step, since with JAX Keras
  then gathers the state of the whole model.

Prints a table and writes benchmarks/recording.json, with `--out` elsewhere; exits
with 1 if a bar is missed.
"""

import argparse
import importlib.util
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

BARS = {
    "record / floor": 1.5,
    "record / get_weights with NumPy": 1 / 2.5,
    "memory / watched bytes": 1.1,
    "seconds of the first record of 1,000 tensors": 10.0,
    "time per byte, 5,000 tensors / 1,000": 1.0 + 0.1,  # a tenth for what times vary
    "step of dense network": 1.10,
    "step of ResNet-18": 1.05,
}
REPEATS = 15
ASKED = "ratio, asked for the step"


def median_seconds(function, repeats=REPEATS):
    function()
    seconds = []
    for _ in range(repeats):
        began = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)


def resnet50():
    import keras

    return keras.applications.ResNet50(weights=None)


def dense_stack(width, depth):
    import keras

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
    from tfrwc import RWCCallback

    model.compile("sgd", "mse")
    callback = RWCCallback()
    callback.set_model(model)
    callback.on_train_begin()
    callback.on_epoch_begin(0)
    return callback


def record(callback):
    callback._record(1, {})
    callback._fetch_pending()


def watched_bytes(callback):
    return sum(
        v.dtype.itemsize * size if hasattr(v.dtype, "itemsize") else 4 * size
        for v, size in zip(
            callback._weights.snapshots, callback.recording.layers["size"], strict=True
        )
    )


def copy_of(callback):
    """A function that copies the watched weights once, and waits for it."""
    import keras
    import numpy as np

    from tfrwc.recording import _backends

    weights = callback._weights.variables
    if _backends.in_host_memory(weights):
        source = np.concatenate([_backends.host_array(v).ravel() for v in weights])
        target = source.copy()
        return lambda: np.copyto(target, source)
    tensors = [_backends.tensor(v) for v in weights]
    if _backends.BACKEND == "jax":
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
    import numpy as np

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
    import keras

    folder = tempfile.mkdtemp()
    board = keras.callbacks.TensorBoard(folder, histogram_freq=1, write_graph=False)
    board.set_model(model)
    board.on_train_begin()
    return lambda: board._log_weights(0)


def per_record(name, model):
    import keras

    callback = attached(model)
    size = watched_bytes(callback)
    copy = median_seconds(copy_of(callback))
    ours = median_seconds(lambda: record(callback))
    found = {
        "model": name,
        "watched_tensors": len(callback.recording.layers),
        "watched_bytes": size,
        "copy_seconds": copy,
        "floor_seconds": 1.5 * copy,
        "record_seconds": ours,
        "record / floor": ours / (1.5 * copy),
        "bytes_per_second": 3 * size / ours,
    }
    repeats = 5 if size < 2**28 else 2
    others = {"get_weights with NumPy": as_users_write_it(model)}
    if keras.backend.backend() == "tensorflow" and size < 2**28:
        others["TensorBoard with histograms"] = with_histograms(model)
    for other, function in others.items():
        found[f"{other}, seconds"] = median_seconds(function, repeats)
        found[f"record / {other}"] = ours / found[f"{other}, seconds"]
    return found


def _peak():
    """Bytes held at most since the last call, and now."""
    import keras

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
    import keras

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
    found = {}
    for depth in (1_000, 5_000):
        model = dense_stack(256, depth)
        callback = attached(model)
        began = time.perf_counter()
        record(callback)
        first = time.perf_counter() - began
        seconds = median_seconds(lambda c=callback: record(c))
        found[str(depth)] = {
            "first_record_seconds": first,
            "record_seconds": seconds,
            "seconds_per_byte": seconds / watched_bytes(callback),
        }
    return found


def dense_network():
    import keras

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


def resnet18():
    from tfrwc import models

    model = models.build("resnet18", (32, 32, 3), 10)
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


def per_step(make, x, y, rounds):
    """Seconds of `fit` without and with a record at every step, in turn.

    Beside them, of one with a callback that does no more than ask for the step.
    """
    import keras

    from tfrwc import RWCCallback

    class AsksForTheStep(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            int(self.model.optimizer.iterations.value)

    model = make()
    options = {"batch_size": 128, "verbose": 0, "epochs": 1}
    model.fit(x[:256], y[:256], **options)
    kinds = {
        "plain": lambda: [],
        "recorded": lambda: [RWCCallback(every=1)],
        "asked for the step": lambda: [AsksForTheStep()],
    }
    seconds = {kind: [] for kind in kinds}
    for _ in range(rounds):
        for kind, callbacks in kinds.items():
            began = time.perf_counter()
            model.fit(x, y, callbacks=callbacks(), **options)
            seconds[kind].append((time.perf_counter() - began) / -(-len(x) // 128))

    def ratio(kind):
        pairs = zip(seconds["plain"], seconds[kind], strict=True)
        return statistics.median(b / a for a, b in pairs)

    return {
        "step_seconds": seconds,
        "ratio": ratio("recorded"),
        ASKED: ratio("asked for the step"),
    }


def worker(path):
    import keras
    import numpy as np

    from tfrwc import __version__, datasets

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
    result["per_step"] = {
        "dense network": per_step(dense_network, images.x_train, images.y_train, 15),
        "ResNet-18": per_step(
            resnet18,
            rng.integers(0, 256, (4 * 128, 32, 32, 3)).astype("uint8"),
            rng.integers(0, 10, 4 * 128),
            3,
        ),
    }
    Path(path).write_text(json.dumps(result))


def figures(result):
    """The numbers that have bars, and some that have none."""
    deep = result["deep"]
    for one in result["per_record"]:
        for name, value in one.items():
            if name.startswith("record / "):
                yield f"{name}: {one['model']}", name, value
    yield "memory / watched bytes", None, result["memory"]["memory / watched bytes"]
    first = deep["1000"]["first_record_seconds"]
    yield "seconds of the first record of 1,000 tensors", None, first
    growth = deep["5000"]["seconds_per_byte"] / deep["1000"]["seconds_per_byte"]
    yield "time per byte, 5,000 tensors / 1,000", None, growth
    for name, one in result["per_step"].items():
        yield f"step of {name}", None, one["ratio"]
        yield f"  a callback that asks for the step, {name}", None, one[ASKED]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=1, help="how often to measure")
    parser.add_argument("--backend", help="only this one")
    parser.add_argument("--out", default=Path(__file__).with_suffix(".json"), type=Path)
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        return worker(arguments.worker)
    backends = (
        [arguments.backend] if arguments.backend else ["tensorflow", "jax", "torch"]
    )
    results, missed = [], []
    for run in range(arguments.runs):
        for backend in backends:
            if importlib.util.find_spec(backend) is None:
                print(f"{backend} is not installed")
                continue
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "result.json"
                subprocess.run(
                    [sys.executable, __file__, "--worker", path],
                    env=os.environ | {"KERAS_BACKEND": backend},
                    check=True,
                )
                result = json.loads(path.read_text()) | {"run": run + 1}
            results.append(result)
            print(f"run {run + 1}, {backend}")
            for label, bar, value in figures(result):
                limit = BARS.get(bar or label)
                verdict = "" if limit is None else f"at most {limit:.2f}"
                if limit is not None and value > limit:
                    verdict += "  MISSED"
                    missed.append(f"run {run + 1}, {backend}: {label}")
                print(f"  {label:68} {value:8.3f}  {verdict}", flush=True)
    report = {
        "command": f"python benchmarks/recording.py --runs {arguments.runs}",
        "machine": f"{os.cpu_count()} cores, {platform.machine()}",
        "bars": BARS,
        "missed": missed,
        "results": results,
    }
    arguments.out.write_text(json.dumps(report, indent=1) + "\n")
    return bool(missed)


if __name__ == "__main__":
    sys.exit(main())
