"""Trends of layers in TensorBoard, while a model trains.

>>> from tfrwc import RWCCallback
>>> from tfrwc.report.tensorboard import TrendsToTensorBoard
>>> change = RWCCallback()
>>> shown = TrendsToTensorBoard("logs", change)
>>> model.fit(x, y, epochs=50, callbacks=[change, shown])  # doctest: +SKIP

Then ``tensorboard --logdir logs`` (``pip install tensorboard``, which TensorFlow
before 2.21 brings along).
"""

import math
import os
import warnings
from typing import Any

import keras
import numpy as np
import pandas as pd

from tfrwc._common.checks import whole_number
from tfrwc._common.paths import local_path
from tfrwc.compat.extras import extra
from tfrwc.dynamics.diagnosis import can_be_diagnosed, diagnose
from tfrwc.dynamics.online import OnlineTrends
from tfrwc.recording.callback import RWCCallback
from tfrwc.recording.names import MOST, display_names
from tfrwc.recording.recording import Recording
from tfrwc.report.board import Board
from tfrwc.report.trend_picture import pixels, trend_curves

# TensorBoard gets slow and hard to read with many more tags.
_MAX_LAYER_TAGS = 50
_MAX_TABLE_ROWS = 200
_GROUP = "change by trend"  # of tags
_CHARTS = {
    "median change of each trend": f"{_GROUP}/median change",
    "change of each layer": "layer change of .*",
}


class TrendsToTensorBoard(keras.callbacks.Callback):
    """Writes the layers' change, and the trends among them, to TensorBoard.

    Put it behind its `RWCCallback` in the list of callbacks; before it, all shows an
    epoch late. At the end of each epoch it reads the new records, updates
    `OnlineTrends` with each, and writes to the run ``MODEL`` in `log_dir`:

    - ``layer change of KIND/LAYER``: relative change of each watched tensor, where they
      are 50 or fewer; the layer is its path where several have its name;
    - ``change by trend/median change`` and ``change by trend/number of layers``: a
      chart each, with a line for each trend as its layers are at that record, and for
      the layers in no trend; TensorBoard knows each line as a run of its own,
      ``MODEL/trend N``;
    - every so many records, the image ``change by trend/curves``: all curves so far,
      coloured by trend, with the median of each; and the text ``change by
      trend/table``: their kind, depth, size, trend and present change;
    - as often, the text ``diagnosis``: what `tfrwc.dynamics.diagnose` finds wrong;
    - where the package tensorboard is installed, charts of all trends and of all layers
      on the page Custom Scalars.

    MODEL is the model's name, so that models in one folder keep apart.

    The steps are epochs, as in `keras.callbacks.TensorBoard`, which can write to the
    same folder, or optimizer updates if `callback` records by steps. The cost of a
    record does not grow with their number: `benchmarks/online_trends.py`.

    Args:
        log_dir: folder for TensorBoard.
        callback: the `RWCCallback` of the same fit. Its first measure is shown.
        picture_every: records from one picture and table to the next; with several
            records in an epoch, at most one picture is made in each. There is one at
            the end of training, too.
        trends: an `OnlineTrends` with other settings than the default ones.

    Raises:
        TypeError: if `callback` is not an RWCCallback.
        ValueError: if `picture_every` is not a whole number of 1 or more.
    """

    def __init__(
        self,
        log_dir: str | os.PathLike[str],
        callback: RWCCallback,
        picture_every: int = 10,
        trends: OnlineTrends | None = None,
    ) -> None:
        super().__init__()
        if not isinstance(callback, RWCCallback):
            raise TypeError(
                "TrendsToTensorBoard shows what an RWCCallback records: make one and "
                "pass both to fit. Received: "
                f"{type(callback).__name__}."
            )
        with extra("tensorflow"):
            import tensorflow  # noqa: F401  # missing, it is told before training
        self.log_dir = local_path(log_dir, "log_dir")
        self.callback = callback
        self.picture_every = whole_number(picture_every, "picture_every")
        self.trends = OnlineTrends() if trends is None else trends
        self._records = self._pictured = 0
        self._last = None
        self._told = False
        self._board = None
        self._medians: dict[str, float] = {}

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._show(self.picture_every)

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        self._show(picture_every=1)

    def _show(self, picture_every):
        """Show what is new, and a picture if so many records came since the last."""
        try:
            self._show_new_records()
            if self._records - self._pictured >= picture_every:
                self._picture()
        # Files are written by TensorFlow, whose errors derive from Exception alone, and
        # pictures drawn and layers grouped by other libraries: whatever they raise, a
        # display must not end a training.
        except Exception as error:
            if not self._told:
                self._told = True
                warnings.warn(
                    f"TrendsToTensorBoard could not show all in {self.log_dir}: "
                    f"records up to number {self._records} may lack scalars, the "
                    f"picture or the table ({type(error).__name__}: "
                    f"{str(error)[:300]}). Training and recording go on; this is said "
                    "once.",
                    RuntimeWarning,
                    stacklevel=3,
                )

    def _show_new_records(self):
        try:
            recording = self.callback.recording
        except RuntimeError:  # not begun: no epoch has, or only that of a loop by hand
            return
        new = recording.since(self._records)
        if not len(new):
            return
        # Also where they cannot be written, so that no trend takes a record twice.
        self._records += len(new)
        if self._board is None:
            self._board = self._begin()
        by_epoch = self.callback.schedule.unit == "epoch"
        # As Keras does, from 0; so both have an epoch's numbers at the same step.
        steps = new.epochs - 1 if by_epoch else new.steps
        for step, values in zip(steps, new.values(new.measures[0]), strict=True):
            self.trends.partial_fit(values)
            self._write_scalars(new.layers, values, int(step))
            self._last = new.layers, values, int(step)
        self._board.flush()

    def _begin(self):
        name = getattr(self.model, "name", None) or "model"
        board = Board(self.log_dir / name.replace(os.sep, "-"))
        # The same from every model, for TensorBoard to put their lines together.
        board.charts("layers", _CHARTS)
        return board

    def _write_scalars(self, layers, values, step):
        board = self._board
        if len(layers) <= _MAX_LAYER_TAGS:
            for tag, value in zip(_tags(layers), values, strict=True):
                if np.isfinite(value):
                    board.scalar(tag, value, step)
        labels = self.trends.labels_
        present = {f"trend {t + 1}": values[labels == t] for t in self.trends.trends_}
        present["no trend"] = values[labels == -1]
        # Also trends that went out, so that no line is drawn to where one comes back.
        for line in dict.fromkeys([*self._medians, *present]):
            members = present.get(line, values[:0])
            board.scalar(f"{_GROUP}/number of layers", len(members), step, line)
            members = members[np.isfinite(members)]
            median = float(np.median(members)) if members.size else math.nan
            if not (math.isnan(median) and math.isnan(self._medians.get(line, median))):
                board.scalar(f"{_GROUP}/median change", median, step, line)
            self._medians[line] = median

    def _picture(self):
        self._pictured = self._records
        layers, values, step = self._last
        picture = pixels(trend_curves(self.trends))
        self._board.picture(f"{_GROUP}/curves", picture, step)
        self._board.text(f"{_GROUP}/table", self._table(layers, values), step)
        recording = self.callback.recording
        if can_be_diagnosed(recording):
            self._board.text("diagnosis", diagnose(recording).to_markdown(), step)
        self._board.flush()

    def _table(self, layers, values) -> str:
        """Markdown, with the layers of a trend together."""
        order = np.argsort(self.trends.labels_, kind="stable")[:_MAX_TABLE_ROWS]
        names = display_names(layers, most=MOST)
        lines = ["| trend | layer | kind | depth | size | change |", "|-|-|-|-|-|-|"]
        for i in order:
            row, trend = layers.iloc[i], self.trends.labels_[i]
            lines.append(
                f"| {trend + 1 if trend >= 0 else 'none'} | {names[i]} "
                f"| {row['kind']} | {row['depth']} | {row['size']:,} "
                f"| {'–' if np.isnan(values[i]) else f'{values[i]:.3g}'} |"
            )
        return "\n".join(lines)


