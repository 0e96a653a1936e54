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
    return [
        f"{one}{_of_runs(runs[kind], len(recordings))}" for kind, one in first.items()
    ]


def _of_runs(some: int, all_of_them: int) -> str:
    """How many runs a finding is of, and of which its numbers are."""
    if all_of_them == 1:
        return ""
    said = f" So in {some} of {all_of_them} runs"
    return f"{said}; the numbers are those of the first." if some > 1 else f"{said}."
