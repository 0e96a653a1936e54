"""Ledgers that are damaged, of old, hostile, or left by a killed process."""

import os
import random
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from components.conformance.components import pipeline
from fuzz.mutations import BYTES

from tfrwc.components.engine import local
from tfrwc.components.engine.ledger import Ledger, lineage

OLD = """
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
TABLES = ("executions", "artifacts", "inputs")


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """A folder in which a pipeline ran."""
    root = tmp_path_factory.mktemp("ran") / "root"
    local.run(pipeline(), root, say=lambda text: None)
    return root


@pytest.fixture
def root(ran, tmp_path):
    return shutil.copytree(ran, tmp_path / "root")


def change(root, *queries):
    with closing(sqlite3.connect(root / "metadata.sqlite")) as database:
        for query in queries:
            database.execute(query)
        database.commit()


def make_old(root):
    """A ledger as it was before it had a seal."""
    with closing(sqlite3.connect(root / "metadata.sqlite")) as database:
        rows = {t: database.execute(f"SELECT * FROM {t}").fetchall() for t in TABLES}
    (root / "metadata.sqlite").unlink()
    with closing(sqlite3.connect(root / "metadata.sqlite")) as database:
        database.executescript(OLD)
        for table, values in rows.items():
            for row in values:
                marks = ", ".join("?" * len(row))
                database.execute(f"INSERT INTO {table} VALUES ({marks})", row)
        database.commit()


def rows_that_run(root):
    lines = []
    local.run(pipeline(), root, say=lines.append)
    return [line for line in lines if "running" in line]


def test_an_old_ledger_is_read_and_sealed(root):
    expected = lineage(root)
    make_old(root)
    before = (root / "metadata.sqlite").read_bytes()
    assert lineage(root).equals(expected)
    assert (root / "metadata.sqlite").read_bytes() == before
    assert rows_that_run(root) == []
    assert lineage(root).equals(expected)
    change(root, "UPDATE executions SET parameters = '{}' WHERE id = 2")
    with pytest.raises(OSError, match="its rows are not those that were written"):
        lineage(root)


CHANGES = {
    "a parameter": "UPDATE executions SET parameters = '{\"rate\": 9.0}' WHERE id = 2",
    "a state": "UPDATE executions SET state = 'failed' WHERE id = 2",
    "a time": "UPDATE executions SET seconds = 1e-9 WHERE id = 2",
    "an input": "UPDATE inputs SET artifact = 1 WHERE artifact = 2",
    "an input is lost": "DELETE FROM inputs WHERE artifact = 2",
    "the last execution is lost": "DELETE FROM executions WHERE id = 6",
    "an artifact is lost": "DELETE FROM artifacts WHERE id = 3",
    "all artifacts are lost": "DELETE FROM artifacts",
    "the seal is lost": "DELETE FROM seal",
    "no seal at all": "DROP TABLE seal",
    "another seal": "UPDATE seal SET checksum = 'x'",
    "a version to come": "PRAGMA user_version = 7",
    "of old": "PRAGMA user_version = 0",
    "a view": "CREATE VIEW v AS SELECT 1",
    "a trigger": "CREATE TRIGGER t AFTER INSERT ON inputs BEGIN SELECT 1; END",
    "a column": "ALTER TABLE inputs ADD COLUMN more TEXT",
}


@pytest.mark.parametrize("what", CHANGES)
def test_any_change_is_noticed(root, what):
    change(root, CHANGES[what])
    for read in (lineage, Ledger):
        with pytest.raises(OSError, match=r"metadata\.sqlite in .* cannot be used \("):
            read(root)


HOSTILE = {
    "outside": "UPDATE artifacts SET uri = '../outside'",
    "elsewhere": "UPDATE artifacts SET uri = '/etc'",
    "of another": "UPDATE artifacts SET uri = 'Train-0/model/2' WHERE id = 1",
    "a step outside": "UPDATE executions SET step = '..' WHERE id = 1",
    "no json": "UPDATE artifacts SET properties = '{'",
    "nested": f"UPDATE artifacts SET properties = '{'[' * 100_000}'",
    "a list": "UPDATE executions SET parameters = '[]'",
    "a blob": "UPDATE executions SET component = x'ff00'",
    "no text": "UPDATE executions SET component = CAST(x'ff00' AS TEXT)",
    "no time": "UPDATE executions SET began = 'yesterday'",
    "no duration": "UPDATE executions SET seconds = NULL WHERE id = 1",
    "endless": "UPDATE executions SET seconds = 9e999 WHERE id = 1",
    "no state": "UPDATE executions SET state = 'done' WHERE id = 1",
    "of nobody": "UPDATE artifacts SET execution = 99 WHERE id = 1",
    "made from itself": "UPDATE inputs SET artifact = 6",
    "made from nothing": "UPDATE inputs SET artifact = 99",
    "lost": "DELETE FROM artifacts WHERE id = 6",
    "more than were entered": "UPDATE sqlite_sequence SET seq = 3",
}


@pytest.mark.parametrize("what", HOSTILE)
def test_rows_are_checked_where_no_seal_is(root, what):
    make_old(root)
    change(root, HOSTILE[what])
    for read in (lineage, Ledger):
        with pytest.raises(OSError, match=r"metadata\.sqlite in .* cannot be used \("):
            read(root)


def test_links_lead_nowhere_outside(root, tmp_path):
    (tmp_path / "outside").mkdir()
    shutil.move(root / "Train-0", tmp_path / "outside" / "Train-0")
    (root / "Train-0").symlink_to(tmp_path / "outside" / "Train-0")
    with pytest.raises(OSError, match=r"Train-0/model/2 leads to .*outside"):
        local.run(pipeline(), root, say=lambda text: None)


def test_a_ledger_older_than_the_outputs_is_told(root, tmp_path):
    shutil.copy(root / "metadata.sqlite", tmp_path / "older")
    flag = tmp_path / "flag"
    local.run(pipeline(fails=str(flag)), root, say=lambda text: None)
    shutil.copy(tmp_path / "older", root / "metadata.sqlite")
    with pytest.raises(OSError, match="it is older than the outputs"):
        local.run(pipeline(fails=str(flag)), root, say=lambda text: None)


def test_a_folder_that_is_none(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="cannot be the folder of a pipeline"):
        Ledger(tmp_path / "file")


KILLED = """
import os, sys
sys.path.insert(0, sys.argv[1])
from components.conformance.components import pipeline
from tfrwc.components.engine import ledger_file, local
from tfrwc.components.engine.ledger import Ledger

