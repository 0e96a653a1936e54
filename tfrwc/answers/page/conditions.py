"""Which recordings belong together: seeds of one setting are one condition."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from tfrwc.answers.summary import Summary, summary
from tfrwc.answers.view import View, typical, usual_measure, view_of
from tfrwc.dynamics.arrays import Ints
from tfrwc.dynamics.depth import is_same_training
from tfrwc.recording.names import numbered, shortened
from tfrwc.recording.recording import Recording

Recordings = Recording | Sequence[Recording] | Mapping[str, Recording]

UNNAMED = ("this run", "the other run")
_SAME = ("every", "reference", "watch", "model")
# Keras numbers models of one process that were given no name.
_NUMBER = re.compile(r"_\d+$")


@dataclass(frozen=True, eq=False)
class Condition:
    """A recording, or several of one setting (seeds).

    Attributes:
        name: for people.
        recordings: one or more.
        names: of the recordings.
        mean: the recording, or the geometric mean of several.
        view: what pictures show of it.
        summary: of it.
    """

    name: str
    recordings: list[Recording]
    names: list[str]
    mean: Recording
    view: View
    summary: Summary

    @property
    def labels(self) -> Ints:
        """The trend of each layer, int64 (layers,); -1 where none."""
        return self.summary.table.sort_index()["trend"].to_numpy(np.int64)

    @property
    def uncertain(self) -> list[str]:
        """What cannot be told, a sentence each."""
        doubts = self.summary.uncertain
        if len(self.recordings) == 1:
            return doubts
        return [doubt for doubt in doubts if not doubt.startswith("One run:")]


def conditions(recordings: Recordings, against: Recordings = ()) -> list[Condition]:
    """The conditions of a page, in the order in which they were given.

    Raises:
        TypeError: if something else than recordings is given.
        ValueError: if there is none, one has no records, or one is there twice.
    """
    sides = [_named(recordings, "recordings")]
    if others := _named(against, "against"):
        sides.append(others)
    if not sides[0]:
        raise ValueError(
            "write_report takes a recording or more. Received none. Read one with "
            "tfrwc.load_recording."
        )
    pairs = [pair for side in sides for pair in side]
    _check_records(pairs)
    _check_once(pairs)
    found = []
    for side, few, many in zip(sides, UNNAMED, ("these", "the other"), strict=False):
        for group in _groups(side):
            names = [name for name, _ in group]
            named = names[0] if names[0] else few
            if len(group) > 1:
                named = f"{many} {len(group)} runs"
                if names[0]:
                    named = f"{names[0]} and {len(group) - 1} more"
            found.append(_condition(named, group))
    return _told_apart(found)


def _condition(name: str, group: list[tuple[str, Recording]]) -> Condition:
    runs = [recording for _, recording in group]
    mean = runs[0] if len(runs) == 1 else mean_recording(runs)
    return Condition(
        name=name,
        recordings=runs,
        names=[one or f"run {i}" for i, (one, _) in enumerate(group, 1)],
        mean=mean,
        view=view_of(mean, len(runs)),
        summary=summary(mean),
    )


def are_repeats(recordings: Sequence[Recording]) -> bool:
    """Whether recordings can be taken for seeds of one setting.

    So they are where all are of equal layers, were recorded in the same way at the same
    steps, began with the same learning rate, and read the same measure.
    """
    first = recordings[0]
    return all(_alike(first, other) for other in recordings[1:])


def mean_recording(recordings: Sequence[Recording]) -> Recording:
    """The geometric mean of recordings of one setting, as far as the shortest goes."""
    shortest = min(recordings, key=len)
    measure, records = usual_measure(shortest), len(shortest)
    stack = [run.values(measure)[:records].astype(np.float64) for run in recordings]
    values = typical(np.stack(stack, axis=-1))
    flags = np.max([run.flags(measure)[:records] for run in recordings], axis=0)
    flags = np.where(np.isnan(values), flags, 0)
    logs = sum(
        (run.logs.head(records) for run in recordings[1:]),
        recordings[0].logs.head(records),
    )
    logs = logs / len(recordings)
    mean = Recording(shortest.layers, [measure], shortest.settings, shortest.versions)
    for i in range(records):
        mean.append(
            int(shortest.steps[i]),
            int(shortest.epochs[i]),
            values[i : i + 1],
            flags[i : i + 1],
            logs.iloc[i].to_dict(),
        )
    return mean


def _groups(
    side: list[tuple[str, Recording]],
) -> list[list[tuple[str, Recording]]]:
    """All of a side together if they are seeds of one setting, else each by itself."""
    if are_repeats([recording for _, recording in side]):
        return [side]
    return [[(name or f"run {i}", one)] for i, (name, one) in enumerate(side, 1)]


def _alike(one: Recording, other: Recording) -> bool:
    records = min(len(one), len(other))
    both = [key for key in _SAME if key in one.settings and key in other.settings]
    return (
        one.layers["shape"].tolist() == other.layers["shape"].tolist()
        and one.layers["kind"].tolist() == other.layers["kind"].tolist()
        and usual_measure(one) == usual_measure(other)
        and all(_setting(one, key) == _setting(other, key) for key in both)
        and np.array_equal(one.steps[:records], other.steps[:records])
        and np.array_equal(one.epochs[:records], other.epochs[:records])
        and _first_rate(one) == _first_rate(other)
    )


def _setting(recording: Recording, key: str) -> Any:
    value = recording.settings[key]
    return _NUMBER.sub("", str(value)) if key == "model" else value


def _first_rate(recording: Recording) -> float:
    rates = recording.logs.get("learning_rate")
    if rates is None or not len(rates) or not np.isfinite(rates.iloc[0]):
        return -1.0
    return float(rates.iloc[0])


def _named(given: Recordings, what: str) -> list[tuple[str, Recording]]:
    """Pairs of a name, empty for none, and a recording."""
    if isinstance(given, Recording):
        pairs: list[tuple[str, Recording]] = [("", given)]
    elif isinstance(given, Mapping):
        counted: Counter[str] = Counter()
        pairs = [
            (numbered(shortened(str(name)) or "run", counted), one)
            for name, one in given.items()
        ]
    elif isinstance(given, Iterable) and not isinstance(given, (str, bytes)):
        pairs = [("", one) for one in given]
    else:
        pairs = [("", given)]
    for _, one in pairs:
        if not isinstance(one, Recording):
            raise TypeError(
                f"{what} of a report are a Recording, several, or a dict of names to "
                f"them. Received: {type(one).__name__}. Read a file with "
                "tfrwc.load_recording."
            )
    return pairs


def _check_records(pairs: list[tuple[str, Recording]]) -> None:
    for number, (name, one) in enumerate(pairs, 1):
        if not len(one) or one.layers.empty:
            which = f"“{name}”" if name else f"number {number}"
            raise ValueError(
                f"A report needs recordings with records and layers. Received {which} "
                f"of {len(pairs)} with {len(one)} records of {len(one.layers)} layers. "
                "Leave it out, or train for an epoch or more."
            )


def _check_once(pairs: list[tuple[str, Recording]]) -> None:
    for (i, (_, one)), (j, (_, other)) in combinations(enumerate(pairs, 1), 2):
        if one is other or is_same_training(one, other):
            raise ValueError(
                "A report takes each training once. Received one twice, as numbers "
                f"{i} and {j}. Leave out one of them."
            )


def _told_apart(found: list[Condition]) -> list[Condition]:
    """The conditions, numbered where several would have one name."""
    names = [one.name for one in found]
    if len(set(names)) == len(names):
        return found
    return [
        Condition(f"{one.name} ({i})", *list(vars(one).values())[1:])
        for i, one in enumerate(found, 1)
    ]
