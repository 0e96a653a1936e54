"""Does change grow with depth, or with the size of the layer?

Later layers of most networks are larger, and some measures read larger for larger
tensors. So the rank correlation of change with depth is reported beside the one with
size, and each with the other held fixed.

>>> from tfrwc.dynamics import block_effect, depth_effect
>>> depth_effect([first_seed, second_seed])  # doctest: +SKIP
>>> block_effect([first_seed, second_seed])  # doctest: +SKIP

What the tests take for granted: that layers are exchangeable once depth or size is
accounted for. Neighbours that move together for another reason (layers of one stage,
say) count as more evidence than they are; more seeds do not help, other networks do.

The intervals of `depth_effect` are percentiles over layers drawn again with replacement
and, where there are several recordings, over recordings drawn again too; where seeds
disagree by more than layers do they are wider than they need be. The tests deal the
changes out again over the layers. They hold their level where layers vary alike. Where
small layers vary much more than large ones, tests at 0.05 rejected in up to 0.15 of 120
networks, most often for size; where neighbours are correlated by 0.3, in up to 0.18,
most often for depth (benchmarks/dynamics_statistics.json).
"""

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tfrwc.dynamics.arrays import Floats
from tfrwc.dynamics.statistics import (
    holm,
    holm_confidences,
    mean_of_finite,
    permutation_p_values,
    rank_correlations,
    student_interval,
    variance_of_mean,
)
from tfrwc.recording.recording import Recording

EFFECTS = ("depth", "size", "depth given size", "size given depth")
BLOCKS = ("early", "middle", "late")
_COMPARED = (("late", "early"), ("late", "middle"), ("middle", "early"))
# Means of the same numbers in another order differ in the last digits; they are ties.
_DIGITS = 9


def depth_effect(
    recordings: Recording | Sequence[Recording],
    measure: str = "l1_ratio",
    confidence: float = 0.95,
    n_bootstrap: int = 2000,
    random_state: int = 0,
    n_permutations: int = 9999,
) -> pd.DataFrame:
    """Rank correlations of relative change with depth and with size.

    A layer's change is the mean of log values over records (zeros and NaN left out)
    and recordings. "given" is the partial rank correlation (Spearman's).

    Args:
        recordings: a `Recording`, or a list of them (seeds of one network).
        measure: which measure to read.
        confidence: of the intervals.
        n_bootstrap: how many times layers and recordings are drawn.
        random_state: seed of the draws.
        n_permutations: how many times the changes are dealt out.

    Returns:
        DataFrame with a row for each of `EFFECTS` and the columns effect,
        correlation, low, high, p_value (two-sided), p_adjusted, adjusted_low,
        adjusted_high, layers (how many entered), seeds (recordings), resampled
        ("layers" or "seeds and layers"). A correlation is NaN where one of its
        variables does not vary, or where depth and size have one order.

        The columns low, high and p_value are of each row by itself, and of two kinds.
        The adjusted ones agree: p_adjusted is Holm's, over the rows, of the larger of
        p_value and the one at which the interval reaches 0; the adjusted interval has
        the confidence of the row's step, and reaches 0 where p_adjusted is more than
        1 - confidence. Where layers are in perfect order, so is every draw of them:
        the ends are NaN then, as draws show nothing of what other layers would do.

    Raises:
        TypeError: if something else than recordings is given.
        ValueError: if fewer than 4 layers have values, or networks differ.
    """
    logs, layers = _log_changes("depth_effect", recordings, measure, needed=4)
    rng = np.random.default_rng(random_state)
    depth, size = (layers[column].to_numpy(float) for column in ("depth", "size"))
    seeds = len(logs)
    draws = rng.integers(len(layers), size=(n_bootstrap, len(layers)))
    drawn = rng.multinomial(seeds, np.full(seeds, 1 / seeds), size=n_bootstrap) / seeds
    resampled = rank_correlations(
        np.take_along_axis(np.round(drawn @ logs, _DIGITS), draws, axis=1),
        depth[draws],
        size[draws],
    )
    change = np.round(logs.mean(axis=0), _DIGITS)
    low, high = _percentiles(resampled, np.full(len(EFFECTS), confidence))
    p_values = permutation_p_values(change, depth, size, n_permutations, rng)
    # A p-value by draws is NaN where these show nothing.
    by_draws = _percentile_p_values(resampled)
    both = np.where(np.isnan(by_draws), p_values, np.maximum(p_values, by_draws))
    ends = _percentiles(resampled, holm_confidences(both, confidence))
    unclear = holm(both) > 1 - confidence
    ends[0, unclear] = np.minimum(ends[0, unclear], 0)
    ends[1, unclear] = np.maximum(ends[1, unclear], 0)
    return pd.DataFrame(
        {
            "effect": EFFECTS,
            "correlation": rank_correlations(change, depth, size),
            "low": low,
            "high": high,
            "p_value": p_values,
            "p_adjusted": holm(both),
            "adjusted_low": ends[0],
            "adjusted_high": ends[1],
            "layers": len(layers),
            "seeds": seeds,
            "resampled": "seeds and layers" if seeds > 1 else "layers",
        }
    )


