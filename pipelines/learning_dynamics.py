"""Train a network, record how its layers change, and report how they learn.

    python pipelines/learning_dynamics.py --out runs/digits

leaves in --out: report.html (open it in a browser), results.json (every number of
it), figures/, recordings/ (one Parquet file per seed) and saved_models/. Stop it at
any moment; the same command goes on where it stopped.
"""

import argparse
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
        help="resnet18_narrow (default), resnet18, resnet34, vgg19 or alexnet",
    )
    parser.add_argument("--epochs", type=int, default=15, help="default: 15")
    parser.add_argument(
        "--seeds",
        default=(0, 42, 123),
        type=seeds,
        help="default: 0,42,123",
    )
    return parser.parse_args(arguments)


def main(arguments=None):
    options = parse(arguments)
    began = time.monotonic()
    from tfrwc.report.html import write_report
    from tfrwc.studies import learning_dynamics

    try:
        trial = learning_dynamics.Trial(
            options.dataset, options.model, options.epochs, options.seeds
        )
        results = learning_dynamics.run(
            trial, options.out, verbose="auto" if sys.stdout.isatty() else 2
        )
    except (ValueError, OSError) as error:
        sys.exit(f"learning_dynamics: {error}")
    report = write_report(results, options.out)
    print(*results["findings"], sep="\n")
    print(f"{report} after {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