def _tags(layers: pd.DataFrame) -> list[str]:
    """The tag of each layer's change; TensorBoard groups them by kind."""
    names = display_names(layers, most=MOST)
    return [
        f"layer change of {k}/{n}" for k, n in zip(layers["kind"], names, strict=True)
    ]


def write_logs(recording: Recording, log_dir: str | os.PathLike[str]) -> None:
    """Write a finished recording's logs, and its layers' change, for TensorBoard.

    Writes the loss and metrics of each record, and ``layer change of KIND/LAYER`` where
    there are 50 layers or fewer; the steps are optimizer updates. TensorBoard need not
    be installed.

    Args:
        recording: of a training.
        log_dir: folder for TensorBoard.
    """
    folder = local_path(log_dir, "log_dir")
    with extra("tensorflow"):
        import tensorflow as tf

    scalars = tf.compat.v1.SummaryMetadata()
    scalars.plugin_data.plugin_name = "scalars"
    rows = recording.logs.to_dict("list")
    layers = recording.layers
    if len(layers) <= _MAX_LAYER_TAGS:
        rows |= dict(
            zip(_tags(layers), recording.values(recording.measures[0]).T, strict=True)
        )
    with tf.summary.create_file_writer(str(folder)).as_default():
        for name, values in rows.items():
            for step, value in zip(recording.steps, values, strict=True):
                if np.isfinite(value):
                    tf.summary.write(name, np.float32(value), int(step), scalars)
