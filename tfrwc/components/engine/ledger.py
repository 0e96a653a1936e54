"""What ran, with what, and what came of it: a SQLite file beside the artifacts.

`tfrwc.components.engine.ledger_file` has its tables, and checks them.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tfrwc._common.paths import local_path
from tfrwc._common.timestamps import utc_now
from tfrwc.components.engine import ledger_file
from tfrwc.components.engine.artifacts import Artifact
from tfrwc.components.engine.step import Step
from tfrwc.datasets.fingerprint import fingerprint

if TYPE_CHECKING:
    import pandas as pd

_LINEAGE = (
    *("artifact", "name", "type", "uri", "step", "component", "parameters", "began"),
    *("seconds", "made_from"),
)


class Made(NamedTuple):
    """An artifact of the past.

    Attributes:
        name: of the output.
        id: of the artifact.
        path: of its folder.
        properties: that were set.
        fingerprint: of its files, as of `tfrwc.datasets.fingerprint` without times;
            None if it is from before these were kept.
    """

    name: str
    id: int
    path: Path
    properties: dict[str, Any]
    fingerprint: str | None

    def is_whole(self) -> bool:
        """Whether its files are there, and those that were made."""
        if not self.path.exists():
            return False
        return self.fingerprint in (None, fingerprint(self.path, times=False))


class Ledger:
    """The executions of pipelines in one folder; for one process at a time.

    Args:
        root: the folder, which is made.

    Raises:
        OSError: if another process is running a pipeline there, or the file is damaged.
    """

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self.root = local_path(root, "A pipeline's root").resolve()
        try:
            self.root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OSError(
                f"{self.root} cannot be the folder of a pipeline ({error}). Give "
                "another."
            ) from error
        self._database, self._total = ledger_file.open_to_write(self.root)
        self._changed = self._total  # by the transaction that is open

    def close(self) -> None:
        """Let other processes in."""
        self._database.close()

    def check_knows(self, steps: Iterable[str]) -> None:
        """Check that metadata.sqlite was not lost.

        Args:
            steps: ids.

        Raises:
            OSError: if there are outputs of these steps, but no execution of any.
        """
        [[executions]] = self._rows("SELECT COUNT(*) FROM executions")
        folders = [step for step in steps if (self.root / step).exists()]
        if folders and not executions:
            raise OSError(
                f"{self.root} holds outputs of {folders[0]}, but its metadata.sqlite "
                "knows of none. Restore that file, or give another folder."
            )

    def unfinished(self, step: str) -> list[int]:
        """Executions of a step that failed or were killed."""
        return [
            row[0]
            for row in self._rows(
                "SELECT id FROM executions WHERE step = ? AND state != 'complete'", step
            )
        ]

    def complete(self, step: str, key: str) -> list[int]:
        """Complete executions of a step with a cache key, the newest first."""
        return [
            row[0]
            for row in self._rows(
                "SELECT id FROM executions "
                "WHERE step = ? AND cache_key = ? AND state = 'complete' "
                "ORDER BY id DESC",
                step,
                key,
            )
        ]

    def artifacts(self, execution: int, step: Step) -> list[Made]:
        """What an execution of a step made.

        Raises:
            OSError: if that is not what the step makes, or a link leads out of the
                folder.
        """
        rows = self._rows(
            "SELECT a.name, a.id, a.uri, a.properties, f.fingerprint, a.type "
            "FROM artifacts a LEFT JOIN files f ON f.artifact = a.id "
            "WHERE a.execution = ?",
            execution,
        )
        types = {name: channel.type.TYPE_NAME for name, channel in step.outputs.items()}
        if {name: kind for name, *_, kind in rows} != types:
            raise ledger_file.damaged(
                self.root, f"execution {execution} did not make what {step.id} makes"
            )
        return [
            Made(name, artifact, self._inside(uri), json.loads(properties), fingerprint)
            for name, artifact, uri, properties, fingerprint, _ in rows
        ]

    def _inside(self, uri: str) -> Path:
        path = self.root / uri
        if not path.resolve().is_relative_to(self.root):
            raise OSError(
                f"{path} leads to {path.resolve()}, which is not in {self.root}. Move "
                "the files to where the link is."
            )
        return path

    def begin(self, step: Step, key: str, inputs: Mapping[str, list[int]]) -> int:
        """Enter an execution that begins.

        Args:
            step: that is executed.
            key: as of `cache_key`.
            inputs: ids of artifacts by name.

        Returns:
            Its id.
        """
        with self._transaction():
            database = self._database
            cursor = database.execute(
                "INSERT INTO executions "
                "(step, component, parameters, cache_key, state, began) "
                "VALUES (?, ?, ?, ?, 'running', ?)",
                (
                    step.id,
                    step.component.name,
                    json.dumps(step.parameters),
                    key,
                    utc_now(),
                ),
            )
            execution = int(cursor.lastrowid or 0)
            for name, artifacts in inputs.items():
                for artifact in artifacts:
                    database.execute(
                        "INSERT INTO inputs VALUES (?, ?, ?)",
                        (execution, name, artifact),
                    )
            self._seal(0, execution)
        return execution

    def finish(
        self, execution: int, outputs: Mapping[str, Artifact], seconds: float
    ) -> dict[str, int]:
        """Enter that an execution is complete; from here on its outputs count.

        Args:
            execution: its id.
            outputs: artifacts by name.
            seconds: that it took.

        Returns:
            Ids of the artifacts by name.
        """
        ids: dict[str, Any] = {}
        with self._transaction():
            before = ledger_file.sum_of_execution(self._database, execution)
            for name, artifact in outputs.items():
                ids[name] = self._database.execute(
                    "INSERT INTO artifacts (execution, name, type, uri, properties) "
                    "VALUES (?, ?, ?, ?, ?)",
                    (
                        execution,
                        name,
                        artifact.TYPE_NAME,
                        # So that the folder can be moved.
                        Path(artifact.uri).relative_to(self.root).as_posix(),
                        json.dumps(artifact.properties()),
                    ),
                ).lastrowid
                self._database.execute(
                    "INSERT INTO files VALUES (?, ?)",
                    (ids[name], fingerprint(artifact.uri, times=False)),
                )
            self._database.execute(
                "UPDATE executions SET state = 'complete', seconds = ? WHERE id = ?",
                (seconds, execution),
            )
            self._seal(before, execution)
        return ids

    def fail(self, execution: int, error: BaseException) -> None:
        """Enter that an execution failed."""
        with self._transaction():
            before = ledger_file.sum_of_execution(self._database, execution)
            self._database.execute(
                "UPDATE executions SET state = 'failed', error = ? WHERE id = ?",
                (_utf8(repr(error)), execution),
            )
            self._seal(before, execution)

    def _rows(self, query: str, *values: Any) -> list[Any]:
        return self._database.execute(query, values).fetchall()

    def _seal(self, before: int, execution: int) -> None:
        """Write what the rows of an execution now add to the sum, in place of what they
        did before."""
        now = ledger_file.sum_of_execution(self._database, execution)
        self._changed = self._total + now - before
        ledger_file.write_seal(self._database, self._changed)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._database.execute("BEGIN")
        try:
            yield
            self._database.execute("COMMIT")
        except BaseException:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            raise
        self._total = self._changed


def _utf8(text: str) -> str:
    """Text that SQLite can keep: an error may name a file by bytes that are no text."""
    return text.encode("utf-8", "backslashreplace").decode()


def cache_key(step: Step, inputs: Mapping[str, list[int]]) -> str:
    """A hash that two executions share if one can stand for the other.

    It is of the component, the types of its outputs, its parameters and its inputs.

    Args:
        step: that is executed.
        inputs: ids of artifacts by name.
    """
    component = step.component
    outputs = {name: kind.TYPE_NAME for name, kind in component.outputs.items()}
    text = json.dumps(
        [component.__module__, component.name, outputs, step.parameters, inputs],
        sort_keys=True,
    )
    return hashlib.sha256(text.encode()).hexdigest()


def lineage(root: str | os.PathLike[str]) -> "pd.DataFrame":
    """Every artifact in the folder of a pipeline, with the execution that made it.

    Returns:
        A DataFrame with the columns artifact, name, type, uri (below `root`), step,
        component, parameters (JSON), began, seconds, and made_from, the ids of the
        artifacts that its execution took.

    Raises:
        FileNotFoundError: if no pipeline ran there.
        OSError: if one is running there, or the file is damaged.
    """
    import pandas as pd

    root = local_path(root).resolve()
    if not (root / ledger_file.NAME).exists():
        raise FileNotFoundError(
            f"No pipeline ran in {root}: there is no {ledger_file.NAME}."
        )
    contents = ledger_file.read(root)
    made_from: dict[int, list[int]] = {}
    for execution, _, artifact in contents.inputs:
        made_from.setdefault(execution, []).append(artifact)
    rows = []
    for artifact, execution, name, kind, uri, _ in contents.artifacts:
        _, step, component, parameters, *_, began, seconds = contents.executions[
            execution - 1
        ]
        about = (artifact, name, kind, uri, step, component, parameters, began, seconds)
        rows.append((*about, made_from.get(execution, [])))
    return pd.DataFrame(rows, columns=list(_LINEAGE))
