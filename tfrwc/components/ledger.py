"""What ran, with what, and what came of it: a SQLite file beside the artifacts.

Tables: executions, of one step each, with its state (running, complete or failed);
inputs, which artifacts an execution took; artifacts, which it made.
"""

import hashlib
import json
import sqlite3
import time
from contextlib import closing
from pathlib import Path

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
        OSError: if another process is running a pipeline there.
    """

    def __init__(self, root):
        self.root = Path(root).resolve()
        self.root.mkdir(parents=True, exist_ok=True)
        self._database = sqlite3.connect(
            self.root / "metadata.sqlite", isolation_level=None, timeout=1
        )
        try:
            self._database.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._database.executescript(f"BEGIN EXCLUSIVE;{_TABLES}COMMIT;")
        except sqlite3.OperationalError as error:
            self._database.close()
            raise OSError(
                f"Another process is running a pipeline in {self.root} ({error}). "
                "Wait for it, or give another folder."
            ) from error

    def close(self):
        self._database.close()

    def unfinished(self, step) -> list[int]:
        """Executions of a step that failed or were killed."""
        return [
            row[0]
            for row in self._rows(
                "SELECT id FROM executions WHERE step = ? AND state != 'complete'", step
            )
        ]

    def complete(self, step, key) -> list[int]:
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

    def artifacts(self, execution) -> list[tuple]:
        """Name, id, uri and properties of what an execution made."""
        return [
            (name, artifact, str(self.root / uri), json.loads(properties))
            for name, artifact, uri, properties in self._rows(
                "SELECT name, id, uri, properties FROM artifacts WHERE execution = ?",
                execution,
            )
        ]

    def begin(self, step, key, inputs) -> int:
        """Enter an execution that begins.

        Args:
            step: a `tfrwc.components.component.Step`.
            key: of `cache_key`.
            inputs: ids of artifacts by name.
        """
        with self._transaction() as database:
            execution = database.execute(
                "INSERT INTO executions "
                "(step, component, parameters, cache_key, state, began) "
                "VALUES (?, ?, ?, ?, 'running', ?)",
                (
                    step.id,
                    step.component.name,
                    json.dumps(step.parameters),
                    key,
                    time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
                ),
            ).lastrowid
            for name, artifacts in inputs.items():
                for artifact in artifacts:
                    database.execute(
                        "INSERT INTO inputs VALUES (?, ?, ?)",
                        (execution, name, artifact),
                    )
        return execution

    def finish(self, execution, outputs, seconds) -> dict:
        """Enter that an execution is complete; from here on its outputs count.

        Args:
            execution: its id.
            outputs: artifacts by name.
            seconds: that it took.

        Returns:
            ids of the artifacts by name.
        """
        ids = {}
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

    def fail(self, execution, error):
        """Enter that an execution failed."""
        self._rows(
            "UPDATE executions SET state = 'failed', error = ? WHERE id = ?",
            repr(error),
            execution,
        )

    def _rows(self, query, *values):
        return self._database.execute(query, values).fetchall()

    def _transaction(self):
        return _Transaction(self._database)


class _Transaction:
    def __init__(self, database):
        self._database = database

    def __enter__(self):
        self._database.execute("BEGIN")
        return self._database

    def __exit__(self, kind, error, trace):
        self._database.execute("COMMIT" if kind is None else "ROLLBACK")


def cache_key(step, inputs) -> str:
    """What an execution is the same by: component, parameters and input artifacts."""
    text = json.dumps([step.component.name, step.parameters, inputs], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def lineage(root):
    """Every artifact in a folder of pipelines, with the execution that made it.

    Returns:
        A DataFrame with the columns artifact, name, type, uri (below `root`), step,
        component, parameters (JSON), began, seconds, and made_from, the ids of the
        artifacts that its execution took.

    Raises:
        FileNotFoundError: if no pipeline ran there.
    """
    import pandas as pd

    path = Path(root) / "metadata.sqlite"
    if not path.exists():
        raise FileNotFoundError(f"No pipeline ran in {root}: there is no {path.name}.")
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        table = pd.read_sql(
            "SELECT a.id AS artifact, a.name, a.type, a.uri, e.step, e.component, "
            "e.parameters, e.began, e.seconds, e.id AS execution "
            "FROM artifacts a JOIN executions e ON a.execution = e.id ORDER BY a.id",
            database,
        )
        taken = pd.read_sql("SELECT execution, artifact FROM inputs", database)
    made_from = taken.groupby("execution")["artifact"].agg(list)
    table["made_from"] = [made_from.get(one, []) for one in table.pop("execution")]
    return table
