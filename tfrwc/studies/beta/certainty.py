"""What repeats allow to be said of trained models: the best β, or "cannot tell"."""

from typing import Any

import numpy as np

Results = dict[str, Any]

CANNOT_TELL = "cannot tell"
# Seeds that an interval over seeds takes at least.
FEWEST_SEEDS = 3
# Of the trainings of a part may still improve at its end.
_MAY_GO_ON = 0.1
# Nats of inference performance, and share of the objective, by which trained models may
# miss what is exact.
_SHORT, _ERROR = 0.02, 0.01
# Of resamplings of the seeds must have their best β inside the range.
_SURE = 0.95


def why_not(part: Results) -> str:
    """Why nothing can be told of the trained models of a part; empty if it can.

    Args:
        part: a world, or the images, of the results.
    """
    reasons = []
    seeds = len({row["seed"] for row in _rows(part)})
    if seeds < FEWEST_SEEDS:
        reasons.append(
            f"{seeds} seed{'s' if seeds > 1 else ''} for each β, where {FEWEST_SEEDS} "
            "or more are needed"
        )
    if missed := _missed(part):
        reasons.append(f"{missed}: train for more epochs")
    found = part.get("convergence")
    if not missed and found and found["still_falling"] > _MAY_GO_ON * found["members"]:
        reasons.append(
            f"{found['still_falling']} of {found['members']} trainings had not "
            "converged: train for more epochs"
        )
    return "; ".join(reasons)


def is_known(part: Results) -> bool:
    """Whether it is known if the trainings of a part had converged: it was recorded, or
    follows from what is exact."""
    return "convergence" in part or "cosine" in part


def has_best(world: Results) -> bool:
    """Whether a best β of trained models of a world was found."""
    return not why_not(world) and world["optimum"]["non_monotonic"]


def best_of_world(world: Results) -> str:
    """The best β of trained models of a world, in words."""
    if has_best(world):
        return f"{world['optimum']['trained']:.3f}"
    return CANNOT_TELL


def score_has_best(images: Results, verdict: Results) -> bool:
    """Whether a best β by a score of images was found, inside the range.

    Args:
        images: of the results.
        verdict: one of its verdicts.
    """
    inside = verdict["kind"] != "best at an end" and verdict["inside"] >= _SURE
    return inside and not why_not(images)


def verdict_words(images: Results, verdict: Results) -> str:
    """What is known of the best β by a score, in a few words."""
    if why_not(images):
        return CANNOT_TELL
    if verdict["kind"] != "best at an end" and not score_has_best(images, verdict):
        return f"{CANNOT_TELL}: seeds disagree"
    return str(verdict["kind"])


def _missed(part: Results) -> str:
    """By how much trained models miss what is exact; empty if by little, or if nothing
    exact is known."""
    if "largest_error" in part:
        error = part["largest_error"]["objective"]
        missed = f"trained models miss the exact objective by {error:.1%}"
        return missed if error > _ERROR else ""
    if "cosine" not in part:
        return ""
    # Below the optimum q is narrow, and magnifies what is left of the errors.
    exact = dict(
        zip(part["reference"]["beta"], part["reference"]["log_q"], strict=True)
    )
    betas = [b for b in {r["beta"] for r in part["trained"]} if b >= _best(part)]
    short = max(exact[b] - _mean_log_q(part, b) for b in betas)
    missed = f"trained models are {short:.2g} nats short of the exact curve"
    return missed if short > _SHORT else ""


def _best(world: Results) -> float:
    return float(world["optimum"]["exact"])


def _mean_log_q(world: Results, beta: float) -> float:
    values = [row["log_q"] for row in world["trained"] if row["beta"] == beta]
    return float(np.mean(values))


def _rows(part: Results) -> list[Results]:
    rows: list[Results] = part["rows"] if "rows" in part else part["trained"]
    return rows
