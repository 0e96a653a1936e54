"""The files of one model that TensorBoard reads.

TensorBoard draws a line for each run that has a tag. So what belongs into one chart is
written by several runs, each a folder below that of the model.
"""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tfrwc.compat.extras import extra

CHARTS = "custom_scalars__config__"
"""Tag under which TensorBoard looks for charts of several tags."""


class Board:
    """Runs of TensorBoard below one folder.

    Args:
        folder: of the model's own run.
    """

    def __init__(self, folder: Path) -> None:
        with extra("tensorflow"):
            import tensorflow as tf

        self._tf, self._folder = tf, folder
        self._writers: dict[str, Any] = {}

    def scalar(self, tag: str, value: float, step: int, line: str = "") -> None:
        """Write a number.

        Args:
            tag: of its chart.
            value: the number.
            step: of the training.
            line: of the chart that it belongs to, as there are several.
        """
        with self._writer(line).as_default():
            self._tf.summary.scalar(tag, value, step)

    def picture(self, tag: str, image: npt.NDArray[np.uint8], step: int) -> None:
        """Write a picture (height, width, 3)."""
        with self._writer().as_default():
            self._tf.summary.image(tag, image[None], step)

    def text(self, tag: str, markdown: str, step: int) -> None:
        """Write a text."""
        with self._writer().as_default():
            self._tf.summary.text(tag, markdown, step)

    def charts(self, title: str, charts: dict[str, str]) -> None:
        """Have the page Custom Scalars show charts of several tags each.

        Without the package tensorboard, which describes them, there are none.

        Args:
            title: above the charts.
            charts: by title, a regular expression for the tags in it.
        """
        try:
            from tensorboard.plugins.custom_scalar import layout_pb2
        except ModuleNotFoundError:
            return
        metadata = self._tf.compat.v1.SummaryMetadata()
        metadata.plugin_data.plugin_name = "custom_scalars"
        layout = layout_pb2.Layout(
            category=[
                layout_pb2.Category(
                    title=title,
                    chart=[
                        layout_pb2.Chart(
                            title=name,
                            multiline=layout_pb2.MultilineChartContent(tag=[tags]),
                        )
                        for name, tags in charts.items()
                    ],
                )
            ]
        )
        with self._writer().as_default():
            data = layout.SerializeToString()
            self._tf.summary.write(CHARTS, data, step=0, metadata=metadata)

    def flush(self) -> None:
        """Have all of it in the files."""
        for writer in self._writers.values():
            writer.flush()

    def _writer(self, line: str = "") -> Any:
        if line not in self._writers:
            folder = str(self._folder / line)
            self._writers[line] = self._tf.summary.create_file_writer(folder)
        return self._writers[line]
