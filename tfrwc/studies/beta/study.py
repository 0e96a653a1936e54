"""Which β a β-VAE should have: exact answers, trained models, images.

In worlds whose answer is known, trained models are held against it: with the true
decoder (R2 of `tfrwc.disentangle.theory`), with a learned one (R3), and where the data
are not linear in the factors. Then images, whose answer nobody knows. The question is
that of arXiv:1912.05127 and arXiv:2005.07114.
"""

import json
import time
from dataclasses import asdict, dataclass, replace

import keras
import numpy as np

from tfrwc import datasets
from tfrwc._common.plain import plain
from tfrwc._version import __version__
from tfrwc.models.vae import NAMES
from tfrwc.studies._verbosity import verbosity
from tfrwc.studies.beta import images
from tfrwc.studies.beta import worlds as beta_worlds

READING = {
    "findings": "The results in sentences.",
    "true_decoder": "Linear worlds x = A s + σ ε, of two factors whose columns of A "
    "have that cosine. reference is exact, trained is of encoders that Adam trained "
    "with the true decoder, on held-out data. log_q, E log q(s|x) per latent in nats, "
    "is the inference performance; mse the squared error of the mean. optimum is that "
    "of log_q, with an interval of 95 % over seeds and blocks of the data.",
    "learned_decoder": "Linear β-VAEs that learn their decoder as well; exact is the "
    "global optimum. largest_error is relative, of each model over β from 0.5 to 16; "
    "rates below 0.1 nats are apart, in nats. largest_error_of_means is of means over "
    "seeds, at every rate above 0. A latent is collapsed from its collapse_beta.",
    "nonlinear": "As true_decoder, where the data are not linear in the factors; "
    "reference is of the ideal encoder, by integration, at the same β.",
    "images": "β-VAEs with a Bernoulli likelihood. rates are of each latent, in nats; "
    "live_latents those above 0.1, active_latents those with a variance of their mean "
    "above 0.01. In verdicts, inside is the share of resamplings of the seeds in which "
    "the best β is not at an end of the range.",
    "collapse": "One β-VAE of the images whose β rises in each epoch: rates of its "
    "latents (epochs, latents), and the relative change of its kernels (layers, "
    "epochs).",
}


