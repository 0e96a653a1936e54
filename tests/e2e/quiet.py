"""What commands write into a pipe: plain lines, and not a word of any library."""

import os
import re

# How much backends say is theirs to decide here, and not that of the tests.
OF_TESTS = ("TF_CPP_MIN_LOG_LEVEL", "PYTHONWARNINGS")
# The line that moves on a terminal, and what is written of it into a file.
LINE = re.compile(r"([|/\\-] )?[^:]+: [\d:]+(, [\w ]+ left in all)?")


def environment(**variables: str) -> dict[str, str]:
    """The variables of a user's process.

    Args:
        **variables: that are set besides.
    """
    rest = {name: value for name, value in os.environ.items() if name not in OF_TESTS}
    return rest | variables


def check_study(stdout: str, stderr: str) -> None:
    """Check what a study that ran to its end wrote into pipes."""
    strange = [line for line in stderr.splitlines() if not LINE.fullmatch(line)]
    assert not strange, strange
    assert not set("\r\x1b\b") & set(stdout + stderr)
    steps = re.findall(r"^\[(\d+)/(\d+)\] \S+: ", stdout, re.MULTILINE)
    numbers, [total] = {int(step) for step, _ in steps}, {int(of) for _, of in steps}
    assert numbers == set(range(1, total + 1))
    assert stdout.count(": running\n") > 2
