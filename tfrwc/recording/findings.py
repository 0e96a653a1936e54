"""What is found wrong while a model trains, said once."""

import warnings

from tfrwc._common import doors
from tfrwc.recording.recording import Recording


class Findings:
    """Says what a diagnosis of a growing recording finds, each kind once."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    def say(self, recording: Recording) -> None:
        """Warn of what is found wrong by now and was not told before.

        What is only possible is left for the end, when more is known.

        Warns:
            RuntimeWarning: for each finding; once, if there can be no diagnosis.
        """
        try:
            findings = list(doors.behind("diagnose")(recording))
        # A diagnosis is not worth a training, whatever is wrong with it.
        except Exception as error:
            self._warn("", f"The training could not be diagnosed: {error}")
            return
        for one in findings:
            if one.sure != "possible":
                self._warn(one.kind, str(one))

    def _warn(self, kind: str, text: str) -> None:
        if kind not in self._told:
            self._told.add(kind)
            warnings.warn(
                f"{text} Training goes on; this is said once.",
                RuntimeWarning,
                stacklevel=4,
            )
