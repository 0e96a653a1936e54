"""What privacy costs on X-rays: images with noise, and training on them or by DP-SGD.

    python pipelines/private_pneumonia.py --out runs/private

leaves in --out: report.html (open it in a browser), results.json (every number of it),
figures/, recordings/, saved_models/ and pipeline/, what each step made. It releases
scikit-learn's digits by every mechanism, with the statement of what that guarantees;
trains a network without privacy, on released images, and by DP-SGD; and tests and
attacks them all. Stop it at any moment; the same command goes on where it stopped, and
one with other options repeats only the steps that depend on them. With X-rays of the
folder in TFRWC_DATA_DIR:

    python pipelines/private_pneumonia.py --out runs/x --dataset pneumoniamnist

or of a FOLDER that holds Kaggle's chest_xray, or an archive of it, with --xrays FOLDER.
With --build as well, nothing is trained: it makes TFDS sets of the releases named (or
all) in --out/data, each with its statement. With --engine beam all other options go to
Apache Beam, for example

    --engine beam --runner=apache_beam.runners.portability.fn_api_runner.FnApiRunner
    --direct_running_mode=multi_processing --direct_num_workers=2

The secret key of the noise is the hexadecimal TFRWC_PRIVACY_KEY of the environment. If
it is not set, a new key is drawn and forgotten at the end.
"""

import argparse
import importlib
import os
from pathlib import Path

from tfrwc.commands import _command
from tfrwc.studies.privacy.trial import Trial
from tfrwc.studies.trial import add_options, from_options

SCRIPT = "python pipelines/private_pneumonia.py"
# Imported before anything is made: where its package is missing, the user is told then
# and not after hours.
_QUERIES = "tfrwc.compat.tensorflow_privacy"


def main(arguments: list[str] | None = None, command: str | None = None) -> None:
    """Run the study.

    Args:
        arguments: of the command line; None for those that Python was started with.
        command: what it is called, if not the script.
    """
    options, for_beam = _parse(arguments, command)
    _set_key()
    _command.report("private_pneumonia", lambda: _run(options, for_beam))


def _parse(
    arguments: list[str] | None, command: str | None
) -> tuple[argparse.Namespace, list[str]]:
    parser = _command.make_parser(__doc__, SCRIPT, command)
    add_options(parser, Trial)
    parser.add_argument("--xrays", type=Path, help="folder with the chest X-rays")
    parser.add_argument(
        "--build", default="", help="all, or names of releases separated by commas"
    )
    parser.add_argument("--bad-files", default="stop", help="stop (default) or skip")
    _command.add_engine(parser, "where data sets are built")
    options, for_beam = _command.parse_with_beam(parser, arguments)
    if options.engine == "beam" and not options.build:
        parser.error("--engine beam is for --build: a study trains in this process")
    if options.build and not options.xrays:
        parser.error("--build needs --xrays, the folder with the chest X-rays")
    if options.xrays and "dataset" in options:
        parser.error("--xrays is a data set itself: leave out --dataset")
    if options.xrays:
        options.dataset = "xrays"
    return options, for_beam


def _set_key() -> None:
    """Draw a key of the noise if there is none."""
    from tfrwc.privacy import new_key
    from tfrwc.privacy.keys import KEY_VARIABLE

    if KEY_VARIABLE not in os.environ:
        print(
            f"{KEY_VARIABLE} is not set: a new key is drawn and forgotten. Released "
            "images that are in the cache keep their noise."
        )
        # In the environment alone, where Beam's workers find it too.
        os.environ[KEY_VARIABLE] = new_key().hex()


def _run(options: argparse.Namespace, for_beam: list[str]) -> tuple[list[str], Path]:
    if options.build:
        return _build(options, for_beam), options.out
    return _train(options), options.out


def _build(options: argparse.Namespace, for_beam: list[str]) -> list[str]:
    """Build the releases, with a report of all kinds; returns what was found."""
    from tfrwc.privacy.keys import secret_key
    from tfrwc.studies.privacy.build import build, names_to_build, sample_of_files
    from tfrwc.studies.privacy.page import write_report
    from tfrwc.studies.privacy.release_comparison import compare_releases
    from tfrwc.studies.report_registry import write_results

    names = names_to_build(options.build)
    images = sample_of_files(options.xrays)
    importlib.import_module(_QUERIES)
    results, pictures = compare_releases(images, secret_key())
    build(
        names,
        options.xrays,
        options.out / "data",
        bad_files=options.bad_files,
        beam_options=(
            _command.beam_options(for_beam) if options.engine == "beam" else None
        ),
    )
    write_report(results, pictures, options.out)
    write_results(results, options.out)
    findings: list[str] = results["findings"]
    return findings


def _train(options: argparse.Namespace) -> list[str]:
    """Run the study, and put its results into --out; returns what was found."""
    from tfrwc.components.pipelines.privacy import steps
    from tfrwc.datasets import xray_files
    from tfrwc.privacy.keys import secret_key

    if options.xrays:
        xray_files.find(options.xrays, 64)  # before anything is made
    secret_key()  # a wrong one is told now
    out = options.out
    trial = from_options(Trial, options)
    pipeline = steps(trial, out / "saved_models", options.xrays)
    importlib.import_module(_QUERIES)
    results = _command.run_steps(pipeline, out)
    findings: list[str] = results["findings"] + results["training"]["findings"]
    return findings
