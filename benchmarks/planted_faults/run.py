"""How well `diagnose` tells faults that were planted into trainings that learn.

    KERAS_BACKEND=jax python benchmarks/planted_faults/run.py --seeds 0,1,2

Each of 20 trainings is fitted as it is, and once with each fault that applies to it. A
fault counts where the training lost half of its score by it; others are masked, and are
counted by themselves. Writes planted_faults.json beside this folder.
"""

import argparse
import json
import os
from collections import defaultdict
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras
import numpy as np
from faults import FAULTS
from trainings import TRAININGS, Plan, fit

from tfrwc import RWCCallback
from tfrwc.dynamics import diagnose

HERE = Path(__file__).parent
MEASURES = ("l1_ratio", "still_units")
BATCH = 256


def trained(name, plan, seed, steps):
    """A recording, the model, its data, score and hidden layers."""
    recorder = RWCCallback(every=max(1, steps // 60), measures=MEASURES)
    made = fit(TRAININGS[name], plan, seed, [recorder])
    return recorder.recording, *made


def steps_of(name, seed):
    training = TRAININGS[name]
    x, _ = training.data(np.random.default_rng(seed))
    return -(-len(x) // training.batch) * training.epochs


def of(findings):
    return [[f.kind, f.layer, f.since, f.sure] for f in findings]


def case(name, fault, seed, sound):
    """What a diagnosis said of one training."""
    steps = steps_of(name, seed)
    plan = Plan() if fault is None else FAULTS[fault].plan(steps)
    recording, model, (x, y), score, hidden = trained(name, plan, seed, steps)
    layer = None
    if fault is not None and FAULTS[fault].layer is not None:
        layer = hidden[FAULTS[fault].layer]
    return {
        "training": name,
        "fault": fault,
        "seed": seed,
        "score": score,
        "counts": fault is None or not score > 0.5 * sound,
        "steps": steps,
        "layer": layer,
        "weights": of(diagnose(recording)),
        "all": of(diagnose(recording, model, (x[:BATCH], y[:BATCH]))),
    }


def cases(seeds, trainings, faults):
    for seed in seeds:
        for name in trainings:
            sound = case(name, None, seed, None)
            yield sound
            for fault in faults:
                if FAULTS[fault].applies(name, TRAININGS[name]):
                    yield case(name, fault, seed, sound["score"])


def counts(results, by):
    """Of faults that count: how many were found, and by which name."""
    table = defaultdict(lambda: defaultdict(int))
    for one in results:
        entry = table[one[by] if one["fault"] else "sound"]
        if not one["counts"]:
            entry["masked"] += 1
            continue
        entry["runs"] += 1
        for source in ("weights", "all"):
            found = one[source]
            entry[f"{source}: found"] += bool(found)
            if one["fault"] and found:
                entry[f"{source}: kind"] += found[0][0] in FAULTS[one["fault"]].kinds
    return {key: dict(entry) for key, entry in sorted(table.items())}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--trainings", default=",".join(TRAININGS))
    parser.add_argument("--faults", default=",".join(FAULTS))
    parser.add_argument("--out", type=Path, default=HERE.parent / "planted_faults.json")
    arguments = parser.parse_args()
    results = []
    names = [x for x in arguments.faults.split(",") if x]
    chosen = arguments.trainings.split(",")
    for one in cases(map(int, arguments.seeds.split(",")), chosen, names):
        results.append(one)
        print(json.dumps(one, default=float), flush=True)
    told = {
        "command": f"python benchmarks/planted_faults/run.py --seeds {arguments.seeds}",
        "backend": keras.backend.backend(),
        "by fault": counts(results, "fault"),
        "cases": results,
    }
    arguments.out.write_text(json.dumps(told, indent=1, default=float) + "\n")


if __name__ == "__main__":
    main()
