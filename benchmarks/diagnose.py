"""How well `diagnose` tells trainings that failed from sound ones.

    KERAS_BACKEND=jax python benchmarks/diagnose.py train --out runs/faults
    KERAS_BACKEND=tensorflow python benchmarks/diagnose.py train --out runs/faults
    KERAS_BACKEND=torch python benchmarks/diagnose.py train --out runs/faults
    python benchmarks/diagnose.py judge --out runs/faults

The trainings are those of a folder `faults` beside TFRWC_DATA_DIR, or of `--cases`:
public programs whose training failed (`fault`) and others that learn (`sound`).
`train` fits each with `RWCCallback` on the backend of Keras, at about 60 records and,
in a second file, once an epoch; it keeps the recordings, the model and the score.
`judge` reads those of all backends and writes diagnose.json and diagnose.png beside
this file (`models` prints what it asks of one backend):

- detected faults, first findings of a kind that the source names, and false alarms of
  sound runs, with the limits of the package; of whole runs, and of sound runs cut to
  the length of the shortest faulty one of their source;
- the same by cross-validation: the limits are chosen on all sources but one, from a
  coarse grid and beginning with its most careful end, and judged on that source;
- the same with each model and 256 examples, on the backend that trained it;
- the curve of each limit alone: what halving and doubling it changes.

A run that the source calls sound but that learned nothing with this seed and backend
(its score is below 0.1) is counted by itself.
"""

import argparse
import dataclasses
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np

HERE = Path(__file__)
PEERS = {  # of their papers' own tables, on the programs that these cases are from
    "DeepDiagnosis": "46 of 52 detected, 34 localised; alarms in 68 of 188 sound",
    "DeepLocalize": "45 of 52 detected, 26 localised; alarms in 133 of 186 sound",
    "UMLAUT": "26 of 30 detected; alarms in 109 of 113 sound",
    "AutoTrainer": "24 of 40 detected",
    "DeepFD": "27 of 52 with the right kind, 22 localised",
}
# Times the limits of the package, whose orders of magnitude have their reasons.
GRID = (0.5, 0.7, 1.0, 1.4, 2.0)
CAREFUL = {  # limits of which more is more careful; of the others less is
    *("least_steps", "huge_step", "adaptive_rate", "still_share", "deep_saturation"),
    *("deep_relu", "above_chance", "huge_loss", "dropout", "initial_spread", "penalty"),
    *("walk", "overfitting"),
}
ALARM = 3  # detections that one false alarm costs, where limits are chosen
LIMITS_WITH_MODEL = "with the model and a batch"
LEARNED = 0.1  # score from which on a run counts as one that learned


def cases_in(folder):
    return json.loads((folder / "cases.json").read_text())


