"""What the results of a trial show, in sentences."""

from typing import Any

import numpy as np

from tfrwc._common.percent import percent
from tfrwc._common.plain import number
from tfrwc.report.answer import Answer
from tfrwc.studies.dynamics.intervals import (
    has_adjusted,
    shown,
    spread,
    with_adjusted,
)
from tfrwc.studies.dynamics.outcome import has_learned
from tfrwc.studies.names import measure_name

Results = dict[str, Any]
NOT_ADJUSTED = (
    "The intervals of correlations with depth and size are not adjusted as the "
    "p-values beside them are, and the two can disagree: this file was written by an "
    "earlier version, which did not keep what adjusted intervals need."
)


def findings(results: Results) -> list[str]:
    """Say in sentences what the results show, the answer first."""
    said = answer(results)
    return [said.sentence, *said.lines, *more(results)]


def answer(results: Results) -> Answer:
    """Which layers learn alike and whether depth matters, and what is uncertain."""
    first = next(iter(results["depth_effect"]))
    return Answer(
        f"{_learned(results)} {_ways(results)} {_depth(results)}",
        (accuracy(results), shapes(results), _by(results, first)),
        tuple(_doubts(results)),
    )


def more(results: Results) -> list[str]:
    """Whether depth matters by the other measures."""
    _, *others = results["depth_effect"]
    return [_by(results, measure) for measure in others]


def is_adjusted(results: Results) -> bool:
    """Whether the intervals of correlations agree with the tests beside them."""
    return all(has_adjusted(rows) for rows in results["depth_effect"].values())


def accuracy(results: Results) -> str:
    """How well the networks do, and how well a constant would."""
    mean, per_seed = results["accuracy"]["mean"], results["accuracy"]["per_seed"]
    return (
        f"Test accuracy {percent(mean)}, mean of {len(per_seed)} "
        f"seed{'s' if len(per_seed) > 1 else ''}; always naming the commonest class "
        f"gives {percent(results['data']['majority_rate'])}."
    )


def depth_effect(results: Results, measure: str) -> str:
    """Whether later layers changed more by a measure, also at the same size."""
    rows = {row["effect"]: row for row in results["depth_effect"][measure]}
    return (
        f"By {measure_name(measure)}, {_direction(rows['depth'])}; with layer size "
        f"held fixed, {_direction(rows['depth given size'])}."
    )


def late_to_early(results: Results, measure: str) -> str:
    """How many times as much the last third of the depth changed as the first."""
    row = with_adjusted(results["block_effect"][measure])[0]
    said = {
        "more": "clearly more",
        "less": "clearly less",
        "unclear": "no clear difference",
    }[shown(row, 1)]
    return (
        f"The last third changed {number(row['ratio']):.2f} times as much as the first "
        f"({spread(row, '.2f')}): {said}."
    )


def shapes(results: Results) -> str:
    """Into how many trends the curves of the layers fall."""
    trends = results["trends"]["robust"]
    count, labels = trends["n_clusters"], np.array(trends["labels"])
    if count == 0:
        return "The layers' curves have no shape in common."
    sizes = ", ".join(str(int((labels == k).sum())) for k in range(count))
    outside = int((labels == -1).sum())
    return (
        f"The layers' curves fall into {count} trend{'s' if count > 1 else ''} of "
        f"shape ({sizes} layers{f', {outside} in none' if outside else ''}), with a "
        f"stability of {number(trends['stability']):.2f} (1 is perfect)."
    )


def _by(results: Results, measure: str) -> str:
    return f"{depth_effect(results, measure)} {late_to_early(results, measure)}"


def _learned(results: Results) -> str:
    if has_learned(results):
        return "The network learned its task."
    return (
        "The network did not learn its task with every seed, so that its layers say "
        "nothing of how networks learn."
    )


def _ways(results: Results) -> str:
    count, layers = results["trends"]["robust"]["n_clusters"], len(results["layers"])
    if count == 0:
        return f"No shape of curve is shared by enough of its {layers} layers."
    if count == 1:
        return f"Its {layers} layers learn in one way."
    return f"Its {layers} layers learn in {count} different ways."


def _depth(results: Results) -> str:
    """Whether depth matters, by the first measure alone."""
    rows = {row["effect"]: row for row in next(iter(results["depth_effect"].values()))}
    alone, given = (rows[name] for name in ("depth", "depth given size"))
    if np.isnan(number(alone["correlation"])):
        return "Whether depth matters cannot be told."
    first, held = shown(alone, 0), shown(given, 0)
    if held != "unclear":
        return f"Later layers changed {held}, also at the same size."
    if first != "unclear":
        return (
            f"Later layers changed {first}; whether that is their depth or their size "
            "cannot be told."
        )
    return "That later layers change more, or less, is not clear."


def _doubts(results: Results) -> list[str]:
    doubts = []
    if len(results["accuracy"]["per_seed"]) == 1:
        doubts.append(
            "One seed: whether the next training of this network would show the same "
            "cannot be told. Intervals are over layers alone."
        )
    if not is_adjusted(results):
        doubts.append(NOT_ADJUSTED)
    doubts.append(
        "Neighbouring layers that move together for another reason than depth make "
        "the evidence look stronger than it is."
    )
    return doubts


def _direction(row: dict[str, Any]) -> str:
    rho = number(row["correlation"])
    if np.isnan(rho):
        return "the effect of depth cannot be told"
    numbers = f"ρ = {rho:+.2f}, {spread(row, '+.2f')}"
    direction = shown(row, 0)
    if direction == "unclear":
        return f"no clear effect of depth ({numbers})"
    return f"later layers changed {direction} ({numbers})"
