"""What privacy costs on X-rays: images with noise, and training on them or by DP-SGD.

    python pipelines/private_pneumonia.py --out runs/private

leaves in --out: report.html (open it in a browser), results.json (every number of it),
figures/, recordings/, saved_models/ and pipeline/, what each step made; and
PUBLISH_OR_KEEP.txt, which says of each whether it may be passed on. It trains a network
on scikit-learn's digits without privacy, on images released with noise, and by DP-SGD;
tests and attacks them all; and says whether the model is private, how good it is, and
where it is stored. With --mechanisms none no images are released. Stop it at any
moment; the same command goes on where it stopped, and one with other options repeats
only the steps that depend on them. With X-rays of the folder in TFRWC_DATA_DIR:

    python pipelines/private_pneumonia.py --out runs/x --dataset pneumoniamnist

or of a FOLDER that holds Kaggle's chest_xray, or an archive of it, with --xrays FOLDER.
Where file names do not tell patients, give --patients FILE.csv (columns file, patient)
or --images-per-patient N, the greatest number of images of one.
With --build as well, nothing is trained: it makes TFDS sets of the releases named (or
all) in --out/data, each with its statement. With --engine beam all other options go to
Apache Beam, for example

    --engine beam --runner=apache_beam.runners.portability.fn_api_runner.FnApiRunner
    --direct_running_mode=multi_processing --direct_num_workers=2

The secret key of the noise is the hexadecimal TFRWC_PRIVACY_KEY of the environment. If
it is not set, a new key is drawn and forgotten at the end: the next run then releases
anew, and what was built before stays as it is.
"""

import argparse
import importlib
import os
from pathlib import Path

from tfrwc._common.activity import doing
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
        "--patients", type=Path, help="CSV with the columns file and patient"
    )
    parser.add_argument(
        "--images-per-patient",
        type=int,
        help="the greatest number of images of one patient, where it is not counted",
    )
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
            f"{KEY_VARIABLE} is not set: a new key is drawn and forgotten. Images that "
            "were released by another key are released again."
        )
        # In the environment alone, where Beam's workers find it too.
        os.environ[KEY_VARIABLE] = new_key().hex()


def _run(options: argparse.Namespace, for_beam: list[str]) -> tuple[list[str], Path]:
    if options.build:
        return _build(options, for_beam), options.out
    return _train(options), options.out


def _build(options: argparse.Namespace, for_beam: list[str]) -> list[str]:
    """Build the releases, with a report of them; returns what was found."""
    from tfrwc._common.locks import Lock
    from tfrwc.privacy.keys import secret_key
    from tfrwc.studies.privacy import build
    from tfrwc.studies.privacy.marks import write_marks
    from tfrwc.studies.privacy.page import write_report
    from tfrwc.studies.privacy.release_comparison import compare_releases
    from tfrwc.studies.report_registry import write_results

    names = build.names_to_build(options.build)
    asked = build.BuildOptions(
        options.xrays,
        options.bad_files,
        options.patients,
        options.images_per_patient,
    )
    with doing("looking through the files"):
        images = build.sample_of_files(build.find(asked), asked)
    importlib.import_module(_QUERIES)
    out, data = options.out, options.out / "data"
    builders = build.builders(names, asked, data, options.engine)
    beam = _command.beam_options(for_beam) if options.engine == "beam" else None
    write_marks(out, images.origin, images.may_be_shown)
    lock = Lock(data)  # so that the report is of the sets beside it
    try:
        build.build(builders, asked, beam)
        with doing("comparing the releases"):
            results, pictures = compare_releases(images, secret_key(), names)
            write_report(results, pictures, out)
            write_results(results, out)
    finally:
        lock.release()
    write_marks(out, images.origin, images.may_be_shown)
    findings: list[str] = results["findings"]
    return findings


def _train(options: argparse.Namespace) -> list[str]:
    """Run the study, and put its results into --out; returns what was found."""
    from tfrwc.components.pipelines.privacy import steps
    from tfrwc.privacy.keys import secret_key
    from tfrwc.studies.privacy import data
    from tfrwc.studies.privacy.marks import write_marks

    secret_key()  # a wrong one is told now
    out = options.out
    trial = from_options(Trial, options)
    # Before anything is made, and before hours of training.
    data.check(
        trial.dataset, options.xrays, options.patients, options.images_per_patient
    )
    pipeline = steps(
        trial,
        out / "saved_models",
        options.xrays,
        options.patients,
        options.images_per_patient,
    )
    importlib.import_module(_QUERIES)
    row = data.DATA_SETS[trial.dataset]
    (out / "pipeline").mkdir(parents=True, exist_ok=True)
    # Before, so that they are there if the run is killed.
    write_marks(out, row.description.rstrip("."), row.may_be_shown)
    results = _command.run_steps(pipeline, out)
    write_marks(out, row.description.rstrip("."), row.may_be_shown)
    findings: list[str] = results["training"]["findings"] + results["findings"]
    return findings
