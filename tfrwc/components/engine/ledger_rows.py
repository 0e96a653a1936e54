"""What the rows of a ledger must be, whoever wrote them."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

STATES = ("running", "complete", "failed")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_FINGERPRINT = re.compile(r"[0-9a-f]{16}")
_KEY = re.compile(r"[0-9a-f]{64}")

Row = tuple[Any, ...]


def check(
    executions: Sequence[Row],
    artifacts: Sequence[Row],
    inputs: Sequence[Row],
    last: Mapping[str, int],
) -> None:
    """Check the rows of the tables of `tfrwc.components.engine.ledger_file`.

    Args:
        executions, artifacts, inputs: in the order in which they were entered.
        last: id of the last row that was ever entered, by table; rows are never
            removed.

    Raises:
        ValueError: if a row is not as the local runner writes it, or refers to one that
            is not there. What is at the URI of an artifact is thus below the folder.
    """
    for table, rows in (("executions", executions), ("artifacts", artifacts)):
        ids = [row[0] for row in rows]
        if ids != list(range(1, last.get(table, 0) + 1)):
            raise ValueError(f"some of its {table} are lost")
    for row in executions:
        _check_execution(*row)
    for row in artifacts:
        _check_artifact(executions, *row)
    for execution, name, artifact in inputs:
        if not (
            _within(execution, executions)
            and _within(artifact, artifacts)
            and artifacts[artifact - 1][1] < execution
            and _is_name(name)
        ):
            raise ValueError(
                f"execution {execution!r} took the artifact {artifact!r} as {name!r}, "
                "which cannot be"
            )


def check_files(files: Sequence[Row], artifacts: Sequence[Row]) -> None:
    """Check that fingerprints are such, and each of another artifact.

    Raises:
        ValueError: if not.
    """
    for artifact, fingerprint in files:
        if not (
            _within(artifact, artifacts)
            and isinstance(fingerprint, str)
            and _FINGERPRINT.fullmatch(fingerprint)
        ):
            raise ValueError(f"it has no fingerprint of its artifact {artifact!r}")
    if len({artifact for artifact, _ in files}) < len(files):
        raise ValueError("it has two fingerprints of one artifact")


def _check_execution(
    execution: int,
    step: Any,
    component: Any,
    parameters: Any,
    cache_key: Any,
    state: Any,
    error: Any,
    began: Any,
    seconds: Any,
) -> None:
    values = _json_object(parameters)
    took = 0.0 if state != "complete" and seconds is None else seconds
    if not (
        _is_name(step)
        and _is_name(component)
        and values is not None
        and all(isinstance(value, (str, int, float)) for value in values.values())
        and isinstance(cache_key, str)
        and _KEY.fullmatch(cache_key)
        and state in STATES
        and (error is None or isinstance(error, str))
        and isinstance(began, str)
        and _TIME.fullmatch(began)
        and isinstance(took, float)
        and 0 <= took < math.inf
    ):
        raise ValueError(f"its execution {execution} is no execution of a step")


def _check_artifact(
    executions: Sequence[Row],
    artifact: int,
    execution: Any,
    name: Any,
    kind: Any,
    uri: Any,
    properties: Any,
) -> None:
    if not _within(execution, executions) or executions[execution - 1][5] != "complete":
        raise ValueError(f"no complete execution made its artifact {artifact}")
    if uri != f"{executions[execution - 1][1]}/{name}/{execution}":
        raise ValueError(
            f"its artifact {artifact} lies at {uri!r}, where its step puts none"
        )
    values = _json_object(properties)
    if not (
        _is_name(name)
        and isinstance(kind, str)
        and kind
        and values is not None
        and all(isinstance(value, (str, int, float)) for value in values.values())
    ):
        raise ValueError(f"its artifact {artifact} is not one that a step makes")


def _within(number: Any, rows: Sequence[Row]) -> bool:
    return isinstance(number, int) and 1 <= number <= len(rows)


def _is_name(value: Any) -> bool:
    """Whether it can be the name of a folder, and of that folder alone."""
    return (
        isinstance(value, str)
        and value not in ("", ".", "..")
        and not set(value) & set("/\\:\0")
    )


def _json_object(text: Any) -> dict[str, Any] | None:
    if not isinstance(text, str):
        return None
    value = json.loads(text)
    return value if isinstance(value, dict) else None
