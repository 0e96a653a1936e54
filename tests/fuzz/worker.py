"""Reads damaged files, one path a line, and answers with the outcome of each."""

import json
import os
import resource
import sys
import traceback
import warnings
from pathlib import Path
from typing import Any, BinaryIO

import tfrwc
from fuzz.door import Door, find

_PACKAGE = str(Path(tfrwc.__file__).parent)


def outcome(door: Door, path: Path, original: Any) -> tuple[str, str]:
    """What comes of reading one file, and the error if there is one."""
    try:
        value = door.load(path)
    # Whatever a library raises is what is looked for.
    except BaseException as error:
        return _outcome_of_error(door, path, error)
    try:
        return door.judge(value, original), ""
    except Exception as error:
        return "wrong", f"what was read cannot be used: {error!r}"


def _outcome_of_error(door: Door, path: Path, error: BaseException) -> tuple[str, str]:
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    detail = f"{type(error).__name__}: {str(error)[:300]} [{where}]"
    ours = isinstance(error, door.errors) and frames[-1].filename.startswith(_PACKAGE)
    if not ours:
        return "raw error", detail
    return ("refused" if path.name in str(error) else "file not named"), detail


def main(name: str, original: str, answers: BinaryIO) -> None:
    def answer(outcome: str, detail: str) -> None:
        answers.write(json.dumps({"outcome": outcome, "detail": detail}).encode())
        answers.write(b"\n")
        answers.flush()

    door = find(name)
    expected = door.load(Path(original))
    assert door.judge(expected, expected) == "right", "the original is not right"
    if door.gigabytes is not None:
        limit = int(door.gigabytes * 2**30)
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    answer("ready", "")
    for line in sys.stdin.buffer:
        answer(*outcome(door, Path(os.fsdecode(line.rstrip(b"\n"))), expected))


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    # Answers go by a channel of their own: libraries may write to stdout.
    channel = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    main(sys.argv[1], sys.argv[2], channel)
