"""Measure how much each layer changes while a Keras model trains."""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from tfrwc.recording import measures
    from tfrwc.recording.backup import Backup
    from tfrwc.recording.callback import RWCCallback
    from tfrwc.recording.recording import (
        Recording,
        from_checkpoints,
        load_recording,
    )
    from tfrwc.recording.records import Flag
    from tfrwc.recording.schedule import (
        AtSteps,
        EveryEpochs,
        EverySteps,
        LogarithmicSteps,
    )
    from tfrwc.recording.watch import explain

__all__ = [
    "AtSteps",
    "Backup",
    "EveryEpochs",
    "EverySteps",
    "Flag",
    "LogarithmicSteps",
    "RWCCallback",
    "Recording",
    "explain",
    "from_checkpoints",
    "load_recording",
    "measures",
]

__getattr__, __dir__, _ = lazy_loader.attach(
    __name__,
    submodules=["measures"],
    submod_attrs={
        "backup": ["Backup"],
        "callback": ["RWCCallback"],
        "recording": ["Recording", "from_checkpoints", "load_recording"],
        "records": ["Flag"],
        "schedule": ["AtSteps", "EveryEpochs", "EverySteps", "LogarithmicSteps"],
        "watch": ["explain"],
    },
)
