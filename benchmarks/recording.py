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
- per step: `fit` with a record at every step against `fit` without callbacks: a dense
  network on MNIST and ResNet-18 on 32 x 32 x 3, both with batches of 128. Beside the
  first, where steps are compiled, a network whose own step takes the same sums and
  does nothing with them: the floor of a record at every step.

What is compared runs in turns; times are the least of all rounds, as Python's `timeit`
has them, since other work on the machine only adds to them. Steps of `fit` vary too
much for that: of them it is the median ratio of neighbours, with its standard error.
Prints a table and writes benchmarks/recording.json and .png, with `--out` elsewhere;
exits with 1 if a bar is missed.
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
from pathlib import Path

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt

from tfrwc.report.titled import png, titled

COLOURS = ("#999999", "#0072b2", "#d55e00", "#cc79a7")
SMALL = {"va": "center", "fontsize": "x-small"}
WORKER = Path(__file__).with_name("recording_worker.py")
BARS = {
    "record / floor": 1.5,
    "record / get_weights with NumPy": 1 / 2.5,
    "memory / watched bytes": 1.1,
    "seconds of the first record of 1,000 tensors": 10.0,
    "time per byte, 5,000 tensors / 1,000": 1.0 + 0.1,  # a tenth for what times vary
    "step of dense network: recorded / plain": 1.05,
    "step of dense network: recorded / sums alone": 1.05,
    "step of ResNet-18: recorded / plain": 1.05,
}


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
    growth = deep["time per byte, 5,000 / 1,000"]
    yield "time per byte, 5,000 tensors / 1,000", None, growth
    for name, one in result["per_step"].items():
        for kind, ratio in one.items():
            if kind != "step_seconds":
                label = f"step of {name}: {kind}"
                error = f"{label} (± {ratio['standard error']:.3f})"
                yield error, label, ratio["median"]


def picture(results, path):
    """Seconds of one record beside a copy and the alternatives, median of runs."""
    bars = {
        "one copy of the weights": "copy_seconds",
        "RWCCallback": "record_seconds",
        "get_weights with NumPy": "get_weights with NumPy, seconds",
        "TensorBoard with histograms": "TensorBoard with histograms, seconds",
    }
    backends = list(dict.fromkeys(result["backend"] for result in results))
    names = [one["model"] for one in results[0]["per_record"]]
    figure, axes = plt.subplots(
        1, len(names), figsize=(10, 3.6), dpi=120, sharey=True, layout="constrained"
    )
    for axis, (number, name) in zip(axes, enumerate(names), strict=True):
        for row, backend in enumerate(backends):
            runs = [
                result["per_record"][number]
                for result in results
                if result["backend"] == backend
            ]
            for place, key in enumerate(bars.values()):
                if key not in runs[0]:
                    continue
                seconds = statistics.median(run[key] for run in runs)
                axis.barh(
                    row + 0.2 * (place - 1.5), seconds, 0.18, color=COLOURS[place]
                )
                axis.text(
                    seconds, row + 0.2 * (place - 1.5), f" {seconds:.3g}", **SMALL
                )
        axis.set(xscale="log", xlabel="seconds a record", title=f"{name} weights")
        axis.spines[["top", "right"]].set_visible(False)
        axis.margins(x=0.15)
    axes[0].set_yticks(range(len(backends)), backends)
    axes[0].invert_yaxis()
    handles = [plt.Rectangle((0, 0), 1, 1, color=colour) for colour in COLOURS]
    figure.legend(
        handles,
        bars,
        loc="outside upper center",
        ncols=4,
        frameon=False,
        fontsize="small",
    )
    path.write_bytes(png(titled(figure, what_a_record_takes(results))))


def what_a_record_takes(results):
    """Beside a copy of the weights and beside NumPy, in a sentence."""
    of_numpy, of_copy = (
        [
            one["record_seconds"] / one[key]
            for result in results
            for one in result["per_record"]
            if key in one
        ]
        for key in ("get_weights with NumPy, seconds", "copy_seconds")
    )
    return (
        f"A record by RWCCallback takes {min(of_copy):.1f} to {max(of_copy):.1f} times "
        f"as long as one copy of the weights, and {min(of_numpy):.0%} to "
        f"{max(of_numpy):.0%} of what get_weights with NumPy takes."
    )


def write(results, missed, arguments):
    report = {
        "command": f"python benchmarks/recording.py --runs {arguments.runs}",
        "machine": f"{os.cpu_count()} cores, {platform.machine()}",
        "bars": BARS,
        "missed": missed,
        "results": results,
    }
    picture(results, arguments.out.with_suffix(".png"))
    arguments.out.write_text(json.dumps(report, indent=1) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=1, help="how often to measure")
    parser.add_argument("--backend", help="only this one")
    parser.add_argument("--out", default=Path(__file__).with_suffix(".json"), type=Path)
    arguments = parser.parse_args()
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
                    [sys.executable, WORKER, path],
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
            write(results, missed, arguments)
    return bool(missed)


if __name__ == "__main__":
    sys.exit(main())
