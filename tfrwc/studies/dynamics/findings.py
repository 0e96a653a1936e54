"""What the results of a trial show, in sentences."""

from typing import Any

import numpy as np

from tfrwc._common.plain import number

Results = dict[str, Any]
LEVEL = 0.05


def findings(results: Results) -> list[str]:
    """Say in sentences what the results show."""
    by_measure = [
        f"{depth_effect(results, measure)} {late_to_early(results, measure)}"
        for measure in results["depth_effect"]
    ]
    return [accuracy(results), *by_measure, shapes(results)]


def accuracy(results: Results) -> str:
    """How well the networks do, and how well a constant would."""
    mean, per_seed = results["accuracy"]["mean"], results["accuracy"]["per_seed"]
    return (
        f"Test accuracy {mean:.1%}, mean of {len(per_seed)} "
        f"seed{'s' if len(per_seed) > 1 else ''}; always naming the commonest class "
        f"gives {results['data']['majority_rate']:.1%}."
    )


def depth_effect(results: Results, measure: str) -> str:
    """Whether later layers changed more by a measure, also at the same size."""
    rows = {row["effect"]: row for row in results["depth_effect"][measure]}
    return (
        f"By {measure}, {_direction(rows['depth'])}; with layer size held fixed, "
        f"{_direction(rows['depth given size'])}."
    )


def late_to_early(results: Results, measure: str) -> str:
    """How many times as much the last third of the depth changed as the first."""
    row = results["block_effect"][measure][0]
    ratio, low, high = (number(row[key]) for key in ("ratio", "low", "high"))
    return (
        f"The last third changed {ratio:.2f} times as much as the first (95 % interval "
        f"{low:.2f} to {high:.2f})."
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


def _direction(row: dict[str, Any]) -> str:
    rho, low, high, p_value = (
        number(row[key]) for key in ("correlation", "low", "high", "p_adjusted")
    )
    if np.isnan(rho):
        return "the effect of depth cannot be told"
    numbers = (
        f"ρ = {rho:+.2f}, 95 % interval {low:+.2f} to {high:+.2f}, adjusted p = "
        f"{p_value:.2g}"
    )
    if p_value > LEVEL:
        return f"no clear effect of depth ({numbers})"
    return f"later layers changed {'more' if rho > 0 else 'less'} ({numbers})"
