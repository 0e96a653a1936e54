"""What pictures show of a recording: its values, with names and units for both axes."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from tfrwc.dynamics.arrays import Floats
from tfrwc.dynamics.statistics import mean_of_finite
from tfrwc.recording.names import display_names, shortened
from tfrwc.recording.recording import Recording

_SINCE = {"previous": "since the record before", "initial": "since the start"}
_DECADE = 10.0
_LONGEST = 200  # characters of a name


@dataclass(frozen=True, eq=False)
class View:
    """Change of layers by record.

    Attributes:
        values: float64 (layers, records); NaN where there is none, 0 where nothing
            changed.
        layers: table of `Recording.layers`.
        names: of the layers, each another one, of at most 200 characters.
        x: place of each record (records,), rising: epochs, or what `x_label` says.
        x_label: ``"epoch"``, ``"optimizer step"`` or ``"record"``.
        y_label: what a value is, with the name of the measure.
        runs: of how many recordings they are.
    """

    values: Floats
    layers: pd.DataFrame
    names: list[str]
    x: Floats
    x_label: str
    y_label: str
    runs: int = 1

    @property
    def depth(self) -> Floats:
        """Depth of each layer; where one is not known, the places in the network."""
        depth = self.layers["depth"].to_numpy(np.float64)
        return depth if self.has_depth else np.arange(len(self.layers), dtype=float)

    @property
    def has_depth(self) -> bool:
        """Whether the depth of all layers is known."""
        return not self.layers["depth"].isna().any()

    @property
    def depth_label(self) -> str:
        """What `depth` is."""
        if self.has_depth:
            return "depth (kernel layers before it)"
        return "place in the network (depth is not known)"


def view_of(recording: Recording, runs: int = 1) -> View:
    """What pictures show of a recording: ``l1_ratio``, or else its first measure.

    Args:
        recording: with a record and a layer or more.
        runs: of how many recordings it is the mean.

    Raises:
        ValueError: if it has no records or no layers.
    """
    if not len(recording) or recording.layers.empty:
        raise ValueError(
            "A picture needs a recording with records and layers. Received one with "
            f"{len(recording)} records of {len(recording.layers)} layers. Train for an "
            "epoch or more."
        )
    measure = usual_measure(recording)
    values = recording.values(measure).T.astype(np.float64)
    x, x_label = records_axis(recording)
    since = _SINCE[recording.settings.get("reference", "previous")]
    return View(
        values=np.where(np.isfinite(values), values, np.nan),
        layers=recording.layers,
        names=display_names(recording.layers, most=_LONGEST),
        x=x,
        x_label=x_label,
        y_label=f"relative change {since} ({shortened(measure, 30)})",
        runs=runs,
    )


def usual_measure(recording: Recording) -> str:
    """``l1_ratio`` if that was recorded, else the first measure."""
    measures = recording.measures
    return "l1_ratio" if "l1_ratio" in measures else measures[0]


def records_axis(recording: Recording) -> tuple[Floats, str]:
    """Where records stand on an axis, and what the axis is called.

    Epochs where each record has another one, else optimizer steps; the numbers of
    records, from 1, where neither rises.
    """
    for places, label in (
        (recording.epochs, "epoch"),
        (recording.steps, "optimizer step"),
    ):
        if (np.diff(places) > 0).all():
            return places.astype(np.float64), label
    return np.arange(1.0, len(recording) + 1), "record"


def typical(values: npt.ArrayLike) -> Floats:
    """Geometric mean of each row (rows,): 0 where all values are, NaN without values.

    Zeros beside other values are left out, as in all of `tfrwc.dynamics`.
    """
    values = np.asarray(values, np.float64)
    usable = np.isfinite(values)
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(np.where(usable, values, np.nan))
    means = np.exp(mean_of_finite(np.moveaxis(logs, -1, 0)))
    zero = usable.any(axis=-1) & (np.where(usable, values, 0) == 0).all(axis=-1)
    return np.asarray(np.where(zero, 0.0, means))


def spans_decades(values: npt.ArrayLike) -> bool:
    """Whether an axis of these values should be one of logarithms.

    So it is where they are 0 or more, and the largest is 10 times the smallest that is
    not 0, or more.
    """
    values = np.asarray(values, np.float64)
    finite = values[np.isfinite(values)]
    positive = finite[finite > 0]
    if not positive.size or (finite < 0).any():
        return False
    return bool(positive.max() >= _DECADE * positive.min())
