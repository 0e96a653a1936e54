"""Verdicts on trained models: at which β a measure is best, or "cannot tell".

All worlds and all scores of the images of a study are tested together, see
`tfrwc.studies.beta.paired`, from the rows of their trained models. Nothing is tested of
too few seeds, or of trainings that had not converged.
"""

from typing import Any

import numpy as np

from tfrwc.studies.beta.certainty import (
    CANNOT_TELL,
    complete_seeds,
    rows_of,
    why_not,
)
from tfrwc.studies.beta.measures import MEASURES
from tfrwc.studies.beta.paired import Best, Floats, best_places

Results = dict[str, Any]

FINITE, DYING, END = "finite optimum", "peaks as latents die", "best at an end"
_UNCLEAR = (
    "over {seeds} seeds no β inside the range is clearly better than both ends of it, "
    "and no end than every other β"
)


def decided(results: Results) -> Results:
    """The results, with verdicts as their rows of trained models allow them.

    Whatever verdicts they have, such as those of an earlier version, are replaced.

    Args:
        results: of `tfrwc.studies.beta.summary.summarise`, as in results.json.

    Returns:
        The results. Each world with an optimum has a verdict, the images have verdicts,
        one for each measure: measure; kind, ``"finite optimum"``, ``"peaks as latents
        die"`` if with any seed fewer latents live at the best β than at the one below,
        ``"best at an end"`` or ``"cannot tell"``; best_beta, that of the highest mean,
        None if it cannot be told; told_apart, whether it is better than every other β;
        p_adjusted; why it cannot be told. For images also live_below_best and
        live_at_best, mean numbers of live latents at the β below the best and there.
    """
    worlds = [*results["true_decoder"], *results["nonlinear"]]
    images = results["images"]
    measures = [name for name in MEASURES if name in rows_of(images)[0]]
    why = why_not(images)
    questions = [(world, "log_q", 1, why_not(world)) for world in worlds]
    questions += [(images, name, MEASURES[name], why) for name in measures]
    found = best_places(
        [
            None if why else sign * table(part, measure)
            for part, measure, sign, why in questions
        ]
    )
    verdicts = [
        _verdict(part, measure, best, why)
        for (part, measure, _, why), best in zip(questions, found, strict=True)
    ]
    count = len(results["true_decoder"])
    with_verdict = [w | {"verdict": v} for w, v in zip(worlds, verdicts, strict=False)]
    of_images = [_with_latents(images, v) for v in verdicts[len(worlds) :]]
    return results | {
        "true_decoder": with_verdict[:count],
        "nonlinear": with_verdict[count:],
        "images": images | {"verdicts": of_images},
    }


def table(part: Results, measure: str) -> Floats:
    """The values of a measure in the rows of a part, (betas, seeds), β ascending, of
    the seeds that have a model at each β."""
    rows = rows_of(part)
    values = {(row["beta"], row["seed"]): row[measure] for row in rows}
    seeds = complete_seeds(rows)
    betas = _betas(part)
    return np.array([[values[beta, s] for s in seeds] for beta in betas], float)


def has_best(world: Results) -> bool:
    """Whether a finite best β of trained models of a world was found."""
    return bool(world["verdict"]["kind"] == FINITE)


def best_of_world(world: Results) -> str:
    """The best β of trained models of a world, in words."""
    return f"{world['optimum']['trained']:.3f}" if has_best(world) else CANNOT_TELL


def score_has_best(verdict: Results) -> bool:
    """Whether a score of images is best at a β inside the range."""
    return verdict["kind"] in (FINITE, DYING)


def _verdict(part: Results, measure: str, best: Best, why: str) -> Results:
    betas = _betas(part)
    kind, beta = CANNOT_TELL, None
    if best.place is not None:
        kind = END if best.place in (0, len(betas) - 1) else FINITE
        beta = betas[best.place]
    elif not why and np.isnan(best.p_value):
        why = "it is not a number with every model"
    elif not why:
        why = _UNCLEAR.format(seeds=len(complete_seeds(rows_of(part))))
    return {
        "measure": measure,
        "kind": kind,
        "best_beta": beta,
        "told_apart": best.told_apart,
        "p_adjusted": best.p_value if np.isfinite(best.p_value) else None,
        "why": why,
    }


def _with_latents(images: Results, verdict: Results) -> Results:
    """The verdict on a score, which knows of the latents that die."""
    beta = verdict["best_beta"]
    if beta is None:
        return verdict | {"live_below_best": None, "live_at_best": None}
    place = _betas(images).index(beta)
    live = table(images, "live_latents")
    below, at = live[max(place - 1, 0)], live[place]
    if verdict["kind"] == FINITE and (at < below).any():
        verdict = verdict | {"kind": DYING}
    return verdict | {
        "live_below_best": float(below.mean()),
        "live_at_best": float(at.mean()),
    }


def _betas(part: Results) -> list[float]:
    return sorted({row["beta"] for row in rows_of(part)})
