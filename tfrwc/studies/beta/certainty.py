"""What must be so before anything is said of trained models: seeds, and convergence."""

from typing import Any

import numpy as np

from tfrwc._common.percent import percent

Results = dict[str, Any]

CANNOT_TELL = "cannot tell"
# Seeds that a test over seeds takes at least.
FEWEST_SEEDS = 5
# Nats of inference performance, and share of the objective, by which trained models may
# miss what is exact.
_SHORT, _ERROR = 0.02, 0.01
# Of the nats by which a β is worse than the best, that trained models may miss there.
_PART = 0.1


def why_not(part: Results) -> str:
    """Why nothing can be told of the trained models of a part; empty if it can.

    Args:
        part: a world, or the images, of the results.
    """
    reasons = []
    seeds = len(complete_seeds(rows_of(part)))
    if seeds < FEWEST_SEEDS:
        reasons.append(
            f"too few seeds to tell: {seeds} with a model at each β, where "
            f"{FEWEST_SEEDS} or more are needed"
        )
    if missed := _missed(part) or _going_on(part):
        reasons.append(f"{missed}: train for more epochs")
    elif not _is_known(part):
        reasons.append(
            "whether the trainings had converged was not recorded by the earlier "
            "version that trained them"
        )
    return "; ".join(reasons)


def _is_known(part: Results) -> bool:
    """Whether it is known if the trainings of a part had converged: it was recorded, or
    follows from what is exact."""
    return "convergence" in part or "cosine" in part


def rows_of(part: Results) -> list[Results]:
    """A row for each trained model of a part."""
    rows: list[Results] = part["rows"] if "rows" in part else part["trained"]
    return rows


def complete_seeds(rows: list[Results]) -> list[int]:
    """The seeds with a model at each β."""
    there = {(row["beta"], row["seed"]) for row in rows}
    betas, seeds = ({member[i] for member in there} for i in (0, 1))
    return sorted(s for s in seeds if all((beta, s) in there for beta in betas))


def _going_on(part: Results) -> str:
    """How many trainings had not converged; empty if all had."""
    found = part.get("convergence")
    if not found or not found["still_falling"]:
        return ""
    return f"{found['still_falling']} of {found['members']} trainings had not converged"


def _missed(part: Results) -> str:
    """By how much trained models miss what is exact; empty if by little, or if nothing
    exact is known."""
    if "largest_error" in part:
        error = part["largest_error"]["objective"]
        missed = f"trained models miss the exact objective by {percent(error)}"
        return "" if error <= _ERROR else missed
    if "cosine" not in part:
        return ""
    exact = dict(
        zip(part["reference"]["beta"], part["reference"]["log_q"], strict=True)
    )
    # Where q is narrow it magnifies what is left of the errors. They may be a part of
    # what is lost there exactly, so that no β seems worse for them alone.
    best = max(exact.values())
    short = {
        beta: exact[beta] - _mean_log_q(part, beta)
        for beta in {row["beta"] for row in part["trained"]}
    }
    far = [
        lost
        for beta, lost in short.items()
        if not lost <= max(_SHORT, _PART * (best - exact[beta]))
    ]
    missed = "trained models are {:.2g} nats short of the exact curve"
    return missed.format(max(far)) if far else ""


def _mean_log_q(world: Results, beta: float) -> float:
    values = [row["log_q"] for row in world["trained"] if row["beta"] == beta]
    return float(np.mean(np.array(values, float)))
