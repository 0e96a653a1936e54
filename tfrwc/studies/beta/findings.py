"""What the results of a study of β show, in sentences."""

from typing import Any

import numpy as np

from tfrwc._common.percent import percent
from tfrwc.report.answer import Answer
from tfrwc.studies.beta.certainty import CANNOT_TELL, why_not
from tfrwc.studies.beta.measures import LATENTS, LIVE, SMALL_RATE
from tfrwc.studies.beta.names import measure_name
from tfrwc.studies.beta.sayings import beside_baselines, recognising
from tfrwc.studies.beta.verdicts import (
    DYING,
    END,
    FINITE,
    best_of_world,
    decided,
    has_best,
)

Results = dict[str, Any]
_IDEAL = "the ideal encoder's"
_OPTIMA = {
    FINITE: "a finite best β, at which no seed has fewer live latents than at the one "
    "below",
    DYING: "best at a β at which seeds have fewer live latents than at the one below, "
    "which is not better disentangling",
    END: "best at an end of the range of β, so that no best β was found",
}


def findings(results: Results) -> list[str]:
    """Say in sentences what the results show, the answer first.

    Args:
        results: as in results.json; their verdicts are decided anew.
    """
    results = decided(results)
    said = answer(results)
    return [
        said.sentence,
        *said.lines,
        *linear_worlds(results),
        learned_decoder(results),
        *nonlinear_worlds(results),
        *beside_baselines(results),
        collapsing(results["collapse"]),
    ]


def answer(results: Results) -> Answer:
    """Which β is best, and what cannot be told of it.

    Args:
        results: of `tfrwc.studies.beta.verdicts.decided`, as all functions below.
    """
    return Answer(
        f"{_of_worlds(results)} {_of_images(results)}",
        (*recognising(results), *scores_of_images(results)),
        tuple(_doubts(results)),
    )


def linear_worlds(results: Results) -> list[str]:
    """The best β of each linear world with the true decoder."""
    return [
        f"Linear world with cosine {world['cosine']:g}: {optimum(world, 'the exact')}"
        for world in results["true_decoder"]
    ]


def learned_decoder(results: Results) -> str:
    """How near models with a learned decoder come to the exact optimum."""
    worlds = results["learned_decoder"]
    if why := _first_reason(worlds):
        return (
            f"With a learned decoder: {CANNOT_TELL} how near trained models come to "
            f"the exact optimum ({why})."
        )
    each, means = (
        {name: max(world[kind][name] for world in worlds) for name in worlds[0][kind]}
        for kind in ("largest_error", "largest_error_of_means")
    )
    return (
        "With a learned decoder, trained models are within "
        + ", ".join(
            f"{percent(each[name], 2)} ({name})"
            for name in ("objective", "rate", "distortion")
        )
        + " of the exact optimum, for β from 0.5 to 16 and three mixings; rates below "
        f"{SMALL_RATE} nats within {each['small_rate_in_nats']:.4f} nats. "
        f"Means over seeds are within {percent(max(means.values()), 2)}, at every rate "
        "above 0."
    )


def nonlinear_worlds(results: Results) -> list[str]:
    """The best β of each world that is not linear."""
    return [
        f"{world['formula']}: {optimum(world, _IDEAL)}"
        for world in results["nonlinear"]
    ]


def scores_of_images(results: Results) -> list[str]:
    """At which β the scores of the images' models are best, by kind of optimum."""
    verdicts = results["images"]["verdicts"]
    lines = []
    for kind, words in _OPTIMA.items():
        if alike := [v for v in verdicts if v["kind"] == kind]:
            lines.append(f"Images, {words}: {', '.join(map(_score, alike))}.")
    unclear = [v for v in verdicts if v["kind"] == CANNOT_TELL]
    for why in dict.fromkeys(v["why"] for v in unclear):
        names = [measure_name(v["measure"]) for v in unclear if v["why"] == why]
        by = "any score" if len(names) == len(verdicts) else ", ".join(names)
        lines.append(f"Images: {CANNOT_TELL} which β is best by {by} ({why}).")
    return lines


