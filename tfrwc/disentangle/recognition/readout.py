"""A linear readout: what a logistic regression recognises."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

from tfrwc._common.checks import whole_number
from tfrwc.disentangle.recognition.splits import (
    Split,
    combinations,
    extrapolation,
    interpolation,
    random_half,
)
from tfrwc.disentangle.scores.points import Codes, checked_factors, live_codes

Labels = NDArray[np.integer[Any]]


def accuracy(
    codes: ArrayLike, labels: ArrayLike, split: Split, live: ArrayLike | None = None
) -> float:
    """How much of what a readout did not learn from it recognises.

    The share of the tested points of a label that are recognised, mean over labels, so
    that chance is 1 over their number. Each latent is divided by its deviation over the
    points that are learnt from; the regression has scikit-learn's C = 1 and counts
    labels alike.

    Args:
        codes: floats (n, latents).
        labels: whole numbers (n,), such as shapes.
        split: which points are learnt from and tested on.
        live: bools (latents,), which ones are read; None for all.

    Raises:
        ValueError: if arrays are not as above, or a label is tested that was not learnt
            or is the only one.
    """
    kept, given = _checked(codes, labels, live)
    if len(split.train) != len(kept):
        raise ValueError(
            "split must be of as many points as there are codes. Received: "
            f"{len(split.train)} and {len(kept)}."
        )
    scaled = _scaled(kept, split.train)
    train, test = split.train, split.test
    return _recognised(scaled[train], given[train], scaled[test], given[test])


def few_labels(
    codes: ArrayLike,
    labels: ArrayLike,
    count: int,
    draws: int = 10,
    random_state: int = 0,
    live: ArrayLike | None = None,
) -> NDArray[np.float64]:
    """The `accuracy` of readouts that each learn from a few points, on all the others.

    Points are drawn at random with each label as often as it occurs, to within one. The
    codes of all points are known, and their deviations with them.

    Args:
        codes: as of `accuracy`.
        labels: as of `accuracy`.
        live: as of `accuracy`.
        count: points to learn from.
        draws: how many times.
        random_state: seed of the draws.

    Returns:
        (draws,).

    Raises:
        ValueError: if arrays are not as above, or there are fewer points, to learn from
            or to be tested on, than labels.
    """
    kept, given = _checked(codes, labels, live)
    count, draws = whole_number(count, "count"), whole_number(draws, "draws")
    distinct, sizes = np.unique(given, return_counts=True)
    if not len(distinct) <= count <= len(given) - len(distinct) or sizes.min() < 2:
        raise ValueError(
            f"count must leave a point of each of the {len(distinct)} labels to learn "
            f"from, and one to be tested on. Received: {count} of {len(given)} points, "
            f"{sizes.min()} of the rarest label."
        )
    scaled = _scaled(kept, np.ones(len(kept), bool))
    points = np.arange(len(given))
    found = []
    for draw in np.random.SeedSequence(random_state).generate_state(draws):
        some, rest = train_test_split(
            points, train_size=count, stratify=given, random_state=int(draw)
        )
        found.append(_recognised(scaled[some], given[some], scaled[rest], given[rest]))
    return np.array(found)


def held_out(
    codes: ArrayLike,
    factors: ArrayLike,
    target: int = 0,
    circular: Sequence[int] = (),
    live: ArrayLike | None = None,
) -> pd.DataFrame:
    """The `accuracy` of every split: a row for each kind and each other factor.

    Args:
        codes: as of `accuracy`.
        live: as of `accuracy`.
        factors: whole numbers (n, factors).
        target: index of the factor to be recognised.
        circular: indices of angles, beyond whose values there is nothing.

    Returns:
        Columns: kind, ``"random half"``, ``"interpolation"``, ``"extrapolation"`` or
        ``"combinations"``; factor, the index of the other one, -1 for the random half;
        accuracy.

    Raises:
        ValueError: if arrays are not as above, or a factor has too few values.
    """
    given = checked_factors(factors)
    others = [j for j in range(given.shape[1]) if j != target]
    splits = {("random half", -1): random_half(len(given))}
    for j in others:
        splits["interpolation", j] = interpolation(given, j)
        if j not in circular:
            splits["extrapolation", j] = extrapolation(given, j)
        splits["combinations", j] = combinations(given, target, [j])
    labels = given[:, target]
    rows = [
        {"kind": kind, "factor": j, "accuracy": accuracy(codes, labels, split, live)}
        for (kind, j), split in splits.items()
    ]
    return pd.DataFrame(rows)


def _checked(
    codes: ArrayLike, labels: ArrayLike, live: ArrayLike | None
) -> tuple[Codes, Labels]:
    kept, given = live_codes(codes, live), np.asarray(labels)
    if given.shape != kept.shape[:1] or not np.issubdtype(given.dtype, np.integer):
        raise ValueError(
            f"labels must be whole numbers ({len(kept)},), one for each code. "
            f"Received: {given.dtype} {given.shape}."
        )
    return kept, given


def _scaled(codes: Codes, train: NDArray[np.bool_]) -> Codes:
    """Codes in units of their deviation over some points, about their mean there."""
    mean, deviation = codes[train].mean(axis=0), codes[train].std(axis=0)
    # What varies by rounding alone there is constant.
    least = 1e-12 * np.abs(codes[train]).max(axis=0)
    varies = deviation > least
    scaled: Codes = np.where(varies, codes - mean, 0) / np.where(varies, deviation, 1)
    return scaled


def _recognised(x: Codes, y: Labels, tested: Codes, labels: Labels) -> float:
    """The share of tested points that are recognised, mean over their labels."""
    learnt, asked = np.unique(y), np.unique(labels)
    if unknown := sorted(set(asked.tolist()) - set(learnt.tolist())):
        raise ValueError(
            f"Every label that is tested must be learnt. Not learnt: {unknown}. Give "
            "another split."
        )
    if len(learnt) < 2:
        raise ValueError(
            "There must be two labels or more to learn. Received: points of label "
            f"{learnt[0]} only."
        )
    model = LogisticRegression(class_weight="balanced", max_iter=10_000)
    right = model.fit(x, y).predict(tested) == labels
    return float(np.mean([right[labels == label].mean() for label in asked]))
