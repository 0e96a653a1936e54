"""What is wrong with trainings, as sentences beside the other answers."""

from collections import Counter
from collections.abc import Sequence

from tfrwc.dynamics.diagnosis import Diagnosis, Finding, can_be_diagnosed, diagnose
from tfrwc.recording.recording import Recording


def what_is_wrong(recording: Recording) -> Diagnosis:
    """The findings of a recording; none where it does not tell changes."""
    return diagnose(recording) if can_be_diagnosed(recording) else Diagnosis()


def wrong_of_runs(recordings: Sequence[Recording]) -> list[str]:
    """A sentence for each kind of finding of runs of one setting, worst first."""
    first: dict[str, Finding] = {}
    runs: Counter[str] = Counter()
    for recording in recordings:
        for one in what_is_wrong(recording):
            first.setdefault(one.kind, one)
            runs[one.kind] += 1
    many = len(recordings)
    return [
        f"{one}" + (f" So in {runs[kind]} of {many} runs." if many > 1 else "")
        for kind, one in first.items()
    ]