def collapsing(collapse: Results) -> str:
    """Which kernels change while β rises and latents die."""
    live = (np.array(collapse["rates"]) > LIVE).sum(axis=1)
    # From the last epoch with the most live latents on.
    first = len(live) - 1 - int(live[::-1].argmax())
    one = (
        f"{CANNOT_TELL[0].upper()}{CANNOT_TELL[1:]} which layers change when latents "
        "die: one model was trained so"
    )
    if live[first] == live[-1]:
        return f"{one}, and none of its latents died."
    change = np.array(collapse["change"])[:, first:].mean(axis=1)
    most, least = int(change.argmax()), int(change.argmin())
    betas, layers = collapse["beta"], collapse["layers"]
    return (
        f"{one}. While its β rose from {betas[first]:.2g} to {betas[-1]:.2g} and live "
        f"latents fell from {live[first]} to {live[-1]}, {layers[most]} changed most "
        f"({percent(change[most])} in an epoch, on average) and {layers[least]} least "
        f"({percent(change[least])})."
    )


def optimum(world: Results, whose: str) -> str:
    """Where inference performance is best, and whether that is not monotonic.

    Args:
        world: with its optimum.
        whose: best β it is held against, such as "the exact".
    """
    best, verdict = world["optimum"], world["verdict"]
    against = f"{whose} best β is {best['exact']:.3f}"
    if verdict["kind"] == CANNOT_TELL:
        why = verdict["why"]
        return f"{CANNOT_TELL} where trained models infer best ({why}); {against}."
    if not has_best(world):
        return (
            f"inference performance is best at an end of the range, β = "
            f"{verdict['best_beta']:g}, so that no best β was found; {against}."
        )
    inside = "contains" if best["contains_exact"] else "does not contain"
    return (
        f"inference performance is not monotonic in β; best at β = "
        f"{best['trained']:.3f} when trained, 95 % interval {best['low']:.3f} to "
        f"{best['high']:.3f}, which {inside} {whose} {best['exact']:.3f}."
    )


def _of_worlds(results: Results) -> str:
    worlds = results["true_decoder"]
    exact = _listed(f"{world['optimum']['exact']:.3f}" for world in worlds)
    cosines = _listed(f"{world['cosine']:g}" for world in worlds)
    if not any(map(has_best, worlds)):
        why = next((w["verdict"]["why"] for w in worlds if w["verdict"]["why"]), "")
        return (
            f"{CANNOT_TELL[0].upper()}{CANNOT_TELL[1:]} which β is best for trained "
            f"models{f': {why}' if why else ''}. By exact theory, which needs no "
            f"training, it is {exact} in linear worlds with cosine {cosines}."
        )
    return (
        "Trained models infer the factors best at β = "
        f"{_listed(map(best_of_world, worlds))} in linear worlds whose columns have "
        f"cosine {cosines}; by exact theory it is {exact}."
    )


def _of_images(results: Results) -> str:
    verdicts = results["images"]["verdicts"]
    counts = {
        kind: sum(v["kind"] == kind for v in verdicts)
        for kind in (FINITE, DYING, END, CANNOT_TELL)
    }
    if counts[CANNOT_TELL] == len(verdicts):
        return f"For images: {CANNOT_TELL}."
    if counts[FINITE]:
        return (
            f"For images {counts[FINITE]} of {len(verdicts)} scores have a best β at "
            "which no latent has died."
        )
    return (
        "For images no score is known to have a best β before latents die: of "
        f"{len(verdicts)}, {counts[DYING]} are best where latents have died, "
        f"{counts[END]} at an end of the range, and of {counts[CANNOT_TELL]} it cannot "
        "be told."
    )


def _doubts(results: Results) -> list[str]:
    if any(map(has_best, [*results["true_decoder"], *results["nonlinear"]])):
        return [
            "Intervals are over seeds and held-out data: they know nothing of what "
            "longer training would change."
        ]
    return []


def _first_reason(parts: list[Results]) -> str:
    """Why nothing can be told of some parts; empty if it can of all."""
    return next((why for part in parts if (why := why_not(part))), "")


def _score(verdict: Results) -> str:
    apart = "" if verdict["told_apart"] else "not clearly better than every other β, "
    return (
        f"{measure_name(verdict['measure'])} (β = {verdict['best_beta']:g}, {apart}"
        f"{verdict['live_at_best']:.1f} of {LATENTS} latents live)"
    )


def _listed(words: Any) -> str:
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else str(last)
