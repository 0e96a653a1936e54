"""How well `diagnose` tells faults that were planted into trainings that learn.

    KERAS_BACKEND=jax python benchmarks/planted_faults/run.py train
    KERAS_BACKEND=tensorflow python benchmarks/planted_faults/run.py judge

`train` fits each of 20 trainings as it is, and once with each fault that applies to it;
it keeps recordings, models and scores, and goes on where it stopped. `judge` diagnoses
them, from the recording alone and with the model and 256 examples, and writes
planted_faults.json beside this folder. A fault counts where the training lost half of
its score by it; others are masked, and counted by themselves.
"""

import argparse
import json
import os
from collections import defaultdict
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras
from faults import FAULTS
from networks import Plan
from trainings import TRAININGS, data, fit

from tfrwc import RWCCallback, load_recording
from tfrwc.dynamics import diagnose

HERE = Path(__file__).parent
MEASURES = ("l1_ratio", "still_units")
RECORDS, BATCH = 60, 256


def steps_of(name, seed):
    training = TRAININGS[name]
    x, _ = data(training, Plan(), seed)[0]
    return -(-len(x) // training.batch) * training.epochs


def plan_of(name, fault, seed):
    return FAULTS[fault].plan(steps_of(name, seed)) if fault else Plan()


def cases(seeds):
    """Names of trainings, faults (None first) and seeds."""
    for seed in seeds:
        for name, training in TRAININGS.items():
            for fault in (None, *FAULTS):
                if fault is None or FAULTS[fault].applies(name, training):
                    yield name, fault, seed


def train(out, seeds):
    out.mkdir(parents=True, exist_ok=True)
    for name, fault, seed in cases(seeds):
        path = out / f"{name}-{fault or 'sound'}-{seed}"
        if Path(f"{path}.json").exists():
            continue
        Path(f"{path}.parquet").unlink(missing_ok=True)
        every = max(1, steps_of(name, seed) // RECORDS)
        recorder = RWCCallback(f"{path}.parquet", every=every, measures=MEASURES)
        plan = plan_of(name, fault, seed)
        model, score, hidden = fit(TRAININGS[name], plan, seed, [recorder])
        model.save(f"{path}.keras")
        told = {"score": float(score), "hidden": hidden}
        Path(f"{path}.json").write_text(json.dumps(told))
        print(path.name, told["score"], flush=True)


def judge(out, seeds):
    sound, results = {}, []
    for name, fault, seed in cases(seeds):
        path = out / f"{name}-{fault or 'sound'}-{seed}"
        if not Path(f"{path}.json").exists():
            continue
        told = json.loads(Path(f"{path}.json").read_text())
        if fault is None:
            sound[name, seed] = told["score"]
        number = FAULTS[fault].layer if fault else None
        if number is not None and number >= len(told["hidden"]):
            continue  # a network without such a layer
        recording = load_recording(f"{path}.parquet")
        model = keras.saving.load_model(f"{path}.keras")
        x, y = data(TRAININGS[name], plan_of(name, fault, seed), seed)[0]
        batch = x[:BATCH], y[:BATCH]
        results.append(
            {
                "training": name,
                "fault": fault,
                "seed": seed,
                "score": told["score"],
                "counts": not fault or not told["score"] > 0.5 * sound[name, seed],
                "layer": None if number is None else told["hidden"][number],
                "since": FAULTS[fault].since if fault else None,
                "steps": int(recording.steps[-1]),
                "weights": of(diagnose(recording)),
                "all": of(diagnose(recording, model, batch)),
            }
        )
    return results


def of(findings):
    return [[f.kind, f.layer, f.since, f.sure] for f in findings]


def counts(results, by):
    """How many of the faults that count were detected, and by a name that fits."""
    table = defaultdict(lambda: defaultdict(int))
    for one in results:
        entry = table[(one[by] if one["fault"] else "sound") if by else one["group"]]
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


def places(results):
    """Of faults whose layer or beginning is known: how many were placed there."""
    told = defaultdict(int)
    for one in results:
        if not one["fault"] or not one["counts"] or not one["all"]:
            continue
        if one["layer"]:
            told["layer known"] += 1
            told["layer right"] += any(
                layer and layer.split("/")[-2 if "/" in layer else 0] == one["layer"]
                for _, layer, _, _ in one["all"]
            )
        if one["since"]:
            begins, since = one["since"] * one["steps"], one["all"][0][2]
            told["beginning known"] += 1
            late = since is not None and since - begins
            told["beginning right"] += (
                since is not None and -1 <= late <= 0.1 * one["steps"]
            )
    return dict(told)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("train", "judge"))
    parser.add_argument("--out", type=Path, default=Path("runs/planted"))
    parser.add_argument("--seeds", default="0")
    arguments = parser.parse_args()
    seeds = [int(seed) for seed in arguments.seeds.split(",")]
    if arguments.what == "train":
        train(arguments.out, seeds)
        return
    results = judge(arguments.out, seeds)
    for one in results:
        one["group"] = "faults" if one["fault"] else "sound"
    told = {
        "command": "python benchmarks/planted_faults/run.py judge",
        "seeds": seeds,
        "in all": counts(results, None),
        "places": places(results),
        "by fault": counts(results, "fault"),
        "cases": results,
    }
    print(json.dumps({k: told[k] for k in ("in all", "places", "by fault")}, indent=1))
    path = HERE.with_suffix(".json")
    path.write_text(json.dumps(told, indent=1) + "\n")


if __name__ == "__main__":
    main()
