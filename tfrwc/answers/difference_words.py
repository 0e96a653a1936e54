"""What recordings held against others say, in sentences."""

import numpy as np
import pandas as pd

from tfrwc.answers.words import listed, percent, plural, times
from tfrwc.dynamics.arrays import Bools
from tfrwc.dynamics.comparison import Comparison
from tfrwc.dynamics.statistics import mean_of_finite
from tfrwc.recording.names import shortened
from tfrwc.recording.recording import Recording

Sides = dict[str, list[Recording]]
Names = tuple[str, str]

HERE, THERE = "this", "other"
"""The sides."""
LEVEL = 0.05
_ALIKE = 1.1
"""Ratio up to which a single run each is called about as much."""


def unnamed(sides: Sides) -> Names:
    """What the sides are called that were given no names."""
    return (
        "this run" if len(sides[HERE]) == 1 else "these runs",
        "the other run" if len(sides[THERE]) == 1 else "the other runs",
    )


def answer(table: pd.DataFrame, sides: Sides, records: int, names: Names) -> str:
    """Which layers change more and which less, and by how much.

    Args:
        table: of the difference.
        sides: recordings by side; where both have seeds, there are tests.
        records: how many of each recording were read.
        names: of the sides.
    """
    several = have_seeds(sides)
    here, there = names
    known = table[table["ratio"].notna()]
    cut = any(len(one) > records for seeds in sides.values() for one in seeds)
    when = f"Over {'the first ' if cut else ''}{plural(records, 'record')}"
    if known.empty:
        return f"{when}, no layer has a change on both sides to compare."
    more, less = _more_and_less(known, several)
    alike = len(known) - len(more) - len(less)
    if alike == len(known):
        if several:
            return (
                f"{when}, no layer changed clearly more or less in {there}; the "
                f"largest difference is {_told(known, here)[0]}."
            )
        return (
            f"{when}, all layers changed about as much in {there} (within "
            f"{percent(_ALIKE - 1)})."
        )
    parts: list[str] = []
    for part, word in ((more, "more"), (less, "less")):
        if len(part):
            who = f"{len(part)} {word}"
            if not parts:
                who = f"{_of(len(part), len(known))} changed {word} in {there}"
            parts.append(f"{who}: {listed(_told(part, here))}")
    if alike:
        how = "without a clear difference" if several else "about as much"
        parts.append(f"{alike} {how}")
    return f"{when}, {'; '.join(parts)}."


def have_seeds(sides: Sides) -> bool:
    """Whether there are several recordings on both sides."""
    return min(map(len, sides.values())) > 1


def _of(part: int, layers: int) -> str:
    """How many of some layers: "2 of 3 layers", "all 3 layers", "the layer"."""
    if part < layers:
        return f"{part} of {plural(layers, 'layer')}"
    return "the layer" if layers == 1 else f"all {layers} layers"


def _more_and_less(
    known: pd.DataFrame, several: bool
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows that changed more, and less: clearly over seeds, or by more than a tenth."""
    ratio = known["ratio"]
    one_sided = (ratio == 0) | np.isinf(ratio)
    if several:
        clear = one_sided | (known["p_adjusted"] <= LEVEL)
        return known[clear & (ratio > 1)], known[clear & (ratio < 1)]
    return known[ratio > _ALIKE], known[ratio < 1 / _ALIKE]


def _told(part: pd.DataFrame, here: str) -> list[str]:
    words = []
    for row in part.itertuples(index=False):
        if np.isinf(row.ratio):
            how = f"not at all in {here}"
        elif row.ratio == 0:
            how = "not at all there"
        else:
            how = f"{times(row.ratio)} as much"
            if np.isfinite(row.low):
                how += f", adjusted 95 % interval {row.low:.2g} to {row.high:.2g}"
        words.append(f"{shortened(row.name)} ({how})")
    return words


def doubts(
    table: pd.DataFrame,
    sides: Sides,
    compared: Comparison,
    names: Names,
) -> list[str]:
    """What cannot be told of the difference.

    Args:
        table: of the difference.
        sides: recordings by side.
        compared: that the table was made of.
        names: of the sides.
    """
    said = []
    if not have_seeds(sides):
        runs = "One run each" if all(len(s) == 1 for s in sides.values()) else "One run"
        said.append(
            f"{runs}: no interval can be given, and any of these differences may be "
            "due to the seed. Record two or more seeds of both."
        )
    rates = {
        side: compared.recordings.query("condition == @side")["learning_rate"].mean()
        for side in sides
    }
    ratio = rates[THERE] / rates[HERE]
    if np.isfinite(ratio) and not 1 / 1.01 < ratio < 1.01:
        said.append(
            f"The typical learning rate of {names[1]} is {times(ratio)} that of "
            f"{names[0]}, and change is about proportional to it; in Python, "
            "tfrwc.dynamics.compare(..., per_learning_rate=True) divides by it."
        )
    lengths = [len(recording) for seeds in sides.values() for recording in seeds]
    if max(lengths) > min(lengths):
        said.append(
            f"Recordings have {min(lengths)} to {max(lengths)} records: only the first "
            f"{min(lengths)} of each are compared."
        )
    without = table[table["ratio"].isna()]
    if len(without):
        layers = listed([shortened(name) for name in without["name"]])
        said.append(f"{layers}: no change on one side or both, so no ratio.")
    turned = _turned(table, sides, compared)
    if turned:
        said.append(
            f"{turned}: by the plain mean of the changes it is the other way round, as "
            "a few records with far larger changes dominate it. "
            "recording.plot.heat_map() shows which."
        )
    halting = _halting(table, sides, compared)
    if halting:
        said.append(
            f"{halting}: records without any change are left out of the mean, which "
            "describes only the others."
        )
    return said


def _turned(table: pd.DataFrame, sides: Sides, compared: Comparison) -> str:
    """Names of layers of which the mean of the values says the opposite of ratio."""
    this, other = (
        np.mean(
            [mean_of_finite(r.values(compared.measure)[: compared.records]) for r in s],
            axis=0,
        )
        for s in sides.values()
    )
    ratio = table["ratio"].sort_index().to_numpy()
    opposite = ((ratio > _ALIKE) & (this > _ALIKE * other)) | (
        (ratio < 1 / _ALIKE) & (other > _ALIKE * this)
    )
    names = table["name"].sort_index()[opposite]
    return listed([shortened(name) for name in names])


def _halting(table: pd.DataFrame, sides: Sides, compared: Comparison) -> str:
    """Names of layers that changed in some records and not at all in others."""
    values = np.concatenate(
        [
            recording.values(compared.measure)[: compared.records]
            for seeds in sides.values()
            for recording in seeds
        ]
    )
    both = (values == 0).any(axis=0) & (values > 0).any(axis=0)
    frozen = np.any([still(seeds, compared) for seeds in sides.values()], axis=0)
    names = table["name"].sort_index()[both & ~frozen]
    return listed([shortened(name) for name in names])


def still(seeds: list[Recording], compared: Comparison) -> Bools:
    """Which layers have values, all of them zero, in all of some recordings."""
    values = np.concatenate(
        [r.values(compared.measure)[: compared.records] for r in seeds]
    )
    zero = (np.nan_to_num(values) == 0).all(axis=0)
    return np.asarray(zero & np.isfinite(values).any(axis=0))
