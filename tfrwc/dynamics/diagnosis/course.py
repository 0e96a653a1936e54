"""The course of a training: what a recording says of it, ready for rules to read."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from tfrwc.dynamics.arrays import Bools, Floats
from tfrwc.dynamics.diagnosis.validation import Validation
from tfrwc.dynamics.logged import logged_ends
from tfrwc.recording.measures import REGISTRY
from tfrwc.recording.names import display_names
from tfrwc.recording.recording import Recording
from tfrwc.recording.records import Flag

# The parts of a training that stand for its beginning and its end.
_BEGINNING, _END = 0.05, 0.2
_CLASSES = ("categorical_crossentropy", "sparse_categorical_crossentropy")
# Losses that compare numbers of any size.
OF_NUMBERS = (
    "mean_squared_error",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_logarithmic_error",
    "log_cosh",
    "huber",
)


@dataclass(frozen=True, eq=False)
class Course:
    """What happened from record to record.

    Attributes:
        steps: optimizer updates done at each record, int64 (records,).
        names: of the watched tensors.
        kinds: classes of their layers.
        change: relative change since the record before, float64 (records, tensors).
        not_finite: whether weights were not finite, bool (records, tensors).
        zero: whether all weights were 0 at the record before, bool (records, tensors).
        still: share of output units whose weights did not change, as `change`; NaN
            where it was not recorded.
        loss: mean of each record's own steps, float64 (records,); NaN if not logged.
        metric: the same of a metric of which more is better, such as accuracy; None if
            none was logged, or if it is an accuracy of numbers that are no classes.
        metric_name: its name.
        rate: learning rate, float64 (records,); NaN if not logged.
        validation: of the epochs whose validation was logged.
        named_loss: the first and the last loss as logged, which sentences name.
        named_metric: the same of the metric.
        facts: what the model said of its training; see `recording.training_facts`.
    """

    steps: Any
    names: list[str]
    kinds: list[str]
    change: Floats
    not_finite: Bools
    zero: Bools
    still: Floats
    loss: Floats
    metric: Floats | None
    metric_name: str
    rate: Floats
    validation: Validation
    named_loss: tuple[float, float]
    named_metric: tuple[float, float]
    facts: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, recording: Recording) -> "Course":
        """The course that a recording tells of."""
        measure = _change_measure(recording)
        flags, logs = recording.flags(measure), recording.logs
        still = np.full(flags.shape, np.nan)
        if "still_units" in recording.measures:
            still = recording.values("still_units").astype(np.float64)
        facts = dict(recording.settings.get("training") or {})
        place = _places_in_epoch(recording, facts.get("steps_per_epoch"))
        name, epochs = _metric(list(logs)), recording.epochs
        if name and _counts_no_classes(name, logs[name], facts):
            name = ""
        nothing = np.full(len(recording), np.nan)
        column = {c: logs[c].to_numpy(np.float64) for c in logs}
        return cls(
            steps=recording.steps,
            names=list(display_names(recording.layers)),
            kinds=list(recording.layers["kind"]),
            change=recording.values(measure).astype(np.float64),
            not_finite=flags == Flag.NON_FINITE,
            zero=flags == Flag.ZERO_DENOMINATOR,
            still=still,
            loss=_own_means(column.get("loss", nothing), place, epochs),
            metric=_own_means(column[name], place, epochs) if name else None,
            metric_name=name,
            rate=column.get("learning_rate", nothing),
            validation=Validation.of(recording, name, facts.get("lag") or 0),
            named_loss=logged_ends(logs, "loss"),
            named_metric=logged_ends(logs, name),
            facts=facts,
        )

    @property
    def length(self) -> int:
        """Steps that the recording covers."""
        return int(self.steps[-1]) if len(self.steps) else 0

    @cached_property
    def is_lost(self) -> bool:
        """Whether weights, or a loss that was logged, are not finite at some record."""
        logged = not np.isnan(self.loss[:1]).all() or np.isfinite(self.loss).any()
        lost = logged and not np.isfinite(self.loss).all()
        return bool(self.not_finite.any() or lost)

    @cached_property
    def loss_ends(self) -> tuple[float, float]:
        """Mean loss at the beginning and at the end."""
        return _ends(self.loss)

    @cached_property
    def metric_ends(self) -> tuple[float, float]:
        """Mean metric at the beginning and at the end; NaN if there is none."""
        return (np.nan, np.nan) if self.metric is None else _ends(self.metric)

    @cached_property
    def fall(self) -> float:
        """By what share of its size at the beginning the loss fell; NaN if unknown.

        Beginnings above the loss of guessing count as guessing: to come down to that,
        as from outputs that are far too large, is to have learned nothing yet.
        """
        first, last = self.loss_ends
        if self.is_mean_loss:
            first = np.fmin(first, self.chance_loss)
        return (first - last) / abs(first) if first else np.nan

    @cached_property
    def gain(self) -> float:
        """What the metric gained, as a share of what it could; NaN if there is none.

        Beginnings below guessing, which few examples show by chance, count as guessing.
        """
        first, last = self.metric_ends
        if "acc" in self.metric_name:
            first = max(first, self.chance_accuracy)
        return (last - first) / max(1 - first, 1e-9)

    @property
    def chance_accuracy(self) -> float:
        """The accuracy of guessing one of the classes; 0 if their number is unknown."""
        return _chance_accuracy(self.facts)

    @cached_property
    def chance_loss(self) -> float:
        """The cross-entropy of guessing all classes alike; NaN for other losses."""
        output, loss = self.facts.get("output") or {}, self.facts.get("loss")
        if loss == "binary_crossentropy":
            return float(np.log(2))
        units = output.get("units") or 0
        if loss in _CLASSES and units > 1:
            return float(np.log(units))
        return np.nan

    @property
    def is_mean_loss(self) -> bool:
        """Whether what is logged is the mean loss of the examples, and no more.

        Only then can it be compared with that of guessing, or with a range.
        """
        return not (self.facts.get("regularised") or self.facts.get("scaled"))

    @property
    def activations(self) -> list[str | None]:
        """Of the layer of each tensor; None where unknown."""
        return self.facts.get("activations") or [None] * len(self.names)

    @property
    def output_activation(self) -> str | None:
        """Of the last layer; None if unknown."""
        return (self.facts.get("output") or {}).get("activation")

    @property
    def output_units(self) -> int | None:
        """Of the last layer; None if unknown."""
        return (self.facts.get("output") or {}).get("units")

    @cached_property
    def total_change(self) -> Floats:
        """Sum of the changes of each tensor, from its first number on."""
        return np.asarray(np.nansum(self.change, axis=0))

    @cached_property
    def still_at_end(self) -> Floats:
        """The most that can be still throughout the last third of the records.

        That is the least share of all these records: units that few examples reach are
        still in some of them.
        """
        late = self.still[-max(1, len(self.still) // 3) :]
        known = np.where(np.isnan(late), np.inf, late)
        least = known.min(axis=0, initial=np.inf)
        return np.where(np.isfinite(least), least, np.nan)


def can_be_diagnosed(recording: Recording) -> bool:
    """Whether it tells how much layers changed from record to record."""
    changes = [name for name in recording.measures if _is_change(name)]
    return bool(changes) and recording.settings.get("reference") != "initial"


def _change_measure(recording: Recording) -> str:
    """A measure of change that is proportional to it, the first that was recorded."""
    for name in filter(_is_change, recording.measures):
        return name
    raise ValueError(
        "diagnose needs a measure that grows with the change, such as 'l1_ratio'. "
        f"Received a recording of {', '.join(recording.measures)}."
    )


def _is_change(measure: str) -> bool:
    return measure in REGISTRY and REGISTRY[measure].learning_rate_power == 1


def _metric(names: list[str]) -> str:
    """The first metric of which more is better; empty if there is none."""
    training = [name for name in names if not name.startswith("val_")]
    for part in ("acc", "auc", "f1", "precision", "recall", "iou"):
        for name in training:
            if part in name.lower():
                return name
    return ""


def _chance_accuracy(facts: dict[str, Any]) -> float:
    units = (facts.get("output") or {}).get("units") or 0
    if units == 1 or (units and facts.get("loss") == "binary_crossentropy"):
        return 0.5
    return 1 / units if units else 0.0


def _counts_no_classes(name: str, values: Any, facts: dict[str, Any]) -> bool:
    """Whether this is the accuracy of a regression, which stays near 0.

    It counts targets that outputs meet exactly. Of classes, guessing meets more.
    """
    if "acc" not in name or facts.get("loss") not in OF_NUMBERS:
        return False
    return bool(np.fmax.reduce(values, initial=0.0) < 0.5 * _chance_accuracy(facts))


def _places_in_epoch(recording: Recording, in_epoch: int | None) -> Any:
    """How many steps of its epoch each record has seen; None if unknown."""
    if not in_epoch or not len(recording):
        return None
    place = recording.steps - (recording.epochs - 1) * in_epoch
    if (place < 1).any() or (place > in_epoch).any():
        return None
    return place


def _own_means(means: Floats, place: Any, epochs: Any) -> Floats:
    """Means over the steps since the record before, from those since the epoch began.

    Keras logs a running mean, which says little of the last steps of a long epoch.
    """
    if place is None or len(means) < 2:
        return means
    sums = means * place
    goes_on = np.diff(epochs, prepend=epochs[0] - 1) == 0
    before = np.where(goes_on, np.roll(sums, 1), 0.0)
    count = np.where(goes_on, place - np.roll(place, 1), place)
    return np.asarray((sums - before) / count)


def _ends(values: Floats) -> tuple[float, float]:
    """Means over the first and the last records."""
    if not len(values):
        return np.nan, np.nan
    first = max(1, round(_BEGINNING * len(values)))
    last = max(1, round(_END * len(values)))
    return float(np.mean(values[:first])), float(np.mean(values[-last:]))
