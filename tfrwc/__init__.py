"""See which layers of a Keras model learn, when, and how much.

>>> from tfrwc import RWCCallback
>>> callback = RWCCallback("run.parquet")
>>> model.fit(x, y, epochs=10, callbacks=[callback])  # doctest: +SKIP
>>> callback.recording.values("l1_ratio")  # (epochs, layers)  # doctest: +SKIP

Importing the package imports neither TensorFlow nor Keras; each name is
loaded when it is first used.
"""

from typing import TYPE_CHECKING

import lazy_loader

from tfrwc._common import doors
from tfrwc._version import __version__

if TYPE_CHECKING:
    from tfrwc.models.saved_models import load_saved_model
    from tfrwc.recording.callback import RWCCallback
    from tfrwc.recording.recording import Recording, load_recording

__all__ = [
    "RWCCallback",
    "Recording",
    "__version__",
    "load_recording",
    "load_saved_model",
]

__getattr__, _, _ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "recording.callback": ["RWCCallback"],
        "recording.recording": ["Recording", "load_recording"],
        "models.saved_models": ["load_saved_model"],
        # Kubeflow imports types of artifacts by their names.
        "components.engine.tfx": [
            "TfrwcPrivacyStatement",
            "TfrwcRecording",
            "TfrwcTrends",
        ],
    },
)


def _summary() -> doors.Answer:
    from tfrwc.answers.summary import summary

    return summary


def _compare() -> doors.Answer:
    from tfrwc.answers.difference import difference

    return difference


def _html() -> doors.Answer:
    from tfrwc.answers.summary import recording_html

    return recording_html


def _plot() -> doors.Answer:
    from tfrwc.answers.plot.pictures import Pictures

    return Pictures


def _plot_comparison() -> doors.Answer:
    from tfrwc.answers.plot.comparison import ComparisonDisplay

    return ComparisonDisplay.from_comparison


def _report() -> doors.Answer:
    from tfrwc.answers.page.report import report

    return report


def _diagnose() -> doors.Answer:
    from tfrwc.dynamics.diagnosis import diagnose

    return diagnose


# What is asked of a `Recording` and answered by rooms above it: recording/questions.py.
doors.provide("summary", _summary)
doors.provide("compare", _compare)
doors.provide("html", _html)
doors.provide("plot", _plot)
doors.provide("report", _report)
doors.provide("diagnose", _diagnose)
# And of a `tfrwc.dynamics.Comparison`.
doors.provide("plot_comparison", _plot_comparison)


def __dir__() -> list[str]:
    return sorted(__all__)
