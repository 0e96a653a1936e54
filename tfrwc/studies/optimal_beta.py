"""Which β a β-VAE should have: exact answers, trained models, images.

In worlds whose answer is known, trained models are held against it: with the true
decoder (R2 of `tfrwc.disentangle.theory`), with a learned one (R3), and where the data
are not linear in the factors. Then images, whose answer nobody knows. The question is
that of arXiv:1912.05127 and arXiv:2005.07114.

A study can be stopped at any moment and run again with the same folder.
"""

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import keras
import numpy as np

from tfrwc._version import __version__
from tfrwc.datasets import sprites
from tfrwc.models.vae import NAMES
from tfrwc.studies import beta_images, beta_worlds
from tfrwc.studies._files import check_settings, plain, write_whole

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
        worlds: nonlinear ones, of `tfrwc.studies.beta_worlds.WORLDS`.
    """

    dataset: str = "sprites"
    encoder: str = "dense"
    epochs: int = 30
    seeds: tuple = (0, 1, 2)
    worlds: tuple = ("tanh",)

    def __post_init__(self):
        for name, value, choices in (
            ("dataset", self.dataset, tuple(beta_images.BETAS)),
            ("encoder", self.encoder, NAMES),
            *(("world", world, tuple(beta_worlds.WORLDS)) for world in self.worlds),
        ):
            if value not in choices:
                raise ValueError(
                    f"There is no {name} {value!r}. Choose one of {', '.join(choices)}."
                )
        if self.epochs < 2:
            raise ValueError(f"epochs must be 2 or more. Received: {self.epochs}.")
        whole = all(0 <= seed < 2**31 for seed in self.seeds)
        if not self.seeds or not whole or len(set(self.seeds)) < len(self.seeds):
            raise ValueError(
                "A trial needs one or more different seeds in 0..2**31 - 1. "
                f"Received: {self.seeds}."
            )


def run(trial: Trial, out, say=print, verbose=0) -> tuple:
    """Run a study, or go on with it.

    Args:
        trial: what to run.
        out: folder for settings.json, results.json, recordings/, saved_models/ and
            parts/, of what is finished.
        say: called with a line of text at each stage.
        verbose: 1 for progress bars.

    Returns:
        results: as in results.json.
        pictures: of `tfrwc.studies.beta_images.sweep`.

    Raises:
        ValueError: if `out` holds a trial with other settings.
    """
    began = time.monotonic()
    out = Path(out)
    settings, parts = plain(asdict(trial)), out / "parts"
    # Settings of a trial of which nothing is kept bind nobody.
    if any(parts.glob("*")):
        check_settings(out / "settings.json", settings)
    data = sprites.generate() if trial.dataset == "sprites" else sprites.dsprites()
    for folder in (parts, out / "recordings"):
        folder.mkdir(parents=True, exist_ok=True)
    write_whole(out / "settings.json", json.dumps(settings, indent=1))

    def part(name, function, *arguments):
        path = parts / f"{name}.json"
        if not path.exists():
            say(name.replace("-", " ").replace("_", " "))
            made = function(*arguments, parts / f"{name}.npz", verbose)
            write_whole(path, json.dumps(plain(made)))
        return json.loads(path.read_text(encoding="utf-8"))

    seeds, epochs = trial.seeds, trial.epochs
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
        "true_decoder": [
            part(
                f"true_decoder-{cosine}",
                beta_worlds.true_decoder,
                cosine,
                seeds,
                -(-epochs * 4 // 3),
            )
            for cosine in beta_worlds.COSINES
        ],
        "learned_decoder": [
            part(
                f"learned_decoder-{cosine}",
                beta_worlds.learned_decoder,
                cosine,
                seeds,
                epochs * 10,
            )
            for cosine in beta_worlds.COSINES
        ],
        "nonlinear": [
            part(
                f"nonlinear-{world}",
                beta_worlds.nonlinear_world,
                world,
                seeds,
                -(-epochs * 2 // 3),
            )
            for world in trial.worlds
        ],
        "images": part("images", _images, trial, data, out),
        "collapse": part("collapse", _collapse, trial, data, out),
    }
    results["findings"] = findings(results)
    results["seconds_of_last_run"] = round(time.monotonic() - began, 1)
    write_whole(out / "results.json", json.dumps(plain(results), indent=1))
    with np.load(parts / "pictures.npz") as pictures:
        return results, dict(pictures)


def _images(trial, data, out, path, verbose):
    results, pictures, trained = beta_images.sweep(
        data,
        beta_images.BETAS[trial.dataset],
        trial.encoder,
        trial.seeds,
        trial.epochs,
        path,
        verbose,
    )
    np.savez(path.with_name("pictures.npz"), **pictures)
    [mig] = [v for v in results["verdicts"] if v["measure"] == "mig"]
    saved = out / "saved_models" / f"{trial.dataset}-beta-{mig['best_beta']:g}.keras"
    saved.parent.mkdir(exist_ok=True)
    trained.member(mig["best_beta"], trial.seeds[0]).save(saved)
    return results


def _collapse(trial, data, out, path, verbose):
    recorded = out / "recordings" / "collapse.parquet"
    recorded.unlink(missing_ok=True)  # of a run that was stopped
    return beta_images.collapse(
        data, trial.encoder, trial.seeds[0], trial.epochs, recorded, verbose
    )


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
            f"{v['live_at_best']:.1f} of {beta_images.LATENTS} latents live)"
            for v in verdicts
            if v["kind"] == kind
        ]
        if names:
            lines.append(f"Images: {', '.join(names)} {words}.")
    return [*lines, _collapsing(results["collapse"])]


def _collapsing(found):
    live = (np.array(found["rates"]) > beta_images.LIVE).sum(axis=1)
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
