"""The file of a ledger: a SQLite database that is believed only after a check.

Tables: executions, of one step each, with its state (running, complete or failed);
inputs, which artifacts an execution took; artifacts, which it made; files, fingerprints
of what is in those; and seal, the sum of the hashes of all their rows, which is written
with them. SQLite notices damage to
its own structure, but not to what is written in it, nor rows that are lost.
"""

import hashlib
import json
import os
import sqlite3
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tfrwc.components.engine import ledger_rows

NAME = "metadata.sqlite"
_SEALED = 1  # user_version of a file with a seal; 0 of one from before
_TABLES = {
    "executions": """CREATE TABLE executions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    step TEXT NOT NULL, component TEXT NOT NULL, parameters TEXT NOT NULL,
    cache_key TEXT NOT NULL, state TEXT NOT NULL, error TEXT,
    began TEXT NOT NULL, seconds REAL)""",
    "artifacts": """CREATE TABLE artifacts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    execution INTEGER NOT NULL REFERENCES executions (id),
    name TEXT NOT NULL, type TEXT NOT NULL, uri TEXT NOT NULL,
    properties TEXT NOT NULL)""",
    "inputs": """CREATE TABLE inputs (
    execution INTEGER NOT NULL REFERENCES executions (id),
    name TEXT NOT NULL, artifact INTEGER NOT NULL REFERENCES artifacts (id))""",
}
# Of files with a seal.
_MORE_TABLES = {
    "files": """CREATE TABLE files (
    artifact INTEGER NOT NULL REFERENCES artifacts (id),
    fingerprint TEXT NOT NULL)""",
    "seal": "CREATE TABLE seal (checksum TEXT NOT NULL)",
}
_SECONDS = 60.0  # that the check may take, lest a file keep SQLite busy for ever
_DAMAGE = (
    *(sqlite3.Error, sqlite3.Warning, ValueError, TypeError),
    *(OverflowError, MemoryError, RecursionError),
)


@dataclass(frozen=True)
class Contents:
    """All rows of a ledger, checked, as tuples in the order of the columns above, and
    their sum."""

    executions: list[tuple[Any, ...]]
    artifacts: list[tuple[Any, ...]]
    inputs: list[tuple[Any, ...]]
    files: list[tuple[Any, ...]]
    total: int


def open_to_write(root: Path) -> tuple[sqlite3.Connection, int]:
    """Open the ledger of a folder, which is made where there is none, for this process
    alone.

    Returns:
        The database, and the sum of the hashes of its rows.

    Raises:
        OSError: if another process has it open, or it is damaged.
    """
    path = root / NAME
    database = None
    try:
        database = sqlite3.connect(path, isolation_level=None, timeout=1)
        database.execute("PRAGMA locking_mode = EXCLUSIVE")
        database.execute("BEGIN EXCLUSIVE")
        if not _schema(database):
            for sql in _TABLES.values():
                database.execute(sql)
        contents = _checked(database)
        if not _is_sealed(database):
            for sql in _MORE_TABLES.values():
                database.execute(sql)
            database.execute("INSERT INTO seal VALUES (?)", (_text(contents.total),))
            database.execute(f"PRAGMA user_version = {_SEALED}")
        database.execute("COMMIT")
        return database, contents.total
    except _DAMAGE as error:
        if database is not None:
            database.close()
        if "locked" in str(error):
            raise OSError(
                f"Another process is running a pipeline in {root}. Wait for it, or "
                "give another folder."
            ) from error
        raise damaged(root, error) from error


def read(root: Path) -> Contents:
    """All of the ledger of a folder, which is left as it is.

    Raises:
        OSError: if a process has it open to write, or it is damaged.
    """
    path = root / NAME
    # What a killed process left half done can only be undone by writing.
    can_write = os.access(path, os.W_OK) and os.access(root, os.W_OK)
    database = None
    try:
        database = sqlite3.connect(
            f"{path.as_uri()}?mode={'rw' if can_write else 'ro'}",
            timeout=1,
            uri=True,
            isolation_level=None,
        )
        database.execute("BEGIN")
        return _checked(database)
    except _DAMAGE as error:
        if "locked" in str(error):
            raise OSError(
                f"{path} cannot be read ({error}). If a pipeline is running there, "
                "wait for it."
            ) from error
        raise damaged(root, error) from error
    finally:
        if database is not None:
            database.close()


def damaged(root: Path, reason: object) -> OSError:
    """The error of a file that cannot be believed."""
    return OSError(
        f"{NAME} in {root} cannot be used ({reason}). Restore it, or delete the folder "
        "to run everything again."
    )


def write_seal(database: sqlite3.Connection, total: int) -> None:
    """Write the sum of the hashes of all rows, in the transaction that changes them."""
    database.execute("UPDATE seal SET checksum = ?", (_text(total),))


def sum_of_execution(database: sqlite3.Connection, execution: int) -> int:
    """The sum of the hashes of an execution's row, and of those that belong to it."""
    queries = {
        "executions": "SELECT * FROM executions WHERE id = ?",
        "artifacts": "SELECT * FROM artifacts WHERE execution = ?",
        "inputs": "SELECT * FROM inputs WHERE execution = ?",
        "files": "SELECT f.* FROM files f JOIN artifacts a ON f.artifact = a.id "
        "WHERE a.execution = ?",
    }
    return sum(
        _sum(table, database.execute(query, (execution,)))
        for table, query in queries.items()
    )


def _checked(database: sqlite3.Connection) -> Contents:
    """All rows, or an error of `_DAMAGE` that says what is wrong."""
    end = time.monotonic() + _SECONDS
    database.set_progress_handler(lambda: time.monotonic() > end, 100_000)
    is_sealed = _is_sealed(database)
    expected = _TABLES | (_MORE_TABLES if is_sealed else {})
    if _schema(database) != expected:
        raise ValueError("it has other tables than a ledger")
    [[answer]] = database.execute("PRAGMA integrity_check(1)").fetchall()
    if answer != "ok":
        raise ValueError(answer)
    rows = {
        table: database.execute(f"SELECT * FROM {table} ORDER BY rowid").fetchall()
        for table in expected
        if table != "seal"
    }
    rows.setdefault("files", [])
    contents = Contents(**rows, total=sum(_sum(table, rows[table]) for table in rows))
    if is_sealed:
        seals = database.execute("SELECT checksum FROM seal").fetchall()
        if seals != [(_text(contents.total),)]:
            raise ValueError("its rows are not those that were written")
    last = dict(database.execute("SELECT name, seq FROM sqlite_sequence").fetchall())
    ledger_rows.check(contents.executions, contents.artifacts, contents.inputs, last)
    ledger_rows.check_files(contents.files, contents.artifacts)
    database.set_progress_handler(None, 0)
    return contents


def _schema(database: sqlite3.Connection) -> dict[str, str]:
    """How the tables were made, by name; whatever else there is, too."""
    rows = database.execute("SELECT name, sql FROM sqlite_master").fetchall()
    return {name: str(sql) for name, sql in rows if name != "sqlite_sequence"}


def _is_sealed(database: sqlite3.Connection) -> bool:
    [[version]] = database.execute("PRAGMA user_version").fetchall()
    if version not in (0, _SEALED):
        raise ValueError(f"it is of version {version}, which this tfrwc does not know")
    return bool(version == _SEALED)


def _sum(table: str, rows: Iterable[tuple[Any, ...]]) -> int:
    texts = (json.dumps([table, *row]) for row in rows)
    return sum(int(hashlib.sha256(text.encode()).hexdigest(), 16) for text in texts)


def _text(total: int) -> str:
    return f"{total % 2**256:064x}"
