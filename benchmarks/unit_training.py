"""What a step costs whose unit of privacy has four images, against one with one image.

    TFRWC_DATA_DIR=... python benchmarks/unit_training.py

As dp_sgd.py, with its networks, images and rounds, and as many images in each
step: plain Keras, `make_private`, and `make_private` with `unit=` and four images of
each unit. Prints and writes (unit_training.json) the medians, and the ratios within
rounds.
"""

import json
import os
import platform
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from dp_sgd import CASES, processor, run, write_batches
from dp_sgd_bars import LARGEST_STEP_RATIO, OURS, PLAIN, STEP, UNITS, ratio, summary

from tfrwc import __version__

OUT = Path(__file__).with_suffix(".json")
ENTRIES = (PLAIN[0], OURS[0], UNITS)


def measured(case):
    """Medians of each entry, and the ratio of units to examples."""
    with tempfile.TemporaryDirectory() as folder:
        batches = Path(folder) / "batches.npz"
        origin = write_batches(case, batches)
        rounds = {entry: [] for entry in ENTRIES}
        for _ in range(case.rounds):
            for entry in ENTRIES:
                rounds[entry].append(run(entry, case, batches, sys.executable))
    medians, _ = summary(rounds)
    step = ratio(rounds[UNITS], rounds[OURS[0]], STEP)
    print(f"{case.network}, {case.data}, batch {case.batch}: {step:.2f}", flush=True)
    return asdict(case) | {
        "images": origin,
        "entries": medians,
        "units_to_examples": step,
        "bar": LARGEST_STEP_RATIO,
        "rounds": rounds,
    }


if __name__ == "__main__":
    cases = [measured(case) for case in CASES[:3]]
    result = {
        "command": "python benchmarks/unit_training.py",
        "tfrwc": __version__,
        "machine": f"{os.cpu_count()} cores, {processor()}",
        "python": platform.python_version(),
        "cases": cases,
    }
    OUT.write_text(json.dumps(result, indent=1) + "\n")
