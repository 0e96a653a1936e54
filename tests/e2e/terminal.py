"""Commands on a terminal that is none: what they write there, and when."""

import codecs
import contextlib
import fcntl
import itertools
import os
import pty
import struct
import subprocess
import termios
import time
from dataclasses import dataclass

SIZE = 24, 80  # lines and columns


@dataclass(frozen=True)
class Session:
    """What a command did.

    Attributes:
        code: that it ended with.
        writes: what it wrote, with the seconds from its start.
        seconds: from its start to its end.
    """

    code: int
    writes: list[tuple[float, str]]
    seconds: float

    @property
    def text(self) -> str:
        """All that it wrote."""
        return "".join(text for _, text in self.writes)

    def longest_silence(self) -> tuple[float, str]:
        """The seconds in which it wrote nothing, start and end included, and what it
        wrote before them."""
        writes = [(0.0, "the start"), *self.writes, (self.seconds, "")]
        return max((b[0] - a[0], a[1]) for a, b in itertools.pairwise(writes))


def on_terminal(command: list[str], **environment: str) -> Session:
    """Run a command whose input and output are a pseudo-terminal.

    Args:
        command: with its arguments.
        **environment: variables besides those of this process; NO_COLOR and TERM are
            as given here.
    """
    variables = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "TERM")}
    reader, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", *SIZE, 0, 0))
    began = time.monotonic()
    process = subprocess.Popen(
        command,
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        env=variables | {"TERM": "xterm-256color"} | environment,
        start_new_session=True,
    )
    os.close(terminal)
    writes, decoder = [], codecs.getincrementaldecoder("utf-8")()
    with contextlib.suppress(OSError):  # nobody has the other end open any more
        while part := os.read(reader, 65536):
            writes.append((time.monotonic() - began, decoder.decode(part)))
    os.close(reader)
    return Session(process.wait(), writes, time.monotonic() - began)
