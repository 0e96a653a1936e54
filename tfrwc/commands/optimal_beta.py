"""Find which β a β-VAE should have: exact theory, trained models, images.

    python pipelines/optimal_beta.py --out runs/beta

leaves in --out: report.html (open it in a browser), results.json (every number of it),
figures/, recordings/, saved_models/ and pipeline/, what each step made. Nothing is
downloaded: worlds are drawn from their formulas, images are sprites drawn here. Stop it
at any moment; the same command goes on where it stopped, and one with other options
repeats only the steps that depend on them. A longer run, with the published images and
networks:

    python pipelines/optimal_beta.py --out runs/dsprites --dataset dsprites
        --encoder conv --epochs 100 --worlds tanh,sum_and_squares,product

With --engine beam the sweeps are tasks of Apache Beam, to which all other options go:

    --engine beam --runner=apache_beam.runners.portability.fn_api_runner.FnApiRunner
    --direct_running_mode=multi_processing --direct_num_workers=2
"""

import argparse
import contextlib
import os
import sys
import time
from pathlib import Path

from tfrwc.compat.extras import MissingPackageError, extra

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
SCRIPT = "python pipelines/optimal_beta.py"


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
    parser.add_argument(
        "--engine", default="local", choices=("local", "beam"), help="default: local"
    )
    options, for_beam = parser.parse_known_args(arguments)
    if for_beam and options.engine != "beam":
        parser.error(f"unknown options without --engine beam: {' '.join(for_beam)}")
    return options, for_beam


def engine_of(options, for_beam):
    """A context in which sweeps run where they were asked to."""
    if options.engine == "local":
        return contextlib.nullcontext()
    with extra("beam"):
        from apache_beam.options.pipeline_options import PipelineOptions

    from tfrwc.studies import engine

    return engine.beam(PipelineOptions(for_beam))


def main(arguments=None, command=None):
    """Run the study; `command` is what it was started by, None for the script."""
    options, for_beam = parse(arguments, command)
    began = time.monotonic()
    try:
        results = run(options, for_beam)
    except (ValueError, OSError, MissingPackageError) as error:
        sys.exit(f"optimal_beta: {error}")
    print(*results["findings"], sep="\n")
    print(f"{options.out / 'report.html'} after {time.monotonic() - began:.0f} s")


def run(options, for_beam):
    """Run the study, and put its results into --out; returns them."""
    from tfrwc.components import local
    from tfrwc.components.optimal_beta import steps
    from tfrwc.components.publish import publish
    from tfrwc.studies.optimal_beta import Trial

    out = options.out
    trial = Trial(
        options.dataset,
        options.encoder,
        options.epochs,
        options.seeds,
        options.worlds,
    )
    with engine_of(options, for_beam):
        made = local.run(steps(trial, out / "saved_models"), out / "pipeline")
    return publish(made, out)
