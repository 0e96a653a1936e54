"""Find which β a β-VAE should have: exact theory, trained models, images.

    python pipelines/optimal_beta.py --out runs/beta

leaves in --out: report.html (open it in a browser), results.json (every number of it),
figures/, recordings/ and saved_models/. Nothing is downloaded: worlds are drawn from
their formulas, images are sprites drawn here. Stop it at any moment; the same command
goes on where it stopped. A longer run, with the published images and networks:

    python pipelines/optimal_beta.py --out runs/dsprites --dataset dsprites
        --encoder conv --epochs 100 --worlds tanh,sum_and_squares,product
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
        default="sprites",
        help="sprites (default), drawn here, or dsprites, from the folder "
        "TFRWC_DATA_DIR or TFDS",
    )
    parser.add_argument(
        "--encoder", default="dense", help="dense (default), conv or linear"
    )
    parser.add_argument(
        "--epochs", type=int, default=30, help="over the images; default: 30"
    )
    parser.add_argument("--seeds", default=(0, 1, 2), type=seeds, help="default: 0,1,2")
    parser.add_argument(
        "--worlds",
        default=("tanh",),
        type=lambda text: tuple(text.split(",")),
        help="of tanh (default), product and sum_and_squares, separated by commas; "
        "the last takes minutes to integrate",
    )
    return parser.parse_args(arguments)


def main(arguments=None):
    options = parse(arguments)
    began = time.monotonic()
    from tfrwc.report.html import write_beta_report
    from tfrwc.studies import optimal_beta

    try:
        trial = optimal_beta.Trial(
            options.dataset,
            options.encoder,
            options.epochs,
            options.seeds,
            options.worlds,
        )
        results, pictures = optimal_beta.run(
            trial, options.out, verbose=int(sys.stdout.isatty())
        )
    except (ValueError, OSError) as error:
        sys.exit(f"optimal_beta: {error}")
    report = write_beta_report(results, pictures, options.out)
    print(*results["findings"], sep="\n")
    print(f"{report} after {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
