"""At which step a model is that goes on with a recording."""

from pathlib import Path

import pandas as pd

from tfrwc.recording.clock import Clock
from tfrwc.recording.counters import Counters
from tfrwc.recording.recording import Recording, load_recording


def step_of_model(counters: Counters, path: Path | None, epoch: int) -> int:
    """The step of a model by its own optimizer or, where that has none, by others.

    Where others train the model, or none that it holds, batches were its clock. Then
    the updates of the others, which a recording logs, tell the step, or the number of
    the epoch that begins.

    Args:
        counters: of the model.
        path: of the recording that it may go on with.
        epoch: that begins, as `fit` counts them, from 0.

    Raises:
        ValueError: if the file at `path` is no recording.
    """
    step = counters.updates()
    if step or path is None or not path.exists():
        return step
    others = {name: n for name, n in counters.other_updates().items() if n}
    if not others and not epoch:
        return 0
    recording = load_recording(path)
    logs = recording.logs
    steps = [
        _step_at(recording, logs[f"updates.{name}"], updates)
        for name, updates in others.items()
        if f"updates.{name}" in logs
    ]
    if steps:
        return max(steps)
    ended = recording.steps[recording.epochs <= epoch]
    return int(ended[-1]) if epoch and len(ended) else 0


def _step_at(recording: Recording, logged: pd.Series, updates: int) -> int:
    """The step at which an optimizer had made so many updates."""
    reached = (logged <= updates).to_numpy().nonzero()[0]
    if not len(reached):
        return 0
    last = reached[-1]
    step, before = int(recording.steps[last]), float(logged.iloc[last])
    # Past the last record it is assumed to have gone on as until then.
    return step + round((updates - before) * step / before) if before else step


def check_goes_on(
    counters: Counters, clock: Clock, rewound: bool, reference: str
) -> None:
    """Check that a model of new variables may go on with a recording in memory.

    Raises:
        ValueError: if it is at an earlier step, or the reference is gone.
    """
    started = counters.updates() or any(counters.other_updates().values())
    if rewound or not started:
        raise ValueError(
            f"This callback has recorded another model up to step {clock.step}, but "
            f"this one is at step {counters.updates()}. Use a new RWCCallback and a "
            "new path for each model."
        )
    if reference == "initial":
        raise ValueError(
            "This callback records against the initial weights of another model. Use "
            "a new RWCCallback for each model."
        )
