"""Which β recognises objects best: the images of the study of β, by themselves.

    python benchmarks/recognition.py [--out runs/recognition]

Sprites of 32 x 32 pixels, 8 values of β, 5 seeds, and baselines of as many latents; the
worlds with known answers, which the images do not need, are left out. It goes on where
it was stopped. Prints the answers to the thesis' questions, and writes
(recognition.json, .png) every model's numbers and the picture of them. The same of
dSprites, which takes many hours without a GPU:

    python benchmarks/recognition.py --dataset dsprites --encoder conv --epochs 100
        --out runs/recognition_dsprites
"""

import argparse
import json
import os
import platform
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras

from tfrwc import __version__
from tfrwc._common.plain import plain
from tfrwc.report.titled import png, titled
from tfrwc.studies.beta.figures.recognition import recognition
from tfrwc.studies.beta.findings import scores_of_images
from tfrwc.studies.beta.parts import run_part
from tfrwc.studies.beta.questions import questions
from tfrwc.studies.beta.sayings import beside_baselines, recognising
from tfrwc.studies.beta.trial import Trial
from tfrwc.studies.beta.verdicts import decided


def answered(results):
    """The results, with verdicts, answers and sentences as of today."""
    results = decided(results)
    images = results["images"] | {"questions": questions(results["images"])}
    results |= {"images": images}
    said = [*recognising(results), *scores_of_images(results)]
    return results | {"findings": [*said, *beside_baselines(results)]}


def picture(results, path):
    """Recognition against β, with the answers above it."""
    results = decided(results)
    figure = recognition(results)
    path.write_bytes(png(titled(figure, " ".join(recognising(results)))))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--dataset", default="sprites_32")
    parser.add_argument("--encoder", default="dense")
    parser.add_argument("--epochs", type=int, default=120)
    parser.add_argument("--out", type=Path, default=Path("runs") / "recognition")
    options = parser.parse_args()
    trial = Trial(
        dataset=options.dataset,
        encoder=options.encoder,
        epochs=options.epochs,
        worlds=(),
    )
    options.out.mkdir(parents=True, exist_ok=True)
    began = time.perf_counter()
    part = run_part("images", trial, options.out, recorded="")
    results = answered(
        {
            "command": "python benchmarks/recognition.py",
            "trial": json.loads(trial.to_json()),
            "versions": {"tfrwc": __version__, "keras": keras.__version__},
            "machine": f"{os.cpu_count()} cores, {platform.machine()}",
            "seconds_of_last_run": round(time.perf_counter() - began),
            "true_decoder": [],
            "nonlinear": [],
            "images": part.results,
        }
    )
    path = Path(__file__).with_suffix(".json")
    if options.dataset != "sprites_32":
        path = options.out / "recognition.json"
    path.write_text(json.dumps(plain(results), indent=1) + "\n", encoding="utf-8")
    picture(results, path.with_suffix(".png"))
    print(*results["findings"], sep="\n")


if __name__ == "__main__":
    main()
