"""Trends that were planted, found again; and what finding them costs.

    python benchmarks/dynamics.py

Prints and writes (dynamics.json):

- the adjusted Rand index between planted and found trends, over 10 seeds, of the
  presets robust and weightscale and of plain k-means that is told the number of
  trends (of the curves, and of their standardised logarithms). 2,000 layers, 40
  records, three shapes over two decades of level, noise, spikes in 2 % of the values,
  and 5 % of layers without a trend (white noise, random walks, flat ones), which
  count as a group of their own;
- time of `TrendClusterer().fit`, k chosen, for 1,000 and 10,000 layers of 1,000
  records, each in a process of its own, and the most memory that process held.
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import sklearn
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from tfrwc import __version__
from tfrwc.dynamics import TrendClusterer

SEEDS, LAYERS, RECORDS = range(10), 2000, 40
SCALE_LAYERS, SCALE_RECORDS, ROUNDS = (1000, 10_000), 1000, 3
NOISE, SPIKES, WITHOUT_TREND = 0.1, 0.02, 0.05


def planted(layers, records, seed):
    """Relative change (layers, records), and the planted trend of each layer."""
    rng = np.random.default_rng(seed)
    t = np.linspace(0, 1, records)
    shapes = np.array([-2 * t, -2 * np.clip(2 * t - 1, 0, None), -2 * (2 * t - 1) ** 2])
    truth = rng.integers(3, size=layers)
    logs = shapes[truth]
    without = rng.random(layers) < WITHOUT_TREND
    for i in np.flatnonzero(without):
        kind = rng.integers(3)
        walk = np.cumsum(rng.normal(size=records))
        logs[i] = (0.6 * rng.normal(size=records), 0.6 * walk / walk.std(), 0 * t)[kind]
    logs += NOISE * rng.normal(size=logs.shape) + rng.uniform(-3, -1, (layers, 1))
    spikes = rng.random(logs.shape) < SPIKES
    logs[spikes] += rng.choice([-1.5, 1.5], spikes.sum())
    return 10**logs, np.where(without, -1, truth)


def standardised(curves):
    logs = np.log10(curves)
    logs -= logs.mean(axis=1, keepdims=True)
    return logs / logs.std(axis=1, keepdims=True)


def methods(curves, seed):
    """Labels by each method, and how many trends it found."""
    for preset in ("robust", "weightscale"):
        fitted = TrendClusterer(preset=preset, random_state=seed).fit(curves)
        yield preset, fitted.labels_, fitted.n_clusters_
    plain = KMeans(3, n_init=10, random_state=seed)
    yield "k-means, k told", plain.fit_predict(curves), 3
    yield "k-means of shapes, k told", plain.fit_predict(standardised(curves)), 3


def recovery():
    scores, numbers = {}, {}
    for seed in SEEDS:
        curves, truth = planted(LAYERS, RECORDS, seed)
        for name, labels, found in methods(curves, seed):
            score = float(adjusted_rand_score(truth, labels))
            scores.setdefault(name, []).append(score)
            numbers.setdefault(name, []).append(found)
    print(f"{'adjusted Rand index':26}   least  median  trends found")
    for name, values in scores.items():
        print(
            f"{name:26}  {min(values):6.3f}  {np.median(values):6.3f}  {numbers[name]}"
        )
    return {"adjusted_rand_index": scores, "trends_found": numbers}


def one_fit(layers):
    """Fit once in this process; print seconds and bytes as JSON."""
    curves, truth = planted(layers, SCALE_RECORDS, 0)
    TrendClusterer().fit(curves[:200, :50])  # loads what is loaded once
    began, cpu = time.perf_counter(), time.process_time()
    fitted = TrendClusterer().fit(curves)
    row = {
        "seconds": time.perf_counter() - began,
        "cpu_seconds": time.process_time() - cpu,
        # Kilobytes on Linux. The imports and the curves are in it.
        "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "trends_found": fitted.n_clusters_,
        "adjusted_rand_index": float(adjusted_rand_score(truth, fitted.labels_)),
    }
    print(json.dumps(row))


def scale():
    rows = {}
    for layers in SCALE_LAYERS:
        command = [sys.executable, __file__, "--one-fit", str(layers)]
        runs = [
            json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
            for _ in range(ROUNDS)
        ]
        rows[layers] = min(runs, key=lambda run: run["seconds"])
        rows[layers]["peak_bytes"] = max(run["peak_bytes"] for run in runs)
        print(
            f"{layers:6} layers x {SCALE_RECORDS} records: "
            f"{rows[layers]['seconds']:6.2f} s ({rows[layers]['cpu_seconds']:.2f} s of "
            f"CPU), at most {rows[layers]['peak_bytes'] / 2**30:.2f} GiB"
        )
    few, many = SCALE_LAYERS
    growth = rows[many]["seconds"] / many / (rows[few]["seconds"] / few)
    print(f"time per layer grows {growth:.2f} times from {few} to {many} layers")
    return {"fits": rows, "growth_of_time_per_layer": growth}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--one-fit", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one_fit:
        one_fit(arguments.one_fit)
        return
    result = {
        "command": "python benchmarks/dynamics.py",
        "tfrwc": __version__,
        "scikit_learn": sklearn.__version__,
        "numpy": np.__version__,
        "machine": f"{os.cpu_count()} cores, {platform.machine()}",
        "planted": {
            "layers": LAYERS,
            "records": RECORDS,
            "noise_decades": NOISE,
            "spikes": SPIKES,
            "without_trend": WITHOUT_TREND,
        },
        "recovery": recovery(),
        "scale": scale(),
    }
    path = Path(__file__).with_name("dynamics.json")
    path.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
