"""How often `diagnose` alarms at small trainings that learn.

    KERAS_BACKEND=jax python benchmarks/healthy_trainings/run.py train
    KERAS_BACKEND=jax python benchmarks/healthy_trainings/run.py judge

`train` fits 42 small trainings, the twenty of `planted_faults` and those of `kinds`,
each with three optimizers at usual rates, and keeps recordings and models; it goes on
where it stopped. `judge` diagnoses them as `RWCCallback(diagnose=True)` does after each
epoch, afterwards, and where Adam trained with the model and 256 examples, and writes
healthy_trainings.json beside this folder. A run counts as healthy where its score on
the training data is at least half of the best of its training.

A fifth of the examples is the validation that the diagnosis sees, another fifth a test
that it does not. "overfitting" is a false alarm where the loss on the test at the end
is not above that at the epoch that is named; others are counted by themselves.
"""

import argparse
import json
import os
import sys
import warnings
from collections import Counter
from itertools import pairwise
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "jax")
sys.path.insert(0, str(Path(__file__).parents[1] / "planted_faults"))

import keras
import numpy as np
from kinds import KINDS, quantile
from networks import Layers, Plan
from trainings import TRAININGS, score

from tfrwc import RWCCallback, load_recording
from tfrwc.dynamics import diagnose
from tfrwc.recording.findings import Findings

HERE = Path(__file__).parent
ALL = {**TRAININGS, **KINDS}
RECORDS, BATCH = 60, 256
OPTIMIZERS = {  # from the rate of Adam that suits the training
    "adam": lambda rate, steps: keras.optimizers.Adam(rate),
    "momentum": lambda rate, steps: keras.optimizers.SGD(
        min(10 * rate, 0.03), momentum=0.9
    ),
    "sgd": lambda rate, steps: keras.optimizers.SGD(min(50 * rate, 0.1)),
    "rmsprop": lambda rate, steps: keras.optimizers.RMSprop(rate),
    "adamw": lambda rate, steps: keras.optimizers.AdamW(rate, weight_decay=0.01),
    "nadam": lambda rate, steps: keras.optimizers.Nadam(rate),
    "lion": lambda rate, steps: keras.optimizers.Lion(rate / 5),
    "cosine": lambda rate, steps: keras.optimizers.Adam(
        keras.optimizers.schedules.CosineDecay(2 * rate, steps, warmup_target=None)
    ),
}
SOURCES = (
    "during, records by step",
    "during, records by epoch",
    "afterwards, records by step",
    "afterwards, records by epoch",
    "with the model and a batch",
)
OTHERS = ("sgd", "rmsprop", "adamw", "nadam", "lion", "cosine")


def cases():
    """Trainings and their optimizers: Adam, momentum, and one of the others in turn."""
    for place in range(3):
        for number, name in enumerate(ALL):
            others = OTHERS[number % len(OTHERS)]
            yield name, ("adam", "momentum", others)[place]


class Test(keras.callbacks.Callback):
    """The loss on examples that the diagnosis does not see, after each epoch."""

    def __init__(self, x, y):
        super().__init__()
        self.x, self.y, self.losses = x, y, []

    def on_epoch_end(self, epoch, logs=None):
        told = self.model.evaluate(self.x, self.y, verbose=0, return_dict=True)
        self.losses.append(told["loss"])


def parts_of(name, seed):
    """Examples to train on, to validate and to test."""
    x, y = ALL[name].data(np.random.default_rng(seed))
    cuts = [0, round(0.6 * len(x)), round(0.8 * len(x)), len(x)]
    return [
        keras.tree.map_structure(lambda v, a=a, b=b: v[a:b], (x, y))
        for a, b in pairwise(cuts)
    ]


