"""Which layers could be frozen: advice from how long their change has stayed low.

>>> from tfrwc.dynamics import suggest_freeze
>>> advice = suggest_freeze(recording)  # doctest: +SKIP
>>> for name in advice["layer"][advice["in_prefix"]]:  # doctest: +SKIP
...     model.get_layer(name.split("/")[0]).trainable = False

Keras needs `model.compile` again after that. `benchmarks/freeze.py` measures what
following the advice saved and cost on one real task.

Change falls with the learning rate whether a layer is done or not, so each value is
first divided by the learning rate logged at its record. Then (logarithms, gaps filled
and spikes removed as by preset ``"robust"`` of `TrendClusterer`) a layer's change is
low at a record if it is

- at most `low` times the layer's own peak, and
- at most the median of the network's layers at that record. So never more than about
  half of the layers are low: where all fall alike, none stands out.

The confidence is the probability that the next record is low, too, by Student's t for
one further value of the last records (a quarter of them, 3 or more), taken as Gaussian
around a constant level: a one-sided prediction interval. Unlike an interval of the
mean, it hardly gains from more records, which follow one another too closely to count
as independent. Several recordings (seeds of one network) give their last records
together, each against its own limits, so that layers low in one seed only get less
confidence.

Freezing a layer saves its weight gradients and updates. The backward pass through it is
saved only where all layers before it are frozen, too, down to the biases and
normalisation parameters: the column `in_prefix` marks the suggested layers that lie in
such an unbroken beginning of the network. If it is nowhere true, the suggested set
forms no prefix, and freezing it saves little time.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import t as student

from tfrwc.dynamics import cleaning
from tfrwc.dynamics.arrays import Bools, Floats, Ints
from tfrwc.recording.names import display_names
from tfrwc.recording.recording import Recording

_LEAST_RECORDS = 4


def suggest_freeze(
    recordings: Recording | Sequence[Recording],
    measure: str = "l1_ratio",
    low: float = 0.5,
    confidence: float = 0.9,
) -> pd.DataFrame:
    """Rank layers by how long and how surely their change has stayed low.

    This is advice; nothing is frozen. The top of this module says what counts as low
    and how the confidence is computed.

    Args:
        recordings: a `Recording` against previous records, evenly spaced, or a list of
            them. Its log of the learning rate is the rate at the end of each
            interval, so a schedule within an interval is followed coarsely.
        measure: which measure to read.
        low: share of its peak, between 0 and 1, from which on a layer's change is low.
        confidence: from which on a layer that is low now is suggested.

    Returns:
        DataFrame with a row per watched tensor, in order of rank (`low_records` times
        `confidence`, then forward order), and the columns

        - layer: its name, or its path where several have that name
        - depth, kind, size: as in `Recording.layers`
        - low_records: for how many records, up to the last, it has been low
        - to_peak: mean level over the last records, as a share of the layer's peak
        - to_median: the same, as a multiple of the network's median
        - confidence: see above; NaN without values in half of the records
        - weight_share: its share of all watched weights, an estimate of its share of
            the trainable ones (biases are watched only if asked for)
        - suggested: low now, and with at least the asked confidence
        - in_prefix: suggested, as are all tensors of its depth and of those before

        A layer whose last records are all exactly zero (frozen already) is low, with
        confidence 1.

    Raises:
        TypeError: if something else than recordings is given.
        ValueError: for `low` or `confidence` outside 0 to 1, fewer than 4 records,
            recordings against the initial weights, without learning rates, or of
            different networks.
    """
    seeds = _checked(recordings, low, confidence)
    layers = seeds[0].layers
    runs = [_Run(recording, measure, low) for recording in seeds]
    window = max(3, min(len(recording) for recording in seeds) // 4)
    change = _change_so_far(runs, window)
    low_now = change["low_records"].to_numpy() > 0
    suggested = low_now & (change["confidence"].to_numpy() >= confidence)
    depth = layers["depth"].to_numpy()
    first_not_suggested = depth[~suggested].min(initial=np.iinfo(np.int64).max)
    table = pd.concat([layers[["name", "depth", "kind", "size"]], change], axis=1)
    table = table.rename(columns={"name": "layer"}).assign(
        layer=display_names(layers),
        weight_share=layers["size"] / layers["size"].sum(),
        suggested=suggested,
        in_prefix=suggested & (depth < first_not_suggested),
    )
    rank = change["low_records"] * change["confidence"]
    order = np.argsort(-np.nan_to_num(rank), kind="stable")
    return table.iloc[order].reset_index(drop=True)


def _change_so_far(runs: "list[_Run]", window: int) -> pd.DataFrame:
    """Columns low_records, to_peak, to_median and confidence, a row per layer."""
    above = np.concatenate([run.above[:, -window:] for run in runs], axis=1)
    stopped = np.all([run.stopped(window) for run in runs], axis=0)
    to_peak = np.mean([run.level(run.peak[:, None], window) for run in runs], axis=0)
    to_median = np.mean([run.level(run.median, window) for run in runs], axis=0)
    return pd.DataFrame(
        {
            # The shortest of the seeds' spells: a layer must be low in all of them.
            "low_records": np.min([run.spells(window) for run in runs], axis=0),
            "to_peak": np.where(stopped, 0, 10**to_peak),
            "to_median": np.where(stopped, 0, 10**to_median),
            "confidence": np.where(stopped, 1.0, _probability_below(above)),
        }
    )


class _Run:
    """One recording's curves against their limits, log10, (layers, records)."""

    def __init__(self, recording: Recording, measure: str, low: float) -> None:
        self._values = recording.values(measure).T.astype(np.float64)
        per_rate = recording.per_learning_rate(measure).T.astype(np.float64)
        logs, usable = cleaning.robust(per_rate)
        self.logs = np.where(usable[:, None], logs, np.nan)
        self.peak: Floats = np.full(len(logs), np.nan)
        self.median: Floats = np.full(logs.shape[1], np.nan)
        if usable.any():
            self.peak[usable] = logs[usable].max(axis=1)
            self.median = np.median(logs[usable], axis=0)
        limit = np.minimum(self.peak[:, None] + np.log10(low), self.median)
        self.above = self.logs - limit

    def stopped(self, window: int) -> Bools:
        """Which layers did not change at all in the last records."""
        return np.asarray((self._values[:, -window:] == 0).all(axis=1))

    def spells(self, window: int) -> Ints:
        """For how many records, up to the last, each layer has been low."""
        stopped = self.stopped(window)
        below = np.where(stopped[:, None], self._values == 0, self.above <= 0)
        broken = np.logical_or.accumulate(~below[:, ::-1], axis=1)
        return np.asarray((~broken).sum(axis=1))

    def level(self, against: Any, window: int) -> Floats:
        """Mean of the last records, relative to `against`, as a log10."""
        return np.asarray((self.logs - against)[:, -window:].mean(axis=1))