def block_effect(
    recordings: Recording | Sequence[Recording],
    measure: str = "l1_ratio",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """How many times as much the late, middle and early thirds of a network change.

    The thirds are of the range of depth. A block's change is the geometric mean over
    its layers, records and recordings. Interval and test are Welch's, of the mean log
    change of layers, with the variance of the difference over recordings added, and
    Satterthwaite's degrees of freedom: so they hold for other layers and other seeds,
    and are wider than they need be where seeds disagree by more than layers do. A
    bootstrap of so few layers and seeds gives intervals that are too narrow.

    Args:
        recordings: a `Recording`, or a list of them (seeds of one network).
        measure: which measure to read.
        confidence: of the intervals.

    Returns:
        DataFrame with three rows and the columns comparison (such as "late / early"),
        ratio, low, high, p_value (two-sided), p_adjusted (Holm's, over the rows),
        adjusted_low, adjusted_high (the interval that agrees with p_adjusted, see
        `tfrwc.dynamics.statistics.holm_confidences`), layers (how many entered), seeds
        (recordings).

    Raises:
        TypeError: if something else than recordings is given.
        ValueError: if a block has fewer than 2 layers with values, or networks differ.
    """
    logs, layers = _log_changes("block_effect", recordings, measure, needed=6)
    blocks = block_of(layers["depth"])
    counts = [int((blocks == block).sum()) for block in BLOCKS]
    if min(counts) < 2:
        raise ValueError(
            "Blocks are compared with 2 or more layers in each third of the depth. "
            f"Received: {dict(zip(BLOCKS, counts, strict=True))}. Watch more tensors."
        )
    rows, pairs = [], []
    for first, second in _COMPARED:
        pairs.append((logs[:, blocks == first], logs[:, blocks == second]))
        difference, half, p_value = _difference(*pairs[-1], confidence)
        rows.append(
            {
                "comparison": f"{first} / {second}",
                "ratio": np.exp(difference),
                "low": np.exp(difference - half),
                "high": np.exp(difference + half),
                "p_value": p_value,
            }
        )
    table = pd.DataFrame(rows)
    table["p_adjusted"] = holm(table["p_value"])
    wider = holm_confidences(table["p_value"], confidence)
    adjusted = [_difference(*p, c)[:2] for p, c in zip(pairs, wider, strict=True)]
    table["adjusted_low"] = [np.exp(value - half) for value, half in adjusted]
    table["adjusted_high"] = [np.exp(value + half) for value, half in adjusted]
    return table.assign(layers=len(layers), seeds=len(logs))


def block_of(depth: npt.ArrayLike) -> npt.NDArray[np.str_]:
    """Which of `BLOCKS` each depth lies in: thirds of the range, ends of equal width.

    Args:
        depth: whole numbers (layers,).
    """
    steps = 3 * (np.asarray(depth) - np.min(depth))
    span = np.ptp(depth)
    conditions = [steps < span, steps > 2 * span]
    return np.asarray(np.select(conditions, ["early", "late"], "middle"))


def typical_change(curves: npt.ArrayLike) -> Floats:
    """Geometric mean of each layer's values.

    Args:
        curves: (layers, records), or (runs, layers, records).

    Returns:
        float64 (layers,). Zeros and NaN are left out; NaN where nothing is left.
    """
    logs = mean_log(curves)
    return np.asarray(np.exp(mean_of_finite(logs) if logs.ndim > 1 else logs))


def mean_log(curves: npt.ArrayLike) -> Floats:
    """Mean over the last axis of the logarithm; zeros and NaN are left out."""
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(np.asarray(curves, np.float64))
    return mean_of_finite(np.moveaxis(logs, -1, 0))


def check_recordings(recordings: Any, caller: str) -> list[Recording]:
    """`recordings` as a list.

    Raises:
        TypeError: if something else than recordings is in it.
        ValueError: if it is empty or has one training twice, or the depth of layers is
            not known.
    """
    if not isinstance(recordings, (list, tuple)):
        recordings = [recordings]
    for recording in recordings:
        if not isinstance(recording, Recording):
            raise TypeError(
                f"{caller} takes a Recording or a list of them. Received: "
                f"{type(recording).__name__}. Read a file with tfrwc.load_recording."
            )
    if not recordings:
        raise ValueError(f"{caller} needs at least one recording. Received none.")
    for (i, one), (j, other) in combinations(enumerate(recordings), 2):
        if is_same_training(one, other):
            raise ValueError(
                f"{caller} takes each training for a sample of its own. Received one "
                f"twice, as numbers {i} and {j}. Leave out one of them."
            )
    if any(recording.layers["depth"].isna().any() for recording in recordings):
        raise ValueError(
            f"{caller} needs the depth of each layer, which is unknown where a "
            "recording was made from weights files alone. Give a model to "
            "Recording.from_checkpoints."
        )
    return list(recordings)


def is_same_training(one: Recording, other: Recording) -> bool:
    """Whether two recordings have the same logs and values, to the last digit."""
    if one.measures != other.measures or not np.array_equal(one.steps, other.steps):
        return False
    # Checkpoints have no logs. Recordings made by hand may have neither these nor more
    # than a few values.
    has_either = "checkpoints" in one.settings or not one.logs.empty
    if not has_either or not one.logs.equals(other.logs):
        return False
    pairs = [(one.values(name), other.values(name)) for name in one.measures]
    return all(np.array_equal(*pair, equal_nan=True) for pair in pairs)


def check_settings(recordings: list[Recording]) -> None:
    """Refuse recordings of which values do not mean the same.

    Raises:
        ValueError: if they were made with different schedules or references.
    """
    for setting in ("every", "reference"):
        values = {r.settings[setting] for r in recordings if setting in r.settings}
        if len(values) > 1:
            raise ValueError(
                f"Recordings that are compared must be made with one {setting!r} of "
                f"RWCCallback. Received: {', '.join(sorted(map(repr, values)))}."
            )


def _log_changes(
    caller: str, recordings: Any, measure: str, needed: int
) -> tuple[Floats, pd.DataFrame]:
    """Mean log change (seeds, layers) of the layers that have one, and their table."""
    recordings = check_recordings(recordings, caller)
    check_settings(recordings)
    tables = [recording.layers for recording in recordings]
    shapes = [table["shape"].tolist() for table in tables]
    if any(other != shapes[0] for other in shapes):
        raise ValueError(
            "All recordings must be of one network: the shapes of their watched "
            f"tensors differ. Received {len(recordings)} recordings with "
            f"{[len(table) for table in tables]} tensors."
        )
    depths = [table["depth"].tolist() for table in tables]
    if any(other != depths[0] for other in depths):
        raise ValueError(
            f"{caller} needs recordings of one network, but the depths of their layers "
            "differ, as they do between networks that are built otherwise and between "
            "versions of this package. Give recordings of one kind."
        )
    logs = np.array([mean_log(r.values(measure).T) for r in recordings])
    # In an order of their own, so that the order in which they come is without effect.
    logs = logs[np.lexsort(logs.T)]
    mean = mean_of_finite(logs)
    has_values = np.isfinite(mean)
    if has_values.sum() < needed:
        raise ValueError(
            f"{caller} needs {needed} or more layers with values of {measure!r}. "
            f"Received: {has_values.sum()}. Record more epochs or watch more "
            "tensors."
        )
    # A seed without a value for a layer says no more of it than the others do.
    logs = np.where(np.isfinite(logs), logs, mean)
    return logs[:, has_values], tables[0][has_values]


def _difference(
    one: Floats, other: Floats, confidence: float
) -> tuple[float, float, float]:
    """Difference of means over layers, half its interval, and p-value.

    Args:
        one, other: (seeds, layers of the block).
    """
    difference = one.mean() - other.mean()
    parts = [variance_of_mean(block.mean(axis=0)) for block in (one, other)]
    if len(one) > 1:
        parts.append(variance_of_mean(one.mean(axis=1) - other.mean(axis=1)))
    return (difference, *student_interval(difference, parts, confidence))


def _percentiles(resampled: Floats, confidences: Floats) -> Floats:
    """Ends (2, effects) of percentile intervals; NaN without draws or confidence.

    NaN, too, where all draws agree.
    """
    ends = np.full((2, len(confidences)), np.nan)
    for i, confidence in enumerate(confidences):
        # A draw can leave a correlation undefined; such draws say nothing.
        drawn = resampled[np.isfinite(resampled[:, i]), i]
        if np.isfinite(confidence) and _differ(drawn):
            tail = (1 - confidence) / 2
            ends[:, i] = np.quantile(drawn, [tail, 1 - tail])
    return ends


def _percentile_p_values(resampled: Floats) -> Floats:
    """Two-sided, of draws (draws, effects): how far in the draws 0 lies; NaN if none.

    With (n + 1) in the denominator, so that an interval of percentiles excludes 0
    where one of these is at most 1 less its confidence. NaN where all draws agree.
    """
    count = np.isfinite(resampled).sum(axis=0)
    differ = np.array([_differ(each[np.isfinite(each)]) for each in resampled.T])
    with np.errstate(invalid="ignore"):
        below, above = (resampled <= 0).sum(axis=0), (resampled >= 0).sum(axis=0)
    p_values = 2 * (np.minimum(below, above) + 1) / (count + 1)
    return np.where(differ, np.minimum(p_values, 1), np.nan)


def _differ(drawn: Floats) -> bool:
    return bool(drawn.size and np.ptp(drawn) > 10.0**-_DIGITS)