def train(folder, out, seeds, names):
    """Fit every case and keep what was recorded."""
    sys.path.insert(0, str(folder))
    import build
    import keras

    from tfrwc import RWCCallback

    out = out / keras.backend.backend()
    out.mkdir(parents=True, exist_ok=True)
    for seed in seeds:
        for case in cases_in(folder):
            path = out / f"{case['id']}-{seed}"
            done = path.with_name(path.name + ".json")
            if done.exists() or (names and case["id"] not in names):
                continue
            x, _, _ = build.data_of(case["data"])
            fit = case["fit"]
            steps = -(-len(x) // fit["batch_size"]) * fit["epochs"]
            measures = ("l1_ratio", "still_units")
            callbacks = [
                RWCCallback(f"{path}.{name}.parquet", every=every, measures=measures)
                for name, every in (("step", max(1, steps // 60)), ("epoch", "epoch"))
            ]
            try:
                run = build.fit(case, callbacks, seed=seed)
                result = {"score": run.score, "steps": steps}
                run.model.save(f"{path}.keras")
            # What others' programs raise is a result, too.
            except Exception as error:
                result = {"error": f"{type(error).__name__}: {error}"[:300]}
            done.write_text(json.dumps(result, default=float))
            print(case["id"], seed, result, flush=True)


def source_of(case):
    """Programs of one source, which share network or author."""
    repo, ref = case["source"]["repo"], case["pair"]
    if "AUTOTRAINER" in repo:
        return next(s for s in ("Blob", "Circle", "MNIST", "CIFAR", "") if s in ref)
    return ref


def read(folder, out, cut):
    """The courses of all trainings of one kind of file, and what they are."""
    from tfrwc import load_recording
    from tfrwc.dynamics.diagnosis.course import Course

    cases = {case["id"]: case for case in cases_in(folder)}
    files = sorted(out.glob("*/*.step.parquet"))
    runs = []
    for file in files:
        name, _, seed = file.name.removesuffix(".step.parquet").rpartition("-")
        told = file.with_name(f"{name}-{seed}.json")
        case = cases[name]
        if case["verified"]["outcome"] not in ("fault", "sound") or not told.exists():
            continue
        recording = load_recording(file)
        result = json.loads(told.read_text())
        if len(recording.steps):  # PyTorch may raise an error before the first record
            runs.append((case, file.parent.name, int(seed), recording, result))
    shortest = {}
    for case, _, _, recording, _ in runs:
        if case["verified"]["outcome"] == "fault":
            source, length = source_of(case), int(recording.steps[-1])
            shortest[source] = min(shortest.get(source, length), length)
    read_runs = []
    for case, backend, seed, recording, result in runs:
        outcome = case["verified"]["outcome"]
        if cut and outcome == "sound" and source_of(case) in shortest:
            recording.drop_after(shortest[source_of(case)])
        score = result.get("score", np.nan)
        if outcome == "sound" and not score >= LEARNED:
            outcome = "sound, not learned here"
        if outcome == "fault" and score >= 0.9:
            continue  # no fault with this seed
        read_runs.append(
            {
                "case": case,
                "backend": backend,
                "seed": seed,
                "outcome": outcome,
                "course": Course.of(recording),
                "kinds": {},
            }
        )
    return read_runs


def judged(runs, limits):
    """Counts of what was found in which runs."""
    counts = Counter()
    for run in runs:
        kinds = kinds_in(run, limits)
        outcome = run["outcome"]
        counts[outcome] += 1
        counts[f"{outcome}: found"] += bool(kinds)
        if outcome == "fault":
            counts["fault: kind"] += bool(kinds) and kinds[0] in run["case"]["fault"]
    return counts


def kinds_in(run, limits):
    """Kinds of what is found in a run, which is remembered: limits are tried again."""
    from tfrwc.dynamics.diagnosis.diagnose import findings_of

    if limits not in run["kinds"]:
        found = findings_of(run["course"], limits)
        run["kinds"][limits] = [one.kind for one in found]
    return run["kinds"][limits]


def by_backend_with_models(folder, out):
    """Counts of what is found with models and batches, each on its own backend."""
    counts = {}
    for backend in sorted(path.name for path in out.iterdir() if path.is_dir()):
        environment = os.environ | {"KERAS_BACKEND": backend}
        command = (sys.executable, HERE, "models", "--out", out, "--cases", folder)
        told = subprocess.run(
            [*map(str, command)],
            env=environment,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        counts[backend] = json.loads(told.stdout.splitlines()[-1])
    return counts


def with_models(folder, out):
    """Counts of what is found with the model and 256 examples, on Keras' backend."""
    sys.path.insert(0, str(folder))
    import build
    import keras

    from tfrwc import load_recording
    from tfrwc.dynamics import diagnose

    counts = Counter()
    for run in read(folder, out, cut=False):
        case, backend = run["case"], run["backend"]
        if backend != keras.backend.backend():
            continue
        path = out / backend / f"{case['id']}-{run['seed']}"
        x, y, _ = build.data_of(case["data"])
        model = keras.saving.load_model(f"{path}.keras")
        recording = load_recording(f"{path}.step.parquet")
        found = diagnose(recording, model, (x[:256], y[:256]))
        run["kinds"][LIMITS_WITH_MODEL] = [one.kind for one in found]
        counts += judged([run], LIMITS_WITH_MODEL)
        keras.utils.clear_session()
    return dict(counts)


def worth(counts):
    detected = counts["fault: found"] + counts["fault: kind"]
    return detected - ALARM * counts["sound: found"]


def chosen(runs):
    """Limits chosen on some runs, one after the other, from the most careful ones."""
    from tfrwc.dynamics.diagnosis.thresholds import LIMITS

    own, limits = dataclasses.asdict(LIMITS), LIMITS
    values = {  # from the most careful end: of values that do as well, it is kept
        name: [times(own[name], g) for g in (GRID[::-1] if name in CAREFUL else GRID)]
        for name in own
    }
    for name in own:
        limits = replaced(limits, name, values[name][0])
    for _ in range(2):
        for name in own:
            now = worth(judged(runs, limits))
            for value in values[name]:
                other = replaced(limits, name, value)
                if worth(judged(runs, other)) > now:
                    limits, now = other, worth(judged(runs, other))
    return limits


def times(limit, factor):
    """A limit times a factor; counts stay whole and positive."""
    if isinstance(limit, int):
        return max(1, round(limit * factor))
    return limit * factor


def replaced(limits, name, value):
    return dataclasses.replace(limits, **{name: value})


def by_cross_validation(runs):
    """Counts of each source under limits that the others chose."""
    counts = Counter()
    for source in sorted({source_of(run["case"]) for run in runs}):
        apart = [run for run in runs if source_of(run["case"]) == source]
        others = [run for run in runs if source_of(run["case"]) != source]
        counts += judged(apart, chosen(others))
    return counts


def by_kind(runs, limits):
    """How many of the faults of each kind were detected."""
    table = {}
    for run in runs:
        if run["outcome"] == "fault":
            for kind in run["case"]["fault"]:
                counts = judged([run], limits)
                entry = table.setdefault(kind, [0, 0])
                entry[0] += counts["fault: found"]
                entry[1] += 1
    return {kind: f"{a} of {b}" for kind, (a, b) in sorted(table.items())}


def judge(folder, out):
    """Print and write how well faults are told."""
    from tfrwc.dynamics.diagnosis.thresholds import LIMITS

    results = {"command": "python benchmarks/diagnose.py judge", "peers": PEERS}
    results["limits"] = dataclasses.asdict(LIMITS)
    seeds = {}
    for run in read(folder, out, cut=False):
        seeds.setdefault(run["backend"], set()).add(run["seed"])
    results["seeds"] = {backend: sorted(some) for backend, some in seeds.items()}
    for cut in (False, True):
        runs, name = read(folder, out, cut), "cut" if cut else "whole"
        results[name] = {
            "limits of the package": dict(judged(runs, LIMITS)),
            "by backend": {
                backend: dict(
                    judged([r for r in runs if r["backend"] == backend], LIMITS)
                )
                for backend in sorted({run["backend"] for run in runs})
            },
            "by cross-validation": dict(by_cross_validation(runs)),
        }
        print(name, json.dumps(results[name], indent=1))
    results["with the model and a batch"] = by_backend_with_models(folder, out)
    print("with models", results["with the model and a batch"])
    runs = read(folder, out, cut=True)
    results["by kind"] = by_kind(runs, LIMITS)
    results["curves"] = {
        name: {
            str(g): dict(judged(runs, replaced(LIMITS, name, times(own, g))))
            for g in GRID
        }
        for name, own in dataclasses.asdict(LIMITS).items()
    }
    HERE.with_suffix(".json").write_text(json.dumps(results, indent=1) + "\n")
    picture(results["curves"], HERE.with_suffix(".png"))


def picture(curves, path):
    """What halving and doubling each limit changes."""
    from tfrwc.report.canvas import subplots
    from tfrwc.report.titled import png, titled

    found = {name: shares(curve) for name, curve in curves.items()}
    columns = 5
    rows = -(-len(found) // columns)
    figure, axes = subplots(12, 0.9 + 1.75 * rows, rows, columns, sharey=True)
    for axis, (name, lines) in zip(axes.flat, found.items(), strict=False):
        for (label, values), style in zip(lines.items(), ("-o", "--s"), strict=True):
            axis.plot([*map(float, curves[name])], values, style, label=label)
        axis.set(xscale="log", ylim=(-0.03, 1.03))
        axis.set_title(name.replace("_", " "), fontsize=10)
        axis.set_xticks(GRID, [f"{g:g}" for g in GRID])
        axis.minorticks_off()
    for axis in axes.flat[len(found) :]:
        axis.set_axis_off()
    figure.supylabel("share of the runs with a fault, and of those without")
    figure.supxlabel("limit of the rule, in multiples of the one that is used")
    handles, labels = axes.flat[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=2, frameon=False)
    path.write_bytes(png(titled(figure, what_limits_do(found))))


def shares(curve):
    """Faults detected and false alarms at each multiple of a limit."""
    return {
        "faults detected": [c["fault: found"] / c["fault"] for c in curve.values()],
        "false alarms": [
            c.get("sound: found", 0) / max(c["sound"], 1) for c in curve.values()
        ],
    }


def what_limits_do(found):
    """How far the shares move when one limit is halved or doubled, in a sentence."""
    ends = {
        kind: (
            min(min(lines[kind]) for lines in found.values()),
            max(max(lines[kind]) for lines in found.values()),
        )
        for kind in ("faults detected", "false alarms")
    }
    moved = [
        name.replace("_", " ")
        for name, lines in found.items()
        if any(max(values) - min(values) > 0.05 for values in lines.values())
    ]
    low, high = ends["faults detected"]
    least, most = ends["false alarms"]
    return (
        f"Whichever of the {len(found)} limits is halved or doubled, {100 * low:.0f} "
        f"to {100 * high:.0f} % of the faults are detected, with false alarms in "
        f"{100 * least:.0f} to {100 * most:.0f} % of the sound runs; only "
        f"{' and '.join(moved)} change a share by more than 5 points."
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("train", "judge", "models"))
    parser.add_argument("--out", type=Path, default=Path("runs/faults"))
    parser.add_argument("--cases", type=Path, help="folder of cases.json")
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--only", nargs="*", help="ids of cases")
    arguments = parser.parse_args()
    beside = Path(os.environ.get("TFRWC_DATA_DIR", ".")).parent / "faults"
    folder = arguments.cases or beside
    if not (folder / "cases.json").exists():
        sys.exit(f"There is no cases.json in {folder}: name its folder with --cases.")
    if arguments.what == "train":
        seeds = [int(seed) for seed in arguments.seeds.split(",")]
        train(folder, arguments.out, seeds, arguments.only)
    elif arguments.what == "models":
        print(json.dumps(with_models(folder, arguments.out)))
    else:
        judge(folder, arguments.out)


if __name__ == "__main__":
    main()
