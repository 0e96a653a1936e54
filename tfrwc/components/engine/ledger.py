"""What ran, with what, and what came of it: a SQLite file beside the artifacts.

Tables: executions, of one step each, with its state (running, complete or failed);
inputs, which artifacts an execution took; artifacts, which it made.
"""

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfrwc._common.paths import local_path
from tfrwc._common.timestamps import utc_now
from tfrwc.components.engine.artifacts import Artifact
from tfrwc.components.engine.step import Step

if TYPE_CHECKING:
    import pandas as pd

_TABLES = """
CREATE TABLE IF NOT EXISTS executions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    step TEXT NOT NULL, component TEXT NOT NULL, parameters TEXT NOT NULL,
    cache_key TEXT NOT NULL, state TEXT NOT NULL, error TEXT,
    began TEXT NOT NULL, seconds REAL);
CREATE TABLE IF NOT EXISTS artifacts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    execution INTEGER NOT NULL REFERENCES executions (id),
    name TEXT NOT NULL, type TEXT NOT NULL, uri TEXT NOT NULL,
    properties TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS inputs (
    execution INTEGER NOT NULL REFERENCES executions (id),
    name TEXT NOT NULL, artifact INTEGER NOT NULL REFERENCES artifacts (id));
"""


class Ledger:
    """The executions of pipelines in one folder; for one process at a time.

    Args:
        root: the folder, which is made.

    Raises:
        OSError: if another process is running a pipeline there, or the file is damaged.
    """

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self.root = local_path(root, "A pipeline's root").resolve()
        self.root.mkdir(parents=True, exist_ok=True)
        self._database = sqlite3.connect(
            self.root / "metadata.sqlite", isolation_level=None, timeout=1
        )
        try:
            self._database.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._database.executescript(f"BEGIN EXCLUSIVE;{_TABLES}COMMIT;")
        except sqlite3.DatabaseError as error:
            self._database.close()
            if "locked" in str(error):
                raise OSError(
                    f"Another process is running a pipeline in {self.root}. Wait for "
                    "it, or give another folder."
                ) from error
            raise OSError(
                f"metadata.sqlite in {self.root} cannot be used ({error}). Restore it, "
                "or delete the folder to run everything again."
            ) from error

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

    def artifacts(self, execution: int) -> list[tuple[str, int, str, dict[str, Any]]]:
        """Name, id, uri and properties of what an execution made."""
        return [
            (name, artifact, str(self.root / uri), json.loads(properties))
            for name, artifact, uri, properties in self._rows(
                "SELECT name, id, uri, properties FROM artifacts WHERE execution = ?",
                execution,
            )
        ]

    def begin(self, step: Step, key: str, inputs: Mapping[str, list[int]]) -> int:
        """Enter an execution that begins.

        Args:
            step: that is executed.
            key: as of `cache_key`.
            inputs: ids of artifacts by name.

        Returns:
            Its id.
        """
        with self._transaction() as database:
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
        with self._transaction() as database:
            for name, artifact in outputs.items():
                ids[name] = database.execute(
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
            database.execute(
                "UPDATE executions SET state = 'complete', seconds = ? WHERE id = ?",
                (seconds, execution),
            )
        return ids

    def fail(self, execution: int, error: BaseException) -> None:
        """Enter that an execution failed."""
        self._rows(
            "UPDATE executions SET state = 'failed', error = ? WHERE id = ?",
            repr(error),
            execution,
        )

    def _rows(self, query: str, *values: Any) -> list[Any]:
        return self._database.execute(query, values).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        self._database.execute("BEGIN")
        try:
            yield self._database
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")


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
        OSError: if one is running there.
    """
    import pandas as pd

    path = local_path(root).resolve() / "metadata.sqlite"
    if not path.exists():
        raise FileNotFoundError(f"No pipeline ran in {root}: there is no {path.name}.")
    with closing(
        sqlite3.connect(f"{path.as_uri()}?mode=ro", timeout=1, uri=True)
    ) as database:
        try:
            database.execute("SELECT 1 FROM artifacts")
        except sqlite3.OperationalError as error:
            raise OSError(
                f"{path} cannot be read ({error}). If a pipeline is running there, "
                "wait for it."
            ) from error
        table = pd.read_sql(
            "SELECT a.id AS artifact, a.name, a.type, a.uri, e.step, e.component, "
            "e.parameters, e.began, e.seconds, e.id AS execution "
            "FROM artifacts a JOIN executions e ON a.execution = e.id ORDER BY a.id",
            database,
        )
        inputs = pd.read_sql("SELECT execution, artifact FROM inputs", database)
    made_from = inputs.groupby("execution")["artifact"].agg(list)
    table["made_from"] = [
        made_from.get(execution, []) for execution in table.pop("execution")
    ]
    return table
