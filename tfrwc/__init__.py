"""See which layers of a Keras model learn, when, and how much.

>>> from tfrwc import RWCCallback
>>> callback = RWCCallback("run.parquet")
>>> model.fit(x, y, epochs=10, callbacks=[callback])  # doctest: +SKIP
>>> callback.recording.values("l1_ratio")  # (epochs, layers)  # doctest: +SKIP

Importing the package imports neither TensorFlow nor Keras; each name is
loaded when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from tfrwc._version import __version__

if TYPE_CHECKING:
    from tfrwc.models.saved_models import load_saved_model
    from tfrwc.recording.callback import RWCCallback
    from tfrwc.recording.parquet import load_recording
    from tfrwc.recording.recording import Recording

__all__ = [
    "RWCCallback",
    "Recording",
    "__version__",
    "load_recording",
    "load_saved_model",
]

_HOMES = {
    "RWCCallback": "tfrwc.recording.callback",
    "Recording": "tfrwc.recording.recording",
    "load_recording": "tfrwc.recording.parquet",
    "load_saved_model": "tfrwc.models.saved_models",
    # Kubeflow imports types of artifacts by their names.
    "TfrwcPrivacyStatement": "tfrwc.components.engine.tfx",
    "TfrwcRecording": "tfrwc.components.engine.tfx",
    "TfrwcTrends": "tfrwc.components.engine.tfx",
}


def __getattr__(name):
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'tfrwc' has no attribute {name!r}")


def __dir__():
    return sorted(__all__)
