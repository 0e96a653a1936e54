"""The file of a ledger: a SQLite database that is believed only after a check.

It has one table, executions, whose rows have checksums: SQLite notices damage to its
own structure, but not to what is written in it. One process writes it at a time, as a
lock says; others can read it meanwhile, for it is in the mode WAL until it is closed.
"""

import contextlib
import os
import sqlite3
import time
from pathlib import Path

from tfrwc.components.engine.ledger_rows import Execution, parse

NAME = "metadata.sqlite"
_VERSION = 2
_TABLE = """CREATE TABLE executions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    step TEXT NOT NULL, state TEXT NOT NULL, key TEXT NOT NULL, began TEXT NOT NULL,
    outputs TEXT NOT NULL, error TEXT, seconds REAL, checksum TEXT NOT NULL)"""
_PATIENCE = 5.0  # seconds, with others who hold the file
_SECONDS = 60.0  # that the check may take, lest a file keep SQLite busy for ever
_DAMAGE = (
    *(sqlite3.Error, sqlite3.Warning, ValueError, TypeError),
    *(OverflowError, MemoryError, RecursionError),
)


def open_to_write(root: Path) -> tuple[sqlite3.Connection, list[Execution]]:
    """Open the ledger of a folder, which is made where there is none.

    Returns:
        The database, and its executions.

    Raises:
        OSError: if it is damaged.
    """
    database = None
    try:
        database = sqlite3.connect(root / NAME, isolation_level=None, timeout=_PATIENCE)
        is_new = not database.execute("SELECT * FROM sqlite_master").fetchall()
        executions = [] if is_new else _checked(database)
        # Where a disk has no WAL, readers have to wait.
        database.execute("PRAGMA journal_mode = WAL")
        if is_new:
            database.execute("BEGIN IMMEDIATE")
            database.execute(_TABLE)
            database.execute(f"PRAGMA user_version = {_VERSION}")
            database.execute("COMMIT")
        return database, executions
    except _DAMAGE as error:
        if database is not None:
            database.close()
        raise _unusable(root, error) from error


def write(database: sqlite3.Connection, execution: Execution) -> None:
    """Enter an execution, in place of what was entered of it before."""
    row = execution.row()
    marks = ", ".join("?" * len(row))
    try:
        database.execute(f"INSERT OR REPLACE INTO executions VALUES ({marks})", row)
    except sqlite3.Error as error:
        raise OSError(
            f"{NAME} could not be written ({error}), so that this execution of "
            f"{execution.step} does not count. If another program holds the file, or "
            "the disk is full, mend that, and run the pipeline again."
        ) from error


def close(database: sqlite3.Connection) -> None:
    """Close a ledger, as one file that can be copied, and be read where nothing can be
    written."""
    with contextlib.suppress(sqlite3.OperationalError):  # a reader holds it: it stays
        database.execute("PRAGMA journal_mode = DELETE")
    database.close()


def read(root: Path) -> list[Execution]:
    """All executions of the ledger of a folder, which is left as it is.

    Raises:
        OSError: if it is damaged, or cannot be read now.
    """
    path = root / NAME
    # What a killed process left half done can only be undone by writing.
    can_write = os.access(path, os.W_OK) and os.access(root, os.W_OK)
    database = None
    try:
        database = sqlite3.connect(
            f"{path.as_uri()}?mode={'rw' if can_write else 'ro'}",
            timeout=_PATIENCE,
            uri=True,
            isolation_level=None,
        )
        database.execute("BEGIN")
        return _checked(database)
    except _DAMAGE as error:
        raise _unusable(root, error) from error
    finally:
        if database is not None:
            database.close()


def _unusable(root: Path, reason: Exception) -> OSError:
    """The error of a file that is held by others, or cannot be believed."""
    if "locked" in str(reason):
        return OSError(
            f"{root / NAME} cannot be used now ({reason}). If a pipeline is running "
            "there, or another program has the file open, wait for it."
        )
    return OSError(
        f"{NAME} in {root} cannot be used ({reason}). Restore it; or delete the folder "
        "to run everything again, by which it is forgotten what its data were charged."
    )


def _checked(database: sqlite3.Connection) -> list[Execution]:
    """All executions, or an error of `_DAMAGE` that says what is wrong."""
    end = time.monotonic() + _SECONDS
    database.set_progress_handler(lambda: time.monotonic() > end, 100_000)
    [[version]] = database.execute("PRAGMA user_version").fetchall()
    tables = database.execute("SELECT name, sql FROM sqlite_master").fetchall()
    tables = [(name, sql) for name, sql in tables if name != "sqlite_sequence"]
    if "executions" in dict(tables) and version != _VERSION:
        raise ValueError(f"it is of version {version}; this tfrwc reads {_VERSION}")
    if tables != [("executions", _TABLE)]:
        raise ValueError("it has other tables than a ledger")
    [[answer]] = database.execute("PRAGMA integrity_check(1)").fetchall()
    if answer != "ok":
        raise ValueError(answer)
    rows = database.execute("SELECT * FROM executions ORDER BY id").fetchall()
    last = database.execute("SELECT seq FROM sqlite_sequence").fetchall()
    executions = parse(rows, last[0][0] if last else 0)
    database.set_progress_handler(None, 0)
    return executions