at = int(sys.argv[3])

def kill(database, total):
    global at
    at -= 1
    database.execute("PRAGMA cache_size = 1")  # so that pages are in the file
    database.execute("UPDATE executions SET error = zeroblob(100000)")
    if at < 0:
        os.kill(os.getpid(), 9)
    database.execute("UPDATE executions SET error = NULL")
    write(database, total)

write, ledger_file.write_seal = ledger_file.write_seal, kill
local.run(pipeline(), sys.argv[2])
"""


@pytest.mark.parametrize("at", [0, 3, 6])
def test_a_process_killed_in_a_transaction_loses_nothing(tmp_path, at):
    root, tests = tmp_path / "root", Path(__file__).parents[2]
    command = [sys.executable, "-c", KILLED, str(tests), str(root), str(at)]
    assert subprocess.run(command, check=False).returncode == -9
    assert (root / "metadata.sqlite-journal").stat().st_size > 0
    complete = at // 2  # each step begins and finishes
    assert len(lineage(root)) == complete
    assert len(rows_that_run(root)) == 6 - complete


def test_damage_anywhere_in_the_file_is_noticed_or_of_no_account(root):
    path, expected = root / "metadata.sqlite", lineage(root)
    whole = path.read_bytes()
    noticed = 0
    for number in range(len(BYTES) * 8):
        rng, data = random.Random(number), bytearray(whole)
        BYTES[number % len(BYTES)](data, rng)
        path.write_bytes(data)
        try:
            table = lineage(root)
        except OSError:
            noticed += 1
        else:
            assert table.equals(expected)
        for leftover in root.glob("metadata.sqlite-*"):
            os.unlink(leftover)
    assert noticed > 40
