"""One training step of DP-SGD against plain training and against other projects.

    TFRWC_DATA_DIR=... python benchmarks/dp_sgd.py [--opacus-python PATH]

In one run, on the same networks, batches and threads (all cores, within operations):
Keras 3 with and without XLA; `tfrwc.privacy.make_private`; `tf.vectorized_map` over
the gradients of single examples; tf_keras, and tensorflow-privacy's `DPModel` and
vectorised optimizer on it; PyTorch, and Opacus in each of its modes. All use SGD
without momentum, float32, cross-entropy from logits and batches already in memory.
TensorFlow computes by oneDNN in all entries (TF_ENABLE_ONEDNN_OPTS=1): on processors
with AVX512-VNNI, AVX512-BF16 or AMX that is its default.

Each entry runs in a process of its own (dp_sgd_worker.py), once in each round of a
case, so that a slow minute of the machine falls on all. Prints and writes
(dp_sgd.json) the median over rounds of each round's median step and of the peak memory
above that with libraries imported and data in memory, tracing and compiling included,
and their ratios to plain Keras in the same round: to the one of its two entries with
the faster step, and to the one with the lower peak. The bars hold the faster of our two
entries against these, and against the step of each peer.

Run it on a quiet machine: PyTorch's threads wait for each other by spinning, and lose
far more than TensorFlow's where another process wants a core. `load` in the JSON is the
load average when an entry began, its own round's earlier entries included.

Opacus lives in an environment of its own: the Python given, or build/opacus, which is
made with `pip install torch==2.13.0 opacus==1.6.0`. Where pip finds no build of PyTorch
for CPU, that brings gigabytes; install one from PyTorch's own index beforehand.

With --only, runs the named entries alone, for one round, and writes nothing. Images are
random where TFRWC_DATA_DIR has none.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from dp_sgd_bars import OURS, PEERS, PLAIN, UNITS, bars, show, summary

from tfrwc import __version__, datasets

HERE = Path(__file__).parent
BATCHES = 8
TIMEOUT = 600  # seconds for one process
ENTRIES = (*PLAIN, *OURS, UNITS, "tf_keras", "torch", *PEERS)


@dataclass(frozen=True)
class Case:
    """A network on a data set, and how many steps are taken."""

    network: str
    data: str
    side: int
    batch: int
    warm_up: int
    steps: int
    rounds: int
    left_out: tuple = ()
    note: str = ""


_COMPILED = ("keras3_xla", "keras3_tfrwc_xla", "tf_keras_dp_model_xla")
# Minutes to compile, or memory for 128 networks several times over.
_TOO_LARGE = (
    *_COMPILED,
    "keras3_vectorized_map",
    "tf_keras_vectorized_optimizer",
)
CASES = (
    Case("small_cnn", "pneumoniamnist", 28, 128, warm_up=4, steps=60, rounds=2),
    Case(
        "small_cnn",
        "chest_xray_64",
        64,
        128,
        warm_up=2,
        steps=20,
        rounds=1,
        left_out=(*_COMPILED, "tf_keras_vectorized_optimizer"),
        note="without XLA and the vectorised optimizer, which takes seconds for a step "
        "on 28 x 28",
    ),
    Case(
        "resnet18",
        "pneumoniamnist",
        28,
        128,
        warm_up=1,
        steps=5,
        rounds=1,
        left_out=_TOO_LARGE,
    ),
    Case(
        "resnet18",
        "chest_xray_64",
        64,
        32,
        warm_up=1,
        steps=5,
        rounds=1,
        left_out=(*_TOO_LARGE, "tf_keras", "opacus_functorch"),
        note="batch 32: with 128, a step of some peers would take a minute; without "
        "the slowest mode of Opacus on 28 x 28",
    ),
)


def write_batches(case, path):
    """Write `BATCHES` batches in 0..1; returns where the images are from."""
    count = BATCHES * case.batch
    folder = os.environ.get("TFRWC_DATA_DIR")
    if folder and (Path(folder) / f"{case.data}.npz").exists():
        images = datasets.load(case.data)
        origin = images.origin
        chosen = np.random.default_rng(0).permutation(len(images.x_train))[:count]
        x, y = images.x_train[chosen], images.y_train[chosen]
    else:
        origin = "random"
        rng = np.random.default_rng(0)
        x = rng.integers(0, 256, (count, case.side, case.side, 1))
        y = rng.integers(0, 2, count)
    x = x.reshape(BATCHES, case.batch, case.side, case.side, 1) / np.float32(255)
    y = y.reshape(BATCHES, case.batch)
    np.savez(path, images=x.astype(np.float32), labels=y.astype(np.int32))
    return origin


def opacus_python():
    python = HERE.parent / "build" / "opacus" / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", python.parents[1]], check=True)
        wanted = ["torch==2.13.0", "opacus==1.6.0"]
        subprocess.run([python, "-m", "pip", "install", "-q", *wanted], check=True)
    return python


def run(entry, case, batches, python):
    """What the worker printed, or the reason why it printed nothing."""
    worker, threads = HERE / "dp_sgd_worker.py", os.cpu_count()
    numbers = map(str, (threads, case.warm_up, case.steps))
    load = os.getloadavg()[0]
    try:
        done = subprocess.run(
            [python, worker, entry, case.network, batches, *numbers],
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            env=os.environ | {"TF_ENABLE_ONEDNN_OPTS": "1"},
        )
    except subprocess.TimeoutExpired:
        return {"failed": f"not done after {TIMEOUT} s", "load": load}
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        return {"failed": lines[-1][:300], "load": load}
    return json.loads(done.stdout.splitlines()[-1]) | {"load": load}


def measure(case, entries, rounds, pythons):
    with tempfile.TemporaryDirectory() as folder:
        batches = Path(folder) / "batches.npz"
        origin = write_batches(case, batches)
        results = {entry: [] for entry in entries}
        for _ in range(rounds):
            for entry in entries:
                # One that failed would fail again.
                if not any("failed" in x for x in results[entry]):
                    results[entry].append(run(entry, case, batches, pythons(entry)))
                    print(end=".", flush=True)
    found, done = summary(results)
    print(f"\n{case.network}, {case.data} ({origin}), batch {case.batch}")
    show(found)
    verdicts = bars(done)
    for bar, (value, word) in verdicts.items():
        print(f"{word}: {bar}" + ("" if value is None else f" ({value:.2f})"))
    return asdict(case) | {
        "images": origin,
        "parameters": next(iter(done.values()))[0]["parameters"] if done else None,
        "entries": found,
        "bars": verdicts,
        "rounds": results,
    }


def processor():
    with open("/proc/cpuinfo") as lines:
        names = [x.split(":")[1].strip() for x in lines if x.startswith("model name")]
    return names[0] if names else platform.machine()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--opacus-python", type=Path)
    parser.add_argument("--only", nargs="+", choices=ENTRIES)
    parser.add_argument("--cases", nargs="+", type=int, help="with --only; from 0")
    options = parser.parse_args()
    entries = options.only or ENTRIES

    def of_torch(entry):
        return entry.startswith(("torch", "opacus"))

    torch_python = options.opacus_python
    if torch_python is None and any(map(of_torch, entries)):
        torch_python = opacus_python()
    cases = [
        measure(
            c,
            [e for e in entries if e not in c.left_out],
            1 if options.only else c.rounds,
            lambda e: torch_python if of_torch(e) else sys.executable,
        )
        for i, c in enumerate(CASES)
        if not options.only or not options.cases or i in options.cases
    ]
    if options.only:
        return
    versions = {"tfrwc": __version__, "python": platform.python_version()}
    for case in cases:
        for results in case["rounds"].values():
            versions |= results[0].pop("versions", {})
    result = {
        "command": "python benchmarks/dp_sgd.py",
        "versions": versions,
        "processor": processor(),
        "threads": os.cpu_count(),
        "cases": cases,
    }
    path = Path(__file__).with_suffix(".json")
    path.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
