"""What the results of a study of β show, in sentences."""

from typing import Any

import numpy as np

from tfrwc.studies.beta import images
from tfrwc.studies.beta.worlds import SMALL_RATE

Results = dict[str, Any]
_OPTIMA = {
    "finite optimum": "have a finite best β, and no seed has lost a latent there",
    "peaks as latents die": "are best at a β at which seeds have lost a latent",
    "best at an end": "are best at an end of the range of β",
}


def findings(results: Results) -> list[str]:
    """Say in sentences what the results show."""
    return [
        *linear_worlds(results),
        learned_decoder(results),
        *nonlinear_worlds(results),
        *scores_of_images(results),
        collapsing(results["collapse"]),
    ]


def linear_worlds(results: Results) -> list[str]:
    """The best β of each linear world with the true decoder."""
    return [
        f"Linear world with cosine {world['cosine']}: "
        + optimum(world["optimum"], "the exact")
        for world in results["true_decoder"]
    ]


def learned_decoder(results: Results) -> str:
    """How near models with a learned decoder come to the exact optimum."""
    worlds = results["learned_decoder"]
    each, means = (
        {name: max(world[kind][name] for world in worlds) for name in worlds[0][kind]}
        for kind in ("largest_error", "largest_error_of_means")
    )
    return (
        "With a learned decoder, trained models are within "
        + ", ".join(
            f"{each[name]:.2%} ({name})" for name in ("objective", "rate", "distortion")
        )
        + " of the exact optimum, for β from 0.5 to 16 and three mixings; rates below "
        f"{SMALL_RATE} nats within {each['small_rate_in_nats']:.4f} nats. "
        f"Means over seeds are within {max(means.values()):.2%}, at every rate above 0."
    )


def nonlinear_worlds(results: Results) -> list[str]:
    """The best β of each world that is not linear."""
    return [
        f"{world['formula']}: " + optimum(world["optimum"], "the ideal encoder's")
        for world in results["nonlinear"]
    ]


def scores_of_images(results: Results) -> list[str]:
    """At which β the scores of the images' models are best, by kind of optimum."""
    lines = []
    for kind, words in _OPTIMA.items():
        measures = [
            f"{v['measure']} (β = {v['best_beta']:g}, "
            f"{v['live_at_best']:.1f} of {images.LATENTS} latents live)"
            for v in results["images"]["verdicts"]
            if v["kind"] == kind
        ]
        if measures:
            lines.append(f"Images: {', '.join(measures)} {words}.")
    return lines


def collapsing(collapse: Results) -> str:
    """Which kernels change while β rises and latents die."""
    live = (np.array(collapse["rates"]) > images.LIVE).sum(axis=1)
    # From the last epoch with the most live latents on.
    first = len(live) - 1 - int(live[::-1].argmax())
    change = np.array(collapse["change"])[:, first:].mean(axis=1)
    most, least = int(change.argmax()), int(change.argmin())
    betas, layers = collapse["beta"], collapse["layers"]
    return (
        f"While β rose from {betas[first]:.2g} to {betas[-1]:.2g} and live latents "
        f"fell from {live[first]} to {live[-1]}, {layers[most]} changed most "
        f"({change[most]:.1%} in an epoch, on average) and {layers[least]} least "
        f"({change[least]:.1%})."
    )


def optimum(best: Results, whose: str) -> str:
    """Where inference performance is best, and whether that is not monotonic."""
    shape = "is not monotonic in β" if best["non_monotonic"] else "is monotonic in β"
    inside = "contains" if best["contains_exact"] else "does not contain"
    return (
        f"inference performance {shape}; best at β = {best['trained']:.3f} when "
        f"trained, 95 % interval {best['low']:.3f} to {best['high']:.3f}, which "
        f"{inside} {whose} {best['exact']:.3f}."
    )
