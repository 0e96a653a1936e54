"""Train a network, record how its layers change, and report how they learn.

    python pipelines/learning_dynamics.py --out runs/digits

leaves in --out: report.html (open it in a browser), results.json (every number of
it), figures/, recordings/ (one Parquet file per seed) and saved_models/. Stop it at
any moment; the same command goes on where it stopped.

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

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


def seeds(text):
    """Whole numbers separated by commas."""
    return tuple(int(seed) for seed in text.split(","))


def parse(arguments):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
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
        "efficientnetb4, resnet34_narrow, vgg19_narrow or alexnet_narrow",
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


def trial(options):
    from tfrwc.report.html import write_report
    from tfrwc.studies import learning_dynamics
    from tfrwc.studies.dynamics_trial import Trial

    asked = Trial(options.dataset, options.model, options.epochs, options.seeds)
    results = learning_dynamics.run(asked, options.out, verbose=verbosity())
    return results, write_report(results, options.out)


def study(options):
    from tfrwc.report.html import write_report, write_study_report
    from tfrwc.studies import dynamics_study
    from tfrwc.studies.dynamics_trials import STUDIES

    trials = STUDIES[options.study]
    if options.trial is not None:
        results = dynamics_study.run_trial(
            trials, options.trial, options.out, verbose=verbosity()
        )
        folder = options.out / trials[options.trial - 1].name
        return results, write_report(results, folder)
    results = dynamics_study.run(trials, options.out, verbose=verbosity())
    for one in trials:
        folder = options.out / one.name
        write_report(json.loads((folder / "results.json").read_text()), folder)
    return results, write_study_report(results, options.out)


def verbosity():
    return "auto" if sys.stdout.isatty() else 2


def main(arguments=None):
    options = parse(arguments)
    began = time.monotonic()
    try:
        results, report = study(options) if options.study else trial(options)
    except (ValueError, OSError) as error:
        sys.exit(f"learning_dynamics: {error}")
    print(*results["findings"], sep="\n")
    print(f"{report} after {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
