"""Train a network, record how its layers change, and report how they learn.

    python pipelines/learning_dynamics.py --out runs/digits

leaves in --out: report.html (open it in a browser), results.json (every number of
it), figures/, recordings/ (one Parquet file per seed), saved_models/ and pipeline/,
what each step made. Stop it at any moment; the same command goes on where it stopped,
and one with other options repeats only the steps that depend on them.

    python pipelines/learning_dynamics.py --out runs/study --study reduced

trains several networks on several tasks (in TFRWC_DATA_DIR; about an hour on two
cores), and decides what the papers claim. --study published is the papers' own list,
for a GPU; with --trial N it trains only number N of it, in --out, so that a cluster
can share the list.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

from tfrwc.compat.extras import MissingPackageError

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
SCRIPT = "python pipelines/learning_dynamics.py"


def seeds(text):
    """Whole numbers separated by commas."""
    return tuple(int(seed) for seed in text.split(","))


def parse(arguments, command):
    parser = argparse.ArgumentParser(
        prog=command,
        description=__doc__.replace(SCRIPT, command or SCRIPT),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--out", required=True, type=Path, help="folder for the results"
    )
    parser.add_argument(
        "--dataset",
        default="digits",
        help="digits (default), mnist, fashion_mnist, cifar10, pneumoniamnist, "
        "chest_xray_64, another TFDS name, or a folder of class folders",
    )
    parser.add_argument(
        "--model",
        default="resnet18_narrow",
        help="resnet18_narrow (default), resnet18, resnet34, vgg19, alexnet, "
        "efficientnetb4, resnet34_narrow, vgg19_narrow, alexnet_narrow, resnet10_tiny",
    )
    parser.add_argument("--epochs", type=int, default=15, help="default: 15")
    parser.add_argument(
        "--seeds",
        default=(0, 42, 123),
        type=seeds,
        help="default: 0,42,123",
    )
    parser.add_argument(
        "--study",
        choices=("reduced", "published"),
        help="a list of networks and tasks in place of --dataset, --model, --epochs "
        "and --seeds",
    )
    parser.add_argument("--trial", type=int, help="only this number of the study")
    options = parser.parse_args(arguments)
    if options.trial is not None and options.study is None:
        parser.error("--trial is a number in a --study: name it too")
    return options


def run(trial, out, saved_models=None):
    """Run a trial in a folder; returns its results."""
    from tfrwc.components import local
    from tfrwc.components.learning_dynamics import steps
    from tfrwc.components.publish import publish

    return publish(local.run(steps(trial, saved_models), out / "pipeline"), out)


def one(options):
    from tfrwc.studies.dynamics_trial import Trial

    trial = Trial(options.dataset, options.model, options.epochs, options.seeds)
    return run(trial, options.out, options.out / "saved_models"), options.out


def study(options):
    """Run one trial of a study, or all, and then decide the claims."""
    from tfrwc import load_recording
    from tfrwc.report.html import write_study_report
    from tfrwc.studies import dynamics_study
    from tfrwc.studies.dynamics_claims import Outcome
    from tfrwc.studies.dynamics_trials import STUDIES

    trials = STUDIES[options.study]
    numbers = range(1, len(trials) + 1)
    if options.trial is not None and options.trial not in numbers:
        raise ValueError(
            f"The study has trials 1 to {len(trials)}. Received: {options.trial}."
        )
    outcomes = []
    for number in numbers if options.trial is None else [options.trial]:
        trial = trials[number - 1]
        print(f"trial {number} of {len(trials)}: {trial.name}")
        folder = options.out / trial.name
        results = run(trial, folder)
        recordings = [
            load_recording(folder / "recordings" / f"seed-{seed}.parquet")
            for seed in trial.seeds
        ]
        outcomes.append(Outcome(trial, results, recordings))
    if options.trial is not None:
        return results, folder
    print("deciding the claims")
    results = dynamics_study.analyse(outcomes)
    (options.out / "results.json").write_text(json.dumps(results, indent=1))
    write_study_report(results, options.out)
    return results, options.out


def main(arguments=None, command=None):
    """Run the study; `command` is what it was started by, None for the script."""
    options = parse(arguments, command)
    began = time.monotonic()
    try:
        results, folder = study(options) if options.study else one(options)
    except (ValueError, OSError, MissingPackageError) as error:
        sys.exit(f"learning_dynamics: {error}")
    print(*results["findings"], sep="\n")
    print(f"{folder / 'report.html'} after {time.monotonic() - began:.0f} s")
