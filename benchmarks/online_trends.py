"""What a record costs `OnlineTrends`, at record 10, 100 and 1000.

    python benchmarks/online_trends.py

Feeds made-up curves (three planted trends, 2 % spikes) of 100 and 1,000 layers record
by record, and prints and writes (online_trends.json), for the ten records that end at
each of these:

- the median time of an update in which the number of trends stays;
- the time of an update that chooses the number anew, which the last of the ten is
  made to do;
- the bytes that the object holds, and the agreement (adjusted Rand index) with the
  planted trends.
"""

import json
import os
import platform
import statistics
import time
from pathlib import Path

import numpy as np
import sklearn
from sklearn.metrics import adjusted_rand_score

from tfrwc import __version__
from tfrwc.dynamics import OnlineTrends

LAYERS, RECORDS, AROUND = (100, 1000), (10, 100, 1000), 10


def curves(layers, records, seed=0):
    rng = np.random.default_rng(seed)
    t = np.linspace(0, 1, records)
    shapes = np.array([-2 * t, -2 * (1 - t), -2 * (2 * t - 1) ** 2])
    truth = rng.integers(3, size=layers)
    logs = shapes[truth] + rng.uniform(-2, 0, (layers, 1))
    logs += 0.05 * rng.normal(size=logs.shape)
    logs += (rng.random(logs.shape) < 0.02) * rng.choice([-1.5, 1.5], logs.shape)
    return 10**logs, truth


def measure(layers, record):
    """Costs of the records up to `record`, of a run that is to end there."""
    values, truth = curves(layers, record)
    trends, seconds = OnlineTrends(), []
    before = record - AROUND
    if before:
        trends.partial_fit(values[:, :before])
    for now in range(before, record):
        last = now == record - 1
        # The schedule is set aside, so that just the last update chooses.
        trends._next_scan = 0 if last else np.inf
        if not before and now < AROUND // 2:
            trends._next_scan = 0
        began = time.perf_counter()
        trends.partial_fit(values[:, now])
        seconds.append(time.perf_counter() - began)
    held = [v for v in vars(trends).values() if isinstance(v, np.ndarray)]
    return {
        "layers": layers,
        "record": record,
        "update_seconds": statistics.median(seconds[AROUND // 2 : -1]),
        "update_that_chooses_seconds": seconds[-1],
        "held_bytes": sum(array.nbytes for array in held),
        "agreement_with_planted": adjusted_rand_score(truth, trends.labels_),
    }


def main():
    measure(20, 10)  # warms the libraries up
    rows = []
    for layers in LAYERS:
        for record in RECORDS:
            rows.append(measure(layers, record))
            row = rows[-1]
            print(
                f"{layers:5} layers, record {record:5}: "
                f"{1e3 * row['update_seconds']:7.1f} ms, "
                f"{1e3 * row['update_that_chooses_seconds']:7.1f} ms where the number "
                f"is chosen, {row['held_bytes']:,} bytes, "
                f"agreement {row['agreement_with_planted']:.3f}",
                flush=True,
            )
    result = {
        "command": "python benchmarks/online_trends.py",
        "tfrwc": __version__,
        "scikit_learn": sklearn.__version__,
        "machine": f"{os.cpu_count()} cores, {platform.machine()}",
        "bins": OnlineTrends().bins,
        "rows": rows,
    }
    path = Path(__file__).with_name("online_trends.json")
    path.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