@dataclass(frozen=True)
class Trial:
    """One study.

    Attributes:
        dataset: of the images, ``"sprites"`` (drawn here) or ``"dsprites"``.
        encoder: of the images' models, one of `tfrwc.models.vae.NAMES`.
        epochs: passes over the images; models of the worlds are trained for longer and
            shorter in proportion.
        seeds: one model for each, at every β.
        worlds: nonlinear ones, of `tfrwc.studies.beta.worlds.WORLDS`.
    """

    dataset: str = "sprites"
    encoder: str = "dense"
    epochs: int = 30
    seeds: tuple = (0, 1, 2)
    worlds: tuple = ("tanh",)

    def __post_init__(self):
        for name, value, choices in (
            ("dataset", self.dataset, tuple(images.BETAS)),
            ("encoder", self.encoder, NAMES),
            *(("world", world, tuple(beta_worlds.WORLDS)) for world in self.worlds),
        ):
            if value not in choices:
                raise ValueError(
                    f"There is no {name} {value!r}. Choose one of {', '.join(choices)}."
                )
        if len(set(self.worlds)) < len(self.worlds):
            raise ValueError(
                f"worlds must differ from each other. Received: {self.worlds}."
            )
        if self.epochs < 2:
            raise ValueError(f"epochs must be 2 or more. Received: {self.epochs}.")
        whole = all(0 <= seed < 2**31 for seed in self.seeds)
        if not self.seeds or not whole or len(set(self.seeds)) < len(self.seeds):
            raise ValueError(
                "A trial needs one or more different seeds in 0..2**31 - 1. "
                f"Received: {self.seeds}."
            )

    def of_part(self, part) -> "Trial":
        """What a part, of `parts`, depends on; all else as by default."""
        if part in ("images", "collapse"):
            return replace(self, worlds=())
        return Trial(epochs=self.epochs, seeds=self.seeds, worlds=())

    def to_json(self) -> str:
        """The trial as text, for `from_json`."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text) -> "Trial":
        """The trial of a text of `to_json`."""
        found = json.loads(text)
        lists = {name: tuple(found[name]) for name in ("seeds", "worlds")}
        return cls(**found | lists)


def parts(trial) -> list[str]:
    """Names of the parts of a trial, which do not need each other."""
    return [
        *(f"true_decoder-{cosine}" for cosine in beta_worlds.COSINES),
        *(f"learned_decoder-{cosine}" for cosine in beta_worlds.COSINES),
        *(f"nonlinear-{world}" for world in trial.worlds),
        "images",
        "collapse",
    ]


@dataclass(frozen=True, eq=False)
class Made:
    """What comes of a part.

    Attributes:
        results: plain data.
        pictures: of `tfrwc.studies.beta.images.sweep`, for the part images.
        model: the best `BetaVAE` of the images, for the part images.
        training: of the model: seed, epochs, batch_size, learning_rate.
    """

    results: dict
    pictures: dict | None = None
    model: object = None
    training: dict | None = None


def run_part(name, trial, progress, recorded) -> Made:
    """Run one part of a trial.

    Args:
        name: one of `parts`.
        trial: a `Trial`; a part of worlds uses its seeds and epochs only.
        progress: folder that keeps what to go on from.
        recorded: file for the recording, of the part collapse.
    """
    kind, _, which = name.partition("-")
    seeds, epochs, path = trial.seeds, trial.epochs, progress / "sweep.npz"
    verbose = verbosity()
    if kind == "true_decoder":
        found = beta_worlds.true_decoder(
            float(which), seeds, -(-epochs * 4 // 3), path, verbose
        )
    elif kind == "learned_decoder":
        found = beta_worlds.learned_decoder(
            float(which), seeds, epochs * 10, path, verbose
        )
    elif kind == "nonlinear":
        found = beta_worlds.nonlinear_world(
            which, seeds, -(-epochs * 2 // 3), path, verbose
        )
    elif kind == "images":
        return _images(trial, path, verbose)
    elif kind == "collapse":
        found = images.collapse(
            _data(trial), trial.encoder, seeds[0], epochs, recorded, verbose
        )
    else:
        raise ValueError(
            f"There is no part {name!r}. Choose one of {', '.join(parts(trial))}."
        )
    return Made(plain(found))


def _data(trial):
    return datasets.load_factors(trial.dataset)


def _images(trial, path, verbose):
    results, pictures, trained = images.sweep(
        _data(trial),
        images.BETAS[trial.dataset],
        trial.encoder,
        trial.seeds,
        trial.epochs,
        path,
        verbose,
    )
    [mig] = [v for v in results["verdicts"] if v["measure"] == "mig"]
    best = trained.member(mig["best_beta"], trial.seeds[0])
    names = ("epochs", "batch_size", "learning_rate")
    training = {"seed": trial.seeds[0]} | {
        name: getattr(trained, name) for name in names
    }
    return Made(plain(results), pictures, best, training)


def of_parts(found, settings) -> dict:
    """Results of a study, with what they mean in sentences.

    Args:
        found: results by name of part.
        settings: of the trial, plain data.
    """

    def all_of(kind):
        return [one for name, one in found.items() if name.startswith(f"{kind}-")]

    results = {
        "study": "optimal_beta",
        "reading": READING,
        "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "trial": settings,
        "versions": {
            "tfrwc": __version__,
            "keras": keras.__version__,
            "numpy": np.__version__,
        },
        "true_decoder": all_of("true_decoder"),
        "learned_decoder": all_of("learned_decoder"),
        "nonlinear": all_of("nonlinear"),
        "images": found["images"],
        "collapse": found["collapse"],
    }
    results["findings"] = findings(results)
    return plain(results)


def findings(results) -> list[str]:
    """Say in sentences what the results show."""
    lines = []
    for world in results["true_decoder"]:
        lines.append(
            f"Linear world with cosine {world['cosine']}: "
            + _optimum(world["optimum"], "the exact")
        )
    learned = results["learned_decoder"]
    each, means = (
        {name: max(world[kind][name] for world in learned) for name in learned[0][kind]}
        for kind in ("largest_error", "largest_error_of_means")
    )
    lines.append(
        "With a learned decoder, trained models are within "
        + ", ".join(
            f"{each[name]:.2%} ({name})" for name in ("objective", "rate", "distortion")
        )
        + " of the exact optimum, for β from 0.5 to 16 and three mixings; rates below "
        f"{beta_worlds.SMALL_RATE} nats within {each['small_rate_in_nats']:.4f} nats. "
        f"Means over seeds are within {max(means.values()):.2%}, at every rate above 0."
    )
    for world in results["nonlinear"]:
        optimum = _optimum(world["optimum"], "the ideal encoder's")
        lines.append(f"{world['formula']}: {optimum}")
    verdicts = results["images"]["verdicts"]
    for kind, words in (
        ("finite optimum", "have a finite best β, and no seed has lost a latent there"),
        ("peaks as latents die", "are best at a β at which seeds have lost a latent"),
        ("best at an end", "are best at an end of the range of β"),
    ):
        names = [
            f"{v['measure']} (β = {v['best_beta']:g}, "
            f"{v['live_at_best']:.1f} of {images.LATENTS} latents live)"
            for v in verdicts
            if v["kind"] == kind
        ]
        if names:
            lines.append(f"Images: {', '.join(names)} {words}.")
    return [*lines, _collapsing(results["collapse"])]


def _collapsing(found):
    live = (np.array(found["rates"]) > images.LIVE).sum(axis=1)
    # From the last epoch with the most live latents on.
    first = len(live) - 1 - int(live[::-1].argmax())
    change = np.array(found["change"])[:, first:].mean(axis=1)
    most, least = int(change.argmax()), int(change.argmin())
    return (
        f"While β rose from {found['beta'][first]:.2g} to {found['beta'][-1]:.2g} and "
        f"live latents fell from {live[first]} to {live[-1]}, {found['layers'][most]} "
        f"changed most ({change[most]:.1%} in an epoch, on average) and "
        f"{found['layers'][least]} least ({change[least]:.1%})."
    )


def _optimum(found, whose):
    shape = "is not monotonic in β" if found["non_monotonic"] else "is monotonic in β"
    inside = "contains" if found["contains_exact"] else "does not contain"
    return (
        f"inference performance {shape}; best at β = {found['trained']:.3f} when "
        f"trained, 95 % interval {found['low']:.3f} to {found['high']:.3f}, which "
        f"{inside} {whose} {found['exact']:.3f}."
    )
