"""What privacy costs: images with noise to train on, or noise on the gradients.

One network, from one start, is trained without privacy; on images released by each
mechanism (Local-DP); and by DP-SGD at several budgets. All are tested on clean images,
those of Local-DP on released ones too. The question is that of arXiv:2005.13099.

A study can be stopped at any moment and run again with the same folder: what is
finished of an arm and a seed is kept.
"""

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import keras
import numpy as np

from tfrwc import load_recording, models
from tfrwc._version import __version__
from tfrwc.studies import private_arms, private_data, private_start, private_summary
from tfrwc.studies._files import check_settings, plain, write_whole
from tfrwc.studies.private_runs import Runs


@dataclass(frozen=True)
class Trial:
    """One study.

    Attributes:
        dataset: one of `tfrwc.studies.private_data.NAMES`.
        model: one of `tfrwc.models.NAMES`; its batch normalisation becomes group
            normalisation.
        epochs: passes of DP-SGD over the training images; the other arms take a part
            of them, see `tfrwc.studies.private_arms`.
        seeds: one training of every arm for each.
        epsilons: budgets of DP-SGD for one image; infinity clips and adds no noise.
        mechanisms: names of releases, of `tfrwc.privacy.catalogue`; None for all.
        public: what the network is trained on before, one of
            `tfrwc.studies.private_start.PUBLIC`.
    """

    dataset: str = "digits"
    model: str = "resnet18_narrow"
    epochs: int = 8
    seeds: tuple = (0,)
    epsilons: tuple = (1.0, 3.0, 8.0)
    mechanisms: tuple | None = None
    public: str = "none"

    def __post_init__(self):
        for name, value, choices in (
            ("dataset", self.dataset, private_data.NAMES),
            ("network", self.model, models.NAMES),
            ("public set", self.public, private_start.PUBLIC),
        ):
            if value not in choices:
                raise ValueError(
                    f"There is no {name} {value!r}. Choose one of {', '.join(choices)}."
                )
        if self.epochs < 1:
            raise ValueError(f"epochs must be 1 or more. Received: {self.epochs}.")
        whole = all(0 <= seed < 2**31 for seed in self.seeds)
        if not self.seeds or not whole or len(set(self.seeds)) < len(self.seeds):
            raise ValueError(
                "A trial needs one or more different seeds in 0..2**31 - 1. "
                f"Received: {self.seeds}."
            )
        positive = all(epsilon > 0 for epsilon in self.epsilons)
        if not positive or len(set(self.epsilons)) < len(self.epsilons):
            raise ValueError(
                f"epsilons must be different and above 0. Received: {self.epsilons}."
            )
        # A mistyped name is found now and not after hours.
        private_arms.arms((8, 8), self.mechanisms, self.epsilons)


def run(trial: Trial, key, out, folder=None, say=print, verbose=0) -> dict:
    """Run a study, or go on with it.

    Args:
        trial: what to run.
        key: secret key of the noise on images.
        out: folder for settings.json, parts/ of what is finished, and recordings/.
        folder: with the X-rays, for the data set "xrays".
        say: called with a line of text at each stage.
        verbose: of Keras' progress bar.

    Returns:
        The results, plain data for results.json.

    Raises:
        ValueError: if `out` holds a trial with other settings.
        OSError: if images cannot be read.
    """
    began = time.monotonic()
    out = Path(out)
    settings = _settings(trial)
    parts, recordings = out / "parts", out / "recordings"
    # Settings of a trial of which nothing is kept bind nobody.
    if any(parts.glob("*.json")):
        check_settings(out / "settings.json", settings)
    task = private_data.load(trial.dataset, folder)
    arms = private_arms.arms(task.shape[:2], trial.mechanisms, trial.epsilons)
    for made in (parts, recordings):
        made.mkdir(parents=True, exist_ok=True)
    write_whole(out / "settings.json", json.dumps(settings, indent=1))

    def part(name, words, function):
        path = parts / f"{name}.json"
        if not path.exists():
            say(words)
            started = time.monotonic()
            made = plain(function(parts / f"{name}.npz"))
            made["seconds"] = round(time.monotonic() - started, 1)
            write_whole(path, json.dumps(made))
        return json.loads(path.read_text(encoding="utf-8"))

    start, pretrained = None, None
    if trial.public != "none":
        start = parts / "start.npz"
        pretrained = part(
            "start",
            f"training on public images: {trial.public}",
            lambda path: private_start.pretrain(
                trial.model, task.shape, trial.public, path, verbose
            ),
        )
    runs = Runs(trial.model, trial.epochs, task, start, verbose)

    def one(arm, seed):
        name = f"{arm.name}-seed-{seed}"
        recorded = recordings / f"{name}.parquet"

        def train(path):
            facts, predictions = runs.run(arm, seed, key, recorded)
            np.savez(path, **predictions)
            return facts | {
                "membership": private_summary.membership(arm, facts, predictions, task)
            }

        facts = part(
            name,
            f"seed {seed}, arm {arm.number + 1} of {len(arms)}: {arm.name}",
            train,
        )
        with np.load(parts / f"{name}.npz") as predictions:
            return facts, dict(predictions), load_recording(recorded)

    found = [
        private_summary.of_arm(arm, task, [one(arm, seed) for seed in trial.seeds])
        for arm in arms
    ]
    results = private_summary.of_study(found, task) | {
        "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "trial": settings,
        "versions": {"tfrwc": __version__, "keras": keras.__version__},
        "start": pretrained,
    }
    results["seconds_of_last_run"] = round(time.monotonic() - began, 1)
    return plain(results)


def _settings(trial):
    # Infinity has no place in JSON.
    epsilons = [f"{epsilon:g}" for epsilon in trial.epsilons]
    recipes = {
        name: asdict(recipe) | {"clip": f"{recipe.clip:g}"}
        for name, recipe in (
            ("plain", private_arms.PLAIN),
            ("private", private_arms.PRIVATE),
        )
    }
    return plain(asdict(trial) | {"epsilons": epsilons, "recipes": recipes})
