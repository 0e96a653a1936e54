"""Measure how much each layer changes while a Keras model trains."""

from importlib import import_module

__all__ = [
    "AtSteps",
    "EveryEpochs",
    "EverySteps",
    "Flag",
    "LogarithmicSteps",
    "RWCCallback",
    "Recording",
    "explain",
    "from_checkpoints",
    "load_recording",
]

_HOMES = {
    "RWCCallback": "callback",
    "Recording": "recording",
    "Flag": "recording",
    "load_recording": "parquet",
    "explain": "watch",
    "from_checkpoints": "checkpoints",
    "EveryEpochs": "schedule",
    "EverySteps": "schedule",
    "AtSteps": "schedule",
    "LogarithmicSteps": "schedule",
}


def __getattr__(name):
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted(__all__)