def _probability_below(values: Floats) -> Floats:
    """That one more value like these (layers, n) is at most 0; (layers,)."""
    n = values.shape[1]
    mean, deviation = values.mean(axis=1), values.std(axis=1, ddof=1)
    # Equal values leave no doubt, but must not divide by zero.
    error = np.maximum(deviation * np.sqrt(1 + 1 / n), 1e-12)
    return np.asarray(student.cdf(-mean / error, n - 1))


def _checked(recordings: Any, low: float, confidence: float) -> list[Recording]:
    if not isinstance(recordings, (list, tuple)):
        recordings = [recordings]
    for recording in recordings:
        if not isinstance(recording, Recording):
            raise TypeError(
                "suggest_freeze takes a Recording or a list of them. Received: "
                f"{type(recording).__name__}. Read a file with tfrwc.load_recording."
            )
    for name, value in (("low", low), ("confidence", confidence)):
        if not 0 < value < 1:
            raise ValueError(f"{name} must lie between 0 and 1. Received: {value!r}.")
    if not recordings:
        raise ValueError("suggest_freeze needs a recording. Received none.")
    shapes = [recording.layers["shape"].tolist() for recording in recordings]
    if any(other != shapes[0] for other in shapes):
        raise ValueError(
            "All recordings must be of one network: the shapes of their watched "
            f"tensors differ. Received {len(recordings)} recordings with "
            f"{[len(shape) for shape in shapes]} tensors."
        )
    for recording in recordings:
        if recording.settings.get("reference") == "initial":
            raise ValueError(
                "Change since the initial weights does not tell whether a layer still "
                "changes. Record with RWCCallback(reference='previous')."
            )
        if len(recording) < _LEAST_RECORDS:
            raise ValueError(
                f"suggest_freeze needs {_LEAST_RECORDS} or more records. Received a "
                f"recording of {len(recording)}. Train longer or record more often."
            )
    return list(recordings)