def fit(name, optimizer, seed, path):
    training = ALL[name]
    keras.utils.set_random_seed(seed)
    (x, y), validation, test = parts_of(name, seed)
    model = training.network(Layers(Plan()))
    steps = -(-len(x) // training.batch) * training.epochs
    metrics = None if training.task == "numbers" else ["accuracy"]
    if training.task == "heads":
        metrics = {head: ["accuracy"] for head in y}
    rate = 2e-3 if training.optimizer is keras.optimizers.SGD else training.rate
    made = OPTIMIZERS[optimizer](rate, steps)
    model.compile(made, training.loss, metrics=metrics)
    tested = Test(*test)
    recorders = [
        RWCCallback(f"{path}.{what}.parquet", every, ("l1_ratio", "still_units"))
        for what, every in (("step", max(1, steps // RECORDS)), ("epoch", "epoch"))
    ]
    model.fit(
        x,
        y,
        batch_size=training.batch,
        epochs=training.epochs,
        validation_data=validation,
        verbose=0,
        callbacks=[*recorders, tested],
    )
    model.save(f"{path}.keras")
    predicted = model.predict(x, batch_size=256, verbose=0)
    if training.task == "heads":
        predicted, y = predicted["digit"], y["digit"]
    task = {"logits": "classes", "heads": "classes"}.get(training.task, training.task)
    predicted = np.asarray(predicted, np.float64)
    return {
        "score": float(score(task, np.asarray(y), predicted, y)),
        "steps": steps,
        "steps_per_epoch": steps // training.epochs,
        "test": tested.losses,
    }


def train(out, seeds):
    out.mkdir(parents=True, exist_ok=True)
    for seed in seeds:
        for name, optimizer in cases():
            path = out / f"{name}-{optimizer}-{seed}"
            if Path(f"{path}.json").exists():
                continue
            for file in out.glob(f"{path.name}.*"):
                file.unlink()
            told = fit(name, optimizer, seed, path)
            Path(f"{path}.json").write_text(json.dumps(told))
            print(path.name, told["score"], flush=True)
            keras.utils.clear_session()


def during(path, told):
    """What the callback says in a fit, as kinds, in order."""
    says = Findings()
    recording = load_recording(path)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        for end in range(
            told["steps_per_epoch"], told["steps"] + 1, told["steps_per_epoch"]
        ):
            part = recording.since(0)
            part.drop_after(end)
            says.say(part)
    return [str(one.message) for one in said]


def judged(name, optimizer, seed, out):
    path = out / f"{name}-{optimizer}-{seed}"
    told = json.loads(Path(f"{path}.json").read_text())
    result = {"training": name, "optimizer": optimizer, "seed": seed}
    result |= {"score": told["score"], "steps": told["steps"], "test": told["test"]}
    for what in ("step", "epoch"):
        recording = load_recording(f"{path}.{what}.parquet")
        result[f"during, records by {what}"] = during(f"{path}.{what}.parquet", told)
        result[f"afterwards, records by {what}"] = of(diagnose(recording))
    return result


def with_model(name, optimizer, seed, out):
    """What is found with the model as it was trained, and some of its examples."""
    path = out / f"{name}-{optimizer}-{seed}"
    model = keras.saving.load_model(f"{path}.keras", {"quantile": quantile})
    batch = keras.tree.map_structure(lambda v: v[:BATCH], parts_of(name, seed)[0])
    recording = load_recording(f"{path}.step.parquet")
    return of(diagnose(recording, model, batch))


def of(findings):
    return [[f.kind, f.sure, f.since, f.evidence] for f in findings]


def is_worse(one, since):
    """Whether the loss on the test has risen since a step."""
    each = one["steps"] / len(one["test"])
    return one["test"][-1] > one["test"][max(0, round(since / each) - 1)]


def alarms(one, source):
    """Kinds told of a healthy run, but for overfitting that the test shows."""
    after = one["afterwards, records by step"]
    shown = any(kind == "overfitting" and is_worse(one, s) for kind, _, s, _ in after)
    if source.startswith("during"):
        # Each text begins with its kind, and goes on with where, when and how sure.
        kinds = {text.split(",")[0].split(" (")[0] for text in one[source]}
    else:
        kinds = {kind for kind, *_ in one[source]}
    return kinds - ({"overfitting"} if shown else set())


def counted(results):
    """Healthy runs, and those of them with alarms of each source and kind."""
    best = {}
    for one in results:
        best[one["training"]] = max(best.get(one["training"], 0), one["score"])
    healthy = [r for r in results if r["score"] >= 0.5 * best[r["training"]] > 0]
    told = {
        source: [alarms(one, source) for one in healthy if source in one]
        for source in SOURCES
    }
    after = [one["afterwards, records by step"] for one in healthy]
    overfitting = ["overfitting" in [f[0] for f in found] for found in after]
    return {
        "healthy runs": len(healthy),
        "of these with a false alarm": {
            s: f"{sum(map(bool, told[s]))} of {len(told[s])}" for s in SOURCES
        },
        "kinds of false alarms": dict(
            Counter(
                kind for found in told.values() for kinds in found for kind in kinds
            )
        ),
        "healthy runs with overfitting": sum(overfitting),
        "runs that learned too little to count": len(results) - len(healthy),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("train", "judge"))
    parser.add_argument("--out", type=Path, default=Path("runs/healthy_trainings"))
    parser.add_argument("--seeds", default="0")
    arguments = parser.parse_args()
    seeds = [int(seed) for seed in arguments.seeds.split(",")]
    if arguments.what == "train":
        train(arguments.out, seeds)
        return
    results = []
    for seed in seeds:
        for name, optimizer in cases():
            if not (arguments.out / f"{name}-{optimizer}-{seed}.json").exists():
                continue
            results.append(judged(name, optimizer, seed, arguments.out))
    for one in results:
        # What a model shows hardly depends on the optimizer, and takes long.
        if one["optimizer"] == "adam":
            of_run = one["training"], "adam", one["seed"]
            one[SOURCES[-1]] = with_model(*of_run, arguments.out)
            write(results, seeds)
            keras.utils.clear_session()
    print(json.dumps(counted(results), indent=1))


def write(results, seeds):
    told = {
        "command": "python benchmarks/healthy_trainings/run.py judge",
        "backend": keras.backend.backend(),
        "seeds": seeds,
        **counted(results),
        "runs": results,
    }
    HERE.with_suffix(".json").write_text(json.dumps(told, indent=1) + "\n")


if __name__ == "__main__":
    main()
