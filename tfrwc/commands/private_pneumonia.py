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
import json
import os
import sys
import time
from pathlib import Path

from tfrwc.compat.extras import MissingPackageError, extra

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
# Loaded before anything is made: missing, it is told then, not after hours.
_QUERIES = "tfrwc.compat.tensorflow_privacy"
SCRIPT = "python pipelines/private_pneumonia.py"


def parse(arguments, command):
    parser = argparse.ArgumentParser(
        prog=command,
        description=__doc__.replace(SCRIPT, command or SCRIPT),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--out", required=True, type=Path, help="folder for the results"
    )
    parser.add_argument("--xrays", type=Path, help="folder with the chest X-rays")
    parser.add_argument(
        "--dataset", help="digits (default), pneumoniamnist or chest_xray_64"
    )
    parser.add_argument(
        "--model",
        default="resnet18_narrow",
        help="resnet18_narrow (default), resnet18, resnet10_tiny",
    )
    parser.add_argument(
        "--epochs", type=int, help="of DP-SGD; default: 20 for digits, 8 for X-rays"
    )
    parser.add_argument("--seeds", default=(0, 1), type=whole, help="default: 0,1")
    parser.add_argument(
        "--epsilons",
        default=(1.0, 3.0, 8.0),
        type=lambda text: tuple(float(epsilon) for epsilon in text.split(",")),
        help="budgets of DP-SGD, default: 1,3,8; inf clips and adds no noise",
    )
    parser.add_argument(
        "--mechanisms",
        default="few",
        help="that images to train on are released by: few (default), all, none, or "
        "names separated by commas",
    )
    parser.add_argument(
        "--public",
        help="images to train on before: fashion_mnist (default for X-rays), mnist, or "
        "none (default for digits)",
    )
    parser.add_argument(
        "--build", default="", help="all, or names of releases separated by commas"
    )
    parser.add_argument(
        "--bad-files", default="stop", help="stop (default) or skip", dest="bad_files"
    )
    parser.add_argument(
        "--engine", default="local", choices=("local", "beam"), help="default: local"
    )
    options, for_beam = parser.parse_known_args(arguments)
    if for_beam and options.engine != "beam":
        parser.error(f"unknown options without --engine beam: {' '.join(for_beam)}")
    if options.engine == "beam" and not options.build:
        parser.error("--engine beam is for --build: a study trains in this process")
    if options.build and not options.xrays:
        parser.error("--build needs --xrays, the folder with the chest X-rays")
    if options.xrays and options.dataset:
        parser.error("--xrays is a data set itself: leave out --dataset")
    options.dataset = options.dataset or ("xrays" if options.xrays else "digits")
    return options, for_beam


def whole(text):
    """Whole numbers separated by commas."""
    return tuple(int(number) for number in text.split(","))


def trial(options):
    from tfrwc.studies import private_arms
    from tfrwc.studies.private_training import Trial

    sets = {"few": private_arms.FEW, "all": None, "none": ()}
    names = tuple(options.mechanisms.split(","))
    digits = options.dataset == "digits"
    return Trial(
        dataset=options.dataset,
        model=options.model,
        epochs=(20 if digits else 8) if options.epochs is None else options.epochs,
        seeds=options.seeds,
        epsilons=options.epsilons,
        mechanisms=sets.get(options.mechanisms, names),
        public=options.public or ("none" if digits else "fashion_mnist"),
    )


def x_rays(folder):
    """Some of the images, for the report of a build, which names damaged files."""
    import numpy as np

    from tfrwc.datasets import xray_files
    from tfrwc.studies.private_pneumonia import Images

    source = xray_files.find(folder, 64)
    keys = source.keys("train")
    found = {}
    for key in keys[:: max(1, len(keys) // 64)][:64]:
        try:
            found[key] = source.read(key)["image"][..., 0]
        except xray_files.BadFileError as error:
            # A build names all of them, and stops or goes on as asked.
            print(f"not in the report: {key} {error}")
    if not found:
        raise ValueError(f"None of the files in {folder} can be read.")
    return Images(
        f"chest X-rays in {folder.name}",
        np.stack(list(found.values())),
        list(found),
        xray_files.most_images_of_a_patient(source),
    )


def names_to_build(text):
    from tfrwc.privacy.catalogue import standard_mechanisms

    known = list(standard_mechanisms((64, 64)))
    names = known if text == "all" else [name for name in text.split(",") if name]
    unknown = sorted(set(names) - set(known))
    if unknown:
        raise ValueError(
            f"There is no release {', '.join(unknown)}. Choose from {', '.join(known)}."
        )
    return names


def build(names, options, for_beam):
    with extra("datasets"):
        import tensorflow_datasets as tfds

    from tfrwc.datasets.private_pneumonia import PrivatePneumonia

    beam_options = None
    if options.engine == "beam":
        with extra("beam"):
            from apache_beam.options.pipeline_options import PipelineOptions

        beam_options = PipelineOptions(for_beam)
    for i, name in enumerate(names):
        print(f"building {name} ({i + 1} of {len(names)})", flush=True)
        builder = PrivatePneumonia(
            config=name,
            data_dir=str(options.out / "data"),
            engine=options.engine,
            bad_files=options.bad_files,
        )
        builder.download_and_prepare(
            download_config=tfds.download.DownloadConfig(
                manual_dir=str(options.xrays), beam_options=beam_options
            )
        )
        print(f"  {builder.data_dir}")


def main(arguments=None, command=None):
    """Run the study; `command` is what it was started by, None for the script."""
    options, for_beam = parse(arguments, command)
    began = time.monotonic()
    try:
        draw_key_if_none()
        names = names_to_build(options.build)
        lines = release(names, options, for_beam) if names else train(options)
    except (ValueError, OSError, MissingPackageError) as error:
        sys.exit(f"private_pneumonia: {error}")
    print(*lines, sep="\n")
    report = options.out / "report.html"
    print(f"{report} after {time.monotonic() - began:.0f} s")


def draw_key_if_none():
    from tfrwc.privacy import new_key
    from tfrwc.privacy.keys import KEY_VARIABLE

    if not os.environ.get(KEY_VARIABLE):
        print(
            f"{KEY_VARIABLE} is not set: a new key is drawn and forgotten. Released "
            "images that are in the cache keep their noise."
        )
        # In the environment alone, where Beam's workers find it too.
        os.environ[KEY_VARIABLE] = new_key().hex()


def release(names, options, for_beam):
    """Build the releases, with a report of all kinds; returns what was found."""
    from tfrwc.privacy.keys import secret_key
    from tfrwc.report.html import write_private_report
    from tfrwc.studies import private_pneumonia

    images, key = x_rays(options.xrays), secret_key()
    importlib.import_module(_QUERIES)
    results, pictures = private_pneumonia.run(images, key)
    build(names, options, for_beam)
    write_private_report(results, pictures, options.out)
    (options.out / "results.json").write_text(json.dumps(results, indent=1))
    return results["findings"]


def train(options):
    """Run the study, and put its results into --out; returns what was found."""
    from tfrwc.components import local
    from tfrwc.components.private_pneumonia import steps
    from tfrwc.components.publish import publish
    from tfrwc.datasets import xray_files
    from tfrwc.privacy.keys import secret_key

    if options.xrays:
        xray_files.find(options.xrays, 64)  # before anything is made
    secret_key()  # a wrong one is told now
    out = options.out
    pipeline = steps(trial(options), out / "saved_models", options.xrays)
    importlib.import_module(_QUERIES)
    made = local.run(pipeline, out / "pipeline")
    results = publish(made, out)
    return results["findings"] + results["training"]["findings"]
