"""What a recording consists of, as plain data."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

REFERENCES = ("previous", "initial")  # what the weights of a record are compared with


class Flag(IntEnum):
    """Why a recorded value is NaN; OK where it is not.

    SET_FROM_OUTSIDE marks a number too: of a record before which something else than
    training set the weights. It compares with what they were set to or, in a recording
    against the initial weights, holds that change as well.
    """

    OK = 0
    ZERO_DENOMINATOR = 1
    NON_FINITE = 2
    NOT_WATCHED = 3  # not yet, or no longer
    SET_FROM_OUTSIDE = 4


class Record(NamedTuple):
    """What was measured at one moment.

    Attributes:
        step: optimizer updates done.
        epoch: the epoch that it ends or lies in, from 1.
        values: float32 (measures, layers).
        flags: uint8 (measures, layers) of `Flag`.
        logs: loss, metrics and other numbers, by name.
    """

    step: int
    epoch: int
    values: npt.NDArray[np.float32]
    flags: npt.NDArray[np.uint8]
    logs: dict[str, float]

    @classmethod
    def converted(
        cls,
        step: int,
        epoch: int,
        values: npt.ArrayLike,
        flags: npt.ArrayLike,
        logs: Mapping[str, float],
    ) -> "Record":
        """A record of these values, turned into the types above."""
        return cls(
            int(step),
            int(epoch),
            np.asarray(values, np.float32),
            np.asarray(flags, np.uint8),
            {name: float(value) for name, value in logs.items()},
        )


class Origin(NamedTuple):
    """Which state of which file something belongs to.

    Attributes:
        id: of the file, 32 hexadecimal digits.
        writes: how often a callback has replaced it.
    """

    id: str
    writes: int


@dataclass(frozen=True, eq=False)
class Contents:
    """All that a file of a recording holds.

    Attributes:
        layers: DataFrame with a row per watched tensor; see `Recording.layers`.
        measures: names of the measures, in the order of their values in a record.
        settings: how the recording was made.
        versions: of the libraries that made it.
        records: in order of their steps. Early ones may have fewer layers than late
            ones.
        origin: which state of the file they are from; None for none, or a file of
            before there were origins.
    """

    layers: pd.DataFrame
    measures: tuple[str, ...]
    settings: dict[str, Any]
    versions: dict[str, str]
    records: list[Record]
    origin: Origin | None = None
