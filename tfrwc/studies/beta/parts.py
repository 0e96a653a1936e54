"""The parts of a trial, run one by one: sweeps in worlds and of images."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tfrwc import datasets
from tfrwc._common.plain import plain
from tfrwc.disentangle import BetaVAE
from tfrwc.studies.beta import images
from tfrwc.studies.beta import worlds as beta_worlds
from tfrwc.studies.beta.trial import Trial


@dataclass(frozen=True, eq=False)
class PartResult:
    """What comes of a part.

    Attributes:
        results: plain data.
        pictures: of `tfrwc.studies.beta.images.sweep`, for the part images.
        model: the best `BetaVAE` of the images, for the part images.
        training: of the model: seed, epochs, batch_size, learning_rate.
    """

    results: dict[str, Any]
    pictures: dict[str, Any] | None = None
    model: BetaVAE | None = None
    training: dict[str, Any] | None = None


def run_part(name: str, trial: Trial, progress: Path, recorded: str) -> PartResult:
    """Run one part of a trial.

    Args:
        name: one of `Trial.parts`.
        trial: a `Trial`; a part of worlds uses its seeds and epochs only.
        progress: folder that keeps what to go on from.
        recorded: file for the recording, of the part collapse.
    """
    kind, _, which = name.partition("-")
    seeds, epochs, path = trial.seeds, trial.epochs, progress / "sweep.npz"
    if kind == "true_decoder":
        results = beta_worlds.true_decoder(
            float(which), seeds, -(-epochs * 4 // 3), path
        )
    elif kind == "learned_decoder":
        results = beta_worlds.learned_decoder(float(which), seeds, epochs * 10, path)
    elif kind == "nonlinear":
        results = beta_worlds.nonlinear_world(which, seeds, -(-epochs * 2 // 3), path)
    elif kind == "images":
        return _images(trial, path)
    elif kind == "collapse":
        betas = images.BETAS[trial.dataset]
        results = images.collapse(
            _data(trial), betas, trial.encoder, seeds[0], epochs, recorded
        )
    else:
        raise ValueError(
            f"There is no part {name!r}. Choose one of {', '.join(trial.parts())}."
        )
    return PartResult(plain(results))


def _data(trial):
    return datasets.load_factors(trial.dataset)


def _images(trial, path):
    results, pictures, trained = images.sweep(
        _data(trial),
        images.BETAS[trial.dataset],
        trial.encoder,
        trial.seeds,
        trial.epochs,
        path,
    )
    best = trained.member(images.highest(results["rows"], "mig"), trial.seeds[0])
    names = ("epochs", "batch_size", "learning_rate")
    training = {"seed": trial.seeds[0]} | {
        name: getattr(trained, name) for name in names
    }
    return PartResult(plain(results), pictures, best, training)
