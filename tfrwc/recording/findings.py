"""What is found wrong while a model trains, said once, and taken back if it passes."""

import warnings
from typing import Any

from tfrwc._common import doors
from tfrwc.recording.recording import Recording

# A finding that is not certain is told when it has lasted while the training got this
# many times as long: of many trainings that are slow to begin it passes.
_LASTS = 1.5


class Findings:
    """Says what a diagnosis of a growing recording finds.

    What stands when a `fit` ends, told and not taken back, is what
    `tfrwc.dynamics.diagnose` finds in its recording: both are of the same rules.
    """

    def __init__(self) -> None:
        self._first: dict[str, int] = {}  # steps from which on each kind is found
        self._standing: dict[str, str] = {}  # what is said of each kind
        self._failed = False

    def say(self, recording: Recording, ended: bool = False) -> None:
        """Warn of what is found wrong by now, and of what no longer is.

        What is certain is told at once, what is likely when it has lasted, and what is
        only possible at the end, when more is known.

        Args:
            recording: so far.
            ended: whether the `fit` has ended.

        Warns:
            RuntimeWarning: for each finding, once while it stands; for each that no
                longer stands; once, if there can be no diagnosis.
        """
        try:
            found = {one.kind: one for one in doors.behind("diagnose")(recording)}
        # A diagnosis is not worth a training, whatever is wrong with it.
        except Exception as error:
            if not self._failed:
                _warn(f"The training could not be diagnosed: {error}")
            self._failed = True
            return
        step = int(recording.steps[-1]) if len(recording) else 0
        self._first = {kind: self._first.get(kind, step) for kind in found}
        now = [one.name for one in found.values()]
        for kind in sorted(self._standing.keys() - found.keys()):
            _warn(_taken_back(self._standing.pop(kind), step, now))
        for kind, one in found.items():
            if kind not in self._standing and (ended or self._is_due(one, step)):
                self._standing[kind] = one.name
                goes_on = "This" if ended else "Training goes on; this"
                _warn(f"{one} {goes_on} is said once.")

    def _is_due(self, one: Any, step: int) -> bool:
        lasted = step >= _LASTS * self._first[one.kind]
        return bool(one.sure == "certain" or (one.sure == "likely" and lasted))


def _taken_back(name: str, step: int, now: list[str]) -> str:
    instead = f" What is found now: {', '.join(now)}." if now else ""
    return f"What was said before no longer holds at step {step:,}: {name}.{instead}"


def _warn(text: str) -> None:
    warnings.warn(text, RuntimeWarning, stacklevel=4)
