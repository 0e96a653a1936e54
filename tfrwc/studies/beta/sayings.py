"""What is said of recognition against β: the three answers, and what is beside them."""

from typing import Any

import numpy as np

from tfrwc.studies.beta.certainty import CANNOT_TELL, why_not
from tfrwc.studies.beta.names import baseline_name
from tfrwc.studies.beta.questions import NO, RECOGNITION, YES, questions

Results = dict[str, Any]


def recognising(results: Results) -> list[str]:
    """The answers in sentences; none for results that did not measure recognition.

    Args:
        results: of `tfrwc.studies.beta.verdicts.decided`.
    """
    images = results["images"]
    asked = questions(images)
    return [_sentence(one) for one in asked]


def beside_baselines(results: Results) -> list[str]:
    """How β-VAEs recognise shapes beside what they are held against; "cannot tell" of
    too few seeds, or where a training had not converged."""
    images = results["images"]
    rows = images.get("baselines")
    if not rows:
        return []
    going_on = ", ".join(
        f"{baseline_name(row['baseline'])} with seed {row['seed']}"
        for row in rows
        if row["converged"] is False
    )
    why = why_not(images) or (going_on and f"baselines had not converged: {going_on}")
    if why:
        return [
            f"{CANNOT_TELL.capitalize()} how recognition is beside baselines ({why})."
        ]
    of_betas, of_baselines = _by_name(images)
    means = [_mean(row[RECOGNITION] for row in mine) for mine in of_betas.values()]
    beside = ", ".join(
        f"{name} {_mean(row[RECOGNITION] for row in mine):.2f}"
        for name, mine in of_baselines.items()
    )
    return [
        "Of shapes where they were not seen, means over seeds, β-VAEs recognise "
        f"{min(means):.2f} to {max(means):.2f}, by β; {beside}; chance is 0.33."
    ]


def _by_name(images: Results) -> tuple[dict[str, list[Results]], ...]:
    """Rows of the models of each β, and of each baseline."""
    of_betas: dict[str, list[Results]] = {}
    for row in images["rows"]:
        of_betas.setdefault(f"β = {row['beta']:g}", []).append(row)
    of_baselines: dict[str, list[Results]] = {}
    for row in images["baselines"]:
        of_baselines.setdefault(baseline_name(row["baseline"]), []).append(row)
    return of_betas, of_baselines


_COLUMNS = (
    *("recognised_half", "recognised_between", "recognised_beyond"),
    *("recognised_combined", "recognised_from_10", "recognised_from_1000"),
    *("disentanglement", "from_shape"),
)


def encoders(images: Results) -> list[tuple[str, list[float | None]]]:
    """A row for each β and each baseline: its name, and means over seeds of what the
    page shows, None where one is not a number."""
    if "baselines" not in images:
        return []
    rows: list[tuple[str, list[float | None]]] = []
    for of_name in _by_name(images):
        for name, mine in of_name.items():
            means = [_mean(row[column] for row in mine) for column in _COLUMNS]
            rows.append((name, [m if np.isfinite(m) else None for m in means]))
    return rows


def _sentence(asked: Results) -> str:
    question, answer = asked["question"], asked["answer"]
    if answer == CANNOT_TELL:
        return f"{question} Cannot tell ({asked['why']}{_numbers(asked)})."
    if answer == NO and asked["value"] is None:
        return f"{question} No: recognition is best at an end of the range."
    word = {YES: "Yes", NO: "No"}[answer]
    return f"{question} {word}{_numbers(asked)}."


def _numbers(asked: Results) -> str:
    if asked["value"] is None:
        return ""
    what = "ratio of best β" if "Is it" in asked["question"] else "β ="
    return f": {what} {asked['value']:.2f} ({asked['low']:.2f} to {asked['high']:.2f})"


def _mean(values: Any) -> float:
    return float(np.mean(np.array(list(values), float)))
