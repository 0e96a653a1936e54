"""Compare how the layers of one network change on several tasks, or as it is trained.

>>> from tfrwc.dynamics import compare, difficulty_trend
>>> comparison = compare({"mnist": easy, "cifar10": hard})  # doctest: +SKIP
>>> comparison.layers, comparison.conditions  # doctest: +SKIP
>>> difficulty_trend(comparison, ["mnist", "cifar10"])  # doctest: +SKIP

Layers are aligned by order and shape. Only the input channels of the first kernel and
the outputs of the last layer may differ. Change falls as training goes on, so each
recording is read as far as the shortest goes.

Change follows the learning rate. A constant rate is the same for all layers and leaves
late_share and late_to_early as they are; for log changes of conditions with different
rates or schedules ask for the change `per_learning_rate`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from tfrwc._common import doors
from tfrwc.dynamics.alignment import align, check_conditions
from tfrwc.dynamics.arrays import Bools, Floats, Ints
from tfrwc.dynamics.comparison_shown import comparison_html, comparison_sentence
from tfrwc.dynamics.depth import block_of, mean_log
from tfrwc.dynamics.statistics import (
    holm,
    holm_confidences,
    student_interval,
    variance_of_mean,
)
from tfrwc.recording.names import display_names
from tfrwc.recording.questions import Display
from tfrwc.recording.recording import Recording


@dataclass(frozen=True, eq=False, repr=False)
class Comparison:
    """How layers change by condition.

    A layer's change is the geometric mean of its values over the records. Intervals
    and p-values are Student's over seeds: those of one condition alone, or Welch's of
    a difference, or of the differences by seed where they are paired. They are NaN
    where a condition has one seed.

    Attributes:
        layers: a row per condition and layer: condition, layer (its name in the
            baseline, or its path where several have that name), path, depth, kind,
            same_shape (whether in all conditions), change with its lowest and
            highest over seeds, log_change, and of log_change less that
            of the baseline difference, low, high, p_value, p_adjusted (Holm's, over
            all rows), adjusted_low, adjusted_high (the interval that agrees with
            p_adjusted, see `tfrwc.dynamics.statistics.holm_confidences`); NaN for the
            baseline.
        conditions: a row per condition: condition, seeds, late_share (of the sum of
            relative changes, the part in the late third of the depth) with
            late_share_low and late_share_high, late_to_early (ratio of the geometric
            means of the late and the early third) with late_to_early_low and
            late_to_early_high. Layers whose shapes differ, or that have no value in
            one of the recordings, are left out; NaN where a third has no layer left.
        recordings: a row per recording: condition, seed (its place in the list),
            late_share, late_to_early, learning_rate (mean of the log; NaN if none).
        baseline: the condition that others are held against.
        measure: which was read.
        per_learning_rate: whether changes were divided by the learning rate.
        records: how many entered, the first of each recording.
        confidence: of the intervals.
    """

    layers: pd.DataFrame
    conditions: pd.DataFrame
    recordings: pd.DataFrame
    baseline: str
    measure: str
    per_learning_rate: bool
    records: int
    confidence: float

    def __repr__(self) -> str:
        return f"Comparison: {comparison_sentence(self)}"

    def _repr_html_(self) -> str:
        return comparison_html(self)

    def plot(self, ax: Any = None) -> Display:
        """Draw the typical change of each layer in each condition.

        Args:
            ax: axes of Matplotlib, or None for new ones.

        Returns:
            A `tfrwc.answers.plot.ComparisonDisplay`.
        """
        display: Display = doors.behind("plot_comparison")(self, ax)
        return display


def compare(
    conditions: Mapping[str, Recording | Sequence[Recording]],
    baseline: str | None = None,
    measure: str = "l1_ratio",
    paired: bool = False,
    per_learning_rate: bool = False,
    confidence: float = 0.95,
) -> Comparison:
    """Hold the changes of layers in several conditions against each other.

    Args:
        conditions: dict of condition to its recordings (a list, one for each seed).
        baseline: which condition the others are held against; the first if None.
        measure: which measure to read.
        paired: whether recordings at the same place in their lists belong together
            (one seed: the same initial weights, say), so that differences are by seed.
        per_learning_rate: whether to divide each value by the learning rate of its
            record.
        confidence: of the intervals.

    Raises:
        TypeError: if `conditions` is no dict of recordings.
        ValueError: for fewer than 2 conditions, an unknown baseline, layers that do
            not fit (the first is named), recordings without records or made with
            different schedules or references, unequal numbers of seeds if `paired`,
            or no learning rates if they are asked for.
    """
    recorded = check_conditions(conditions)
    baseline = next(iter(recorded)) if baseline is None else baseline
    if baseline not in recorded:
        raise ValueError(
            f"baseline must be one of the conditions {list(recorded)}. "
            f"Received: {baseline!r}."
        )
    counts = {name: len(seeds) for name, seeds in recorded.items()}
    if paired and len(set(counts.values())) > 1:
        raise ValueError(
            "Paired conditions must have equal numbers of recordings, in the order of "
            f"their seeds. Received: {counts}. Give paired=False if seeds differ."
        )
    same_shape = align(recorded, baseline)
    records = min(len(r) for seeds in recorded.values() for r in seeds)
    logs = {
        name: np.array(
            [_log_change(r, measure, records, per_learning_rate, name) for r in seeds]
        )
        for name, seeds in recorded.items()
    }
    table = recorded[baseline][0].layers
    recordings = _recordings(recorded, logs, table["depth"].to_numpy(), same_shape)
    return Comparison(
        layers=_layers(logs, table, same_shape, baseline, paired, confidence),
        conditions=_conditions(recordings, confidence),
        recordings=recordings,
        baseline=baseline,
        measure=measure,
        per_learning_rate=per_learning_rate,
        records=records,
        confidence=confidence,
    )


def _log_change(
    recording: Recording,
    measure: str,
    records: int,
    per_learning_rate: bool,
    condition: str,
) -> Floats:
    if not per_learning_rate:
        return mean_log(recording.values(measure)[:records].T.astype(np.float64))
    try:
        curves = recording.per_learning_rate(measure)
    except ValueError as error:
        raise ValueError(
            f"Condition {condition!r}: {error} Give per_learning_rate=False."
        ) from error
    return mean_log(curves[:records].T.astype(np.float64))


def _learning_rates(recording: Recording) -> Floats:
    logs = recording.logs
    rates: Floats = logs.get("learning_rate", pd.Series(np.nan, logs.index)).to_numpy()
    return rates


def _recordings(
    conditions: dict[str, list[Recording]],
    logs: dict[str, Floats],
    depth: Ints,
    same_shape: Bools,
) -> pd.DataFrame:
    has_values = np.isfinite(np.concatenate(list(logs.values()))).all(axis=0)
    used = same_shape & has_values
    blocks = np.full(len(depth), "none", object)
    if used.any():
        blocks[used] = block_of(depth[used])
    early, late = blocks == "early", blocks == "late"
    whole = early.any() and late.any()
    return pd.DataFrame(
        [
            {
                "condition": name,
                "seed": seed,
                "late_share": np.exp(log[late]).sum() / np.exp(log[used]).sum()
                if whole
                else np.nan,
                "late_to_early": np.exp(log[late].mean() - log[early].mean())
                if whole
                else np.nan,
                "learning_rate": float(np.exp(mean_log(_learning_rates(recording)))),
            }
            for name, seeds in conditions.items()
            for seed, (log, recording) in enumerate(zip(logs[name], seeds, strict=True))
        ]
    )


def _layers(
    logs: dict[str, Floats],
    table: pd.DataFrame,
    same_shape: Bools,
    baseline: str,
    paired: bool,
    confidence: float,
) -> pd.DataFrame:
    parts = []
    for name, log in logs.items():
        part = pd.DataFrame(
            {
                "condition": name,
                "layer": display_names(table),
                "path": table["path"],
                "depth": table["depth"],
                "kind": table["kind"],
                "same_shape": same_shape,
                "change": np.exp(log.mean(axis=0)),
                "lowest": np.exp(log.min(axis=0)),
                "highest": np.exp(log.max(axis=0)),
                "log_change": log.mean(axis=0),
            }
        )
        differences = np.full((len(table), 4), np.nan)
        if name != baseline:
            differences[:] = [
                _difference(mine, theirs, paired, confidence)
                for mine, theirs in zip(log.T, logs[baseline].T, strict=True)
            ]
        columns = ("difference", "low", "high", "p_value")
        parts.append(part.assign(**dict(zip(columns, differences.T, strict=True))))
    layers = pd.concat(parts, ignore_index=True)
    layers["p_adjusted"] = holm(layers["p_value"])
    wider = holm_confidences(layers["p_value"], confidence)
    ends = np.full((len(layers), 2), np.nan)
    # One after the other as in `parts`: the row of a condition and a layer.
    samples = [mine for log in logs.values() for mine in log.T]
    for row in np.flatnonzero(np.isfinite(wider)):
        mine, theirs = samples[row], logs[baseline].T[row % len(table)]
        ends[row] = _difference(mine, theirs, paired, wider[row])[1:3]
    return layers.assign(adjusted_low=ends[:, 0], adjusted_high=ends[:, 1])


def _difference(
    mine: Floats, theirs: Floats, paired: bool, confidence: float
) -> tuple[float, float, float, float]:
    difference = mine.mean() - theirs.mean()
    samples = [mine - theirs] if paired else [mine, theirs]
    parts = [variance_of_mean(sample) for sample in samples]
    half, p_value = student_interval(difference, parts, confidence)
    return difference, difference - half, difference + half, p_value


def _conditions(recordings: pd.DataFrame, confidence: float) -> pd.DataFrame:
    rows = []
    for name, group in recordings.groupby("condition", sort=False):
        row: dict[str, object] = {"condition": name, "seeds": len(group)}
        # The interval of a ratio is that of its logarithm.
        for column, there, back in (
            ("late_share", np.asarray, float),
            ("late_to_early", np.log, np.exp),
        ):
            values = there(group[column].to_numpy())
            value = values.mean()
            half, _ = student_interval(value, [variance_of_mean(values)], confidence)
            row[column] = back(value)
            row[f"{column}_low"] = back(value - half)
            row[f"{column}_high"] = back(value + half)
        rows.append(row)
    return pd.DataFrame(rows)
