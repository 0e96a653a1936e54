"""What was done to weights privately: runs, which are merged and never forgotten.

>>> run = Run(1.0, 0.1, Counts(poisson=20))
>>> other = Run(2.0, 0.1, Counts(fixed=10, fixed_uses=2))
>>> stages({"a": run, "b": other})
[Stage(noise_multiplier=1.0, rate=0.1, steps=20), \
Stage(noise_multiplier=2.0, rate=0.1, steps=10)]
>>> merged({"a": run}, {"a": Run(1.0, 0.1, Counts(poisson=30))})["a"].counts.steps
30

A run is what one private model did in one process; its counts only grow. So two copies
of a history, such as that of a checkpoint and that of a journal beside it, are merged
by the larger counts of each run, and nothing is counted twice or forgotten.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from tfrwc.privacy.accounting.sgd import Stage
from tfrwc.privacy.statement import with_article

EXAMPLE = "example"


class Counts(NamedTuple):
    """Steps of a run, by how their batches were drawn.

    Attributes:
        poisson: steps of Poisson samples.
        fixed: of batches that are taken for shuffled ones.
        fixed_uses: how many of these can have used one example, at most.
        ordered: of batches that are known not to be shuffled.
        ordered_uses: how many of these can have used one example, at most.
    """

    poisson: int = 0
    fixed: int = 0
    fixed_uses: int = 0
    ordered: int = 0
    ordered_uses: int = 0

    @property
    def steps(self) -> int:
        """Of every kind together."""
        return self.poisson + self.fixed + self.ordered

    def plus(self, other: Iterable[int]) -> "Counts":
        """The sum of both, count by count."""
        return Counts(*(a + b for a, b in zip(self, other, strict=True)))


class Run(NamedTuple):
    """What one private model did in one process.

    Attributes:
        noise_multiplier: standard deviation of the noise over the clipping norm.
        rate: the share of the examples in a step.
        counts: of its steps.
        unit: what the noise hides one of.
    """

    noise_multiplier: float
    rate: float
    counts: Counts
    unit: str = EXAMPLE


History: TypeAlias = dict[str, Run]  # by the names of the runs


def merged(one: Mapping[str, Run], other: Mapping[str, Run]) -> History:
    """Both histories, with the larger counts of a run that is in both."""
    result = dict(one)
    for name, run in other.items():
        if name in result:
            pairs = zip(result[name].counts, run.counts, strict=True)
            run = run._replace(counts=Counts(*(max(pair) for pair in pairs)))
        result[name] = run
    return result


def steps(history: Mapping[str, Run]) -> int:
    """Steps of all runs."""
    return sum(run.counts.steps for run in history.values())


def check_unit(history: Mapping[str, Run], unit: str) -> None:
    """Check that what was done hides one of the same unit.

    Raises:
        ValueError: if another unit was hidden: what that costs this one is not known.
    """
    others = sorted({run.unit for run in history.values()} - {unit})
    if others:
        raise ValueError(
            f"The weights were trained privately before with the unit {others[0]!r}, "
            f"of which no guarantee for {with_article(unit)} follows. Received: "
            f"unit={unit!r}. "
            f"Give make_private unit={others[0]!r}, or begin with other weights."
        )


def stages(history: Mapping[str, Run]) -> list[Stage]:
    """What the runs cost together, if shuffled batches protect as Poisson samples do.

    A batch in a known order hides nobody: each use of an example counts whole.
    """
    parts = []
    for noise, rate, counts, _ in history.values():
        parts.append(Stage(noise, rate, counts.poisson + counts.fixed))
        parts.append(Stage(noise, 1.0, min(counts.ordered_uses, counts.ordered)))
    return _together(parts)


def stages_without_order(history: Mapping[str, Run]) -> list[Stage]:
    """As `stages`, where the order of fixed batches hides nobody either."""
    parts = []
    for noise, rate, counts, _ in history.values():
        uses = min(counts.fixed_uses, counts.fixed)
        uses += min(counts.ordered_uses, counts.ordered)
        parts.append(Stage(noise, rate, counts.poisson))
        parts.append(Stage(noise, 1.0, uses))
    return _together(parts)


def fewer_runs(history: Mapping[str, Run], name: str) -> History:
    """The history with one run for each noise, rate and unit, called after `name`.

    These are no longer known to be the runs that they were: merged with a copy of
    those, they count twice.
    """
    sums: dict[tuple[float, float, str], Counts] = {}
    for noise, rate, counts, unit in history.values():
        key = noise, rate, unit
        sums[key] = counts.plus(sums.get(key, Counts()))
    return {
        f"{name}-{i}": Run(noise, rate, counts, unit)
        for i, ((noise, rate, unit), counts) in enumerate(sums.items())
    }


def to_plain(history: Mapping[str, Run]) -> dict[str, list[Any]]:
    """The history as plain data for JSON."""
    return {
        # The commonest unit is left out, as in files from before there were others.
        name: [*row[:2], *row[2], *(row[3:] if row.unit != EXAMPLE else ())]
        for name, row in history.items()
    }


def from_plain(data: Mapping[str, Sequence[Any]]) -> History:
    """The history that `to_plain` wrote."""
    length = len(Counts())
    return {
        name: Run(
            float(noise),
            float(rate),
            Counts(*map(int, rest[:length])),
            *map(str, rest[length:]),
        )
        for name, (noise, rate, *rest) in data.items()
    }


def _together(parts: Iterable[Stage]) -> list[Stage]:
    """One stage for each noise and rate."""
    sums: dict[tuple[float, float], int] = {}
    for noise, rate, count in parts:
        if count:
            sums[noise, rate] = sums.get((noise, rate), 0) + count
    return [Stage(noise, rate, count) for (noise, rate), count in sums.items()]
