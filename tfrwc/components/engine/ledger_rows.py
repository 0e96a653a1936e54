"""Executions as rows of a ledger, and what they must be, whoever wrote them."""

import hashlib
import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

STATES = ("running", "complete", "failed", "removed")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_HASH = re.compile(r"[0-9a-f]{64}")
_KEY = {
    **dict.fromkeys(("component", "tfrwc", "code", "reads"), str),
    **dict.fromkeys(("parameters", "outputs", "inputs"), dict),
}

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Execution:
    """One execution of one step.

    Attributes:
        id: from 1, in the order in which they began.
        step: id of the step.
        state: running (or killed), complete, failed, or removed: complete before its
            outputs were cleaned away.
        key: what decides whether it can stand for another: that of
            `tfrwc.components.engine.identity.identity`, and the inputs, which are
            lists of what `uri` returned, by name.
        began: time.
        outputs: by name, the properties of the artifact and its files, as of
            `tfrwc.components.engine.manifest`; empty unless complete or removed.
        error: of a failed one.
        seconds: that a complete one took.
    """

    id: int
    step: str
    state: str
    key: dict[str, Any]
    began: str
    outputs: dict[str, Any] = field(default_factory=dict)
    error: str | None = None
    seconds: float | None = None

    def uri(self, output: str) -> str:
        """Where an output lies, below the folder of the pipeline."""
        return f"{self.step}/{output}/{self.id}"

    def uris(self) -> list[str]:
        """Where all outputs lie, or would if it had not failed."""
        return [self.uri(output) for output in self.key["outputs"]]

    def made_from(self) -> list[str]:
        """Where the outputs of others lie that it took."""
        return [uri for uris in self.key["inputs"].values() for uri in uris]

    def row(self) -> Row:
        """For the table, with a checksum."""
        key, outputs = (json.dumps(data) for data in (self.key, self.outputs))
        error = self.error and _utf8(self.error)
        began, seconds = self.began, self.seconds
        row = (self.id, self.step, self.state, key, began, outputs, error, seconds)
        return (*row, _checksum(row))


def parse(rows: Sequence[Row], last: int) -> list[Execution]:
    """Executions of all rows of a ledger.

    Args:
        rows: in the order of their ids.
        last: id of the last row that was ever entered; rows are never removed.

    Raises:
        ValueError: if a row is not as the local runner writes it, or refers to one that
            is not there. What executions made and took is thus below the folder.
    """
    if [row[0] for row in rows] != list(range(1, last + 1)):
        raise ValueError("some of its executions are lost")
    executions = []
    made: set[str] = set()
    for row in rows:
        *values, checksum = row
        if checksum != _checksum(values):
            raise ValueError(f"execution {row[0]} is not as it was written")
        number, step, state, key, began, outputs, error, seconds = values
        execution = Execution(
            *(number, step, state, _json(key), began, _json(outputs), error, seconds)
        )
        if not _is_execution(execution):
            raise ValueError(f"its execution {number} is no execution of a step")
        if lost := set(execution.made_from()) - made:
            raise ValueError(f"execution {number} took {min(lost)!r}, which none made")
        executions.append(execution)
        made.update(execution.uri(output) for output in execution.outputs)
    return executions


def _is_execution(one: Execution) -> bool:
    if not (isinstance(one.key, dict) and isinstance(one.outputs, dict)):
        return False
    if {name: type(value) for name, value in one.key.items()} != _KEY:
        return False
    is_done = one.state in ("complete", "removed")
    took = one.seconds if is_done else 0.0
    return (
        one.state in STATES
        and all(map(_is_name, (one.step, *one.key["outputs"])))
        and all(isinstance(kind, str) for kind in one.key["outputs"].values())
        and _are_plain(one.key["parameters"])
        and all(map(_are_texts, one.key["inputs"].values()))
        and set(one.outputs) == (set(one.key["outputs"]) if is_done else set())
        and all(map(_is_output, one.outputs.values()))
        and (one.error is None or isinstance(one.error, str))
        and isinstance(one.began, str)
        and _TIME.fullmatch(one.began) is not None
        and isinstance(took, float)
        and 0 <= took < math.inf
    )


def _is_output(output: Any) -> bool:
    return (
        isinstance(output, dict)
        and set(output) == {"properties", "files"}
        and all(isinstance(value, dict) for value in output.values())
        and _are_plain(output["properties"])
        and all(map(_is_below, output["files"]))
        and all(map(_is_file, output["files"].values()))
    )


def _are_plain(values: dict[str, Any]) -> bool:
    return all(isinstance(value, (str, int, float)) for value in values.values())


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(text, str) for text in value)


def _is_file(value: Any) -> bool:
    """Whether it is a size and a hash."""
    return (
        isinstance(value, list)
        and [type(part) for part in value] == [int, str]
        and value[0] >= 0
        and _HASH.fullmatch(value[1]) is not None
    )


def _is_name(value: Any) -> bool:
    """Whether it can be the name of a folder, and of that folder alone."""
    return (
        isinstance(value, str)
        and value not in ("", ".", "..")
        and not set(value) & set("/\\:\0")
    )


def _is_below(path: str) -> bool:
    parts = PurePosixPath(path).parts
    return bool(parts) and not {"/", "//", ".."} & set(parts)


def _json(text: Any) -> Any:
    return json.loads(text) if isinstance(text, str) else None


def _checksum(row: Sequence[Any]) -> str:
    return hashlib.sha256(json.dumps(list(row)).encode()).hexdigest()


def _utf8(text: str) -> str:
    """Text that SQLite can keep: an error may name a file by bytes that are no text."""
    return text.encode("utf-8", "backslashreplace").decode()
