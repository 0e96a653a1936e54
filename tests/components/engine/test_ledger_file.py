"""Ledgers that are damaged, hostile, of others, or left by a killed process."""

import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing, suppress
from hashlib import sha256
from pathlib import Path

import pytest
from components.conformance.components import pipeline
from fuzz.mutations import BYTES

from tfrwc.components.engine import local
from tfrwc.components.engine.ledger import Ledger, lineage


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


def change_rows(root, number, change):
    """Let a function of a row, as a dict, change it, and give it the right checksum."""
    with closing(sqlite3.connect(root / "metadata.sqlite")) as database:
        database.row_factory = sqlite3.Row
        query = "SELECT * FROM executions WHERE id = ?"
        row = dict(database.execute(query, [number]).fetchone())
        row |= {name: json.loads(row[name]) for name in ("key", "outputs")}
        change(row)
        for name in ("key", "outputs"):
            if not isinstance(row[name], (str, bytes)):
                row[name] = json.dumps(row[name])
        values = [*row.values()][:-1]
        with suppress(TypeError):  # bytes are never right
            values += [sha256(json.dumps(values).encode()).hexdigest()]
        marks = ", ".join("?" * len(row))
        values = [*values, "none"][: len(row)]
        database.execute(f"REPLACE INTO executions VALUES ({marks})", values)
        database.commit()


def rows_that_run(root):
    lines = []
    local.run(pipeline(), root, say=lines.append)
    return [line for line in lines if "running" in line]


CHANGES = {
    "a key": "UPDATE executions SET key = replace(key, '2.0', '9.0') WHERE id = 3",
    "a state": "UPDATE executions SET state = 'failed' WHERE id = 2",
    "a time": "UPDATE executions SET seconds = 1e-9 WHERE id = 2",
    "outputs": "UPDATE executions SET outputs = replace(outputs, 'model', 'other')",
    "a step": "UPDATE executions SET step = 'Train-1' WHERE id = 2",
    "an execution is lost": "DELETE FROM executions WHERE id = 3",
    "the last execution is lost": "DELETE FROM executions WHERE id = 6",
    "all executions are lost": "DELETE FROM executions",
    "more than were entered": "UPDATE sqlite_sequence SET seq = 9",
    "another checksum": "UPDATE executions SET checksum = 'x' WHERE id = 1",
    "a version to come": "PRAGMA user_version = 7",
    "of old": "PRAGMA user_version = 1",
    "a view": "CREATE VIEW v AS SELECT 1",
    "a trigger": "CREATE TRIGGER t AFTER INSERT ON executions BEGIN SELECT 1; END",
    "a column": "ALTER TABLE executions ADD COLUMN more TEXT",
    "no table": "DROP TABLE executions",
}


@pytest.mark.parametrize("what", CHANGES)
def test_any_change_is_noticed(root, what):
    change(root, CHANGES[what])
    for read in (lineage, Ledger):
        with pytest.raises(OSError, match=r"metadata\.sqlite in .* cannot be used \("):
            read(root)


def others(root):
    """Files that are no ledger, by what they are."""
    path = root / "metadata.sqlite"
    with closing(sqlite3.connect(root / "foreign")) as database:
        database.execute("CREATE TABLE cats (name TEXT)")
        database.commit()
    whole = path.read_bytes()
    return {
        "of another program": (root / "foreign").read_bytes(),
        "no database": b"no database" * 100,
        "a header alone": whole[:100],
        "half": whole[: len(whole) // 2],
        "without its last page": whole[:-4096],
        "zeros": bytes(len(whole)),
        "a picture": b"\x89PNG\r\n" + whole[6:],
    }


@pytest.mark.parametrize("read", [lineage, Ledger, rows_that_run])
def test_another_file_is_told_and_left_as_it_is(root, read):
    path = root / "metadata.sqlite"
    for what, data in others(root).items():
        path.write_bytes(data)
        with pytest.raises(OSError, match=r"metadata\.sqlite in .* cannot be used \("):
            read(root)
        assert path.read_bytes() == data, what


def test_an_empty_file_is_told(root):
    (root / "metadata.sqlite").write_bytes(b"")
    with pytest.raises(OSError, match="it has other tables than a ledger"):
        lineage(root)
    with pytest.raises(OSError, match="holds outputs of Generate, but"):
        rows_that_run(root)


def in_key(part, value):
    return lambda row: row["key"].update({part: value})


def in_output(part, value):
    return lambda row: row["outputs"]["pushed"].update({part: value})


def an_output(name, kind):
    def change(row):
        row["key"]["outputs"] = {name: kind}
        row["outputs"] = {name: row["outputs"]["pushed"]}

    return change


def in_row(column, value):
    return lambda row: row.update({column: value})


HASH = "0" * 64
HOSTILE = {
    "a step outside": in_row("step", ".."),
    "a step elsewhere": in_row("step", "/etc"),
    "a step in another folder": in_row("step", "a\\..\\b"),
    "no state": in_row("state", "done"),
    "no json": in_row("key", "{"),
    "nested": in_row("outputs", "[" * 100_000),
    "a list": in_row("key", []),
    "a blob": in_row("step", b"\xff\x00"),
    "no time": in_row("began", "yesterday"),
    "no duration": in_row("seconds", None),
    "endless": in_row("seconds", 9e999),
    "an error of numbers": in_row("error", 3),
    "a key without a part": lambda row: row["key"].pop("code"),
    "a part too many": in_key("more", "text"),
    "an output outside": an_output("../..", "Model"),
    "an output of no type": an_output("pushed", 3),
    "outputs that it has not": in_key("outputs", {"pushed": "Model", "more": "Model"}),
    "a parameter of lists": in_key("parameters", {"rate": [1]}),
    "an input outside": in_key("inputs", {"examples": ["../../etc/1"]}),
    "an input of nobody": in_key("inputs", {"examples": ["Generate/examples/9"]}),
    "made from itself": in_key("inputs", {"examples": ["Push/pushed/6"]}),
    "an input of numbers": in_key("inputs", {"examples": [1]}),
    "a file outside": in_output("files", {"../../../x": [1, HASH]}),
    "a file elsewhere": in_output("files", {"/etc/passwd": [1, HASH]}),
    "a file of no size": in_output("files", {"model.json": [-1, HASH]}),
    "a file of no hash": in_output("files", {"model.json": [1, "x"]}),
    "a file of a hash alone": in_output("files", {"model.json": [HASH, HASH]}),
    "a file of less": in_output("files", {"model.json": [1]}),
    "properties of lists": in_output("properties", {"blessed": []}),
    "outputs of a killed one": in_row("state", "running"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_rows_are_checked_whatever_their_checksums_say(root, what):
    change_rows(root, 6, HOSTILE[what])  # of which no other is made
    for read in (lineage, Ledger):
        with pytest.raises(OSError, match=r"metadata\.sqlite in .* cannot be used \("):
            read(root)


def test_a_row_that_is_right_is_read(root):
    change_rows(root, 6, in_row("error", "none"))
    assert len(lineage(root)) == 6


def test_nothing_is_made_from_what_came_later(root):
    change_rows(root, 2, in_key("inputs", {"base": ["Train-1/model/3"]}))
    with pytest.raises(OSError, match="took 'Train-1/model/3', which none made"):
        lineage(root)


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


def test_a_ledger_that_others_hold_is_to_be_waited_for(root, monkeypatch):
    monkeypatch.setattr("tfrwc.components.engine.ledger_file._PATIENCE", 0.01)
    with closing(sqlite3.connect(root / "metadata.sqlite")) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(OSError, match="wait for it"):
            Ledger(root)
        with pytest.raises(OSError, match="wait for it"):
            lineage(root)
    ledger = Ledger(root)
    with closing(sqlite3.connect(root / "metadata.sqlite")) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(OSError, match=r"could not be written .*does not count"):
            ledger.begin("Train-0", ledger.executions[1].key)
    ledger.close()
    assert len(lineage(root)) == len(ledger.executions) - 1


def test_a_folder_that_is_none(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="cannot be the folder of a pipeline"):
        Ledger(tmp_path / "file")


KILLED = """
import os, sys
sys.path.insert(0, sys.argv[1])
from components.conformance.components import pipeline
from tfrwc.components.engine import ledger_file, local

at = int(sys.argv[3])

def write_or_die(database, execution):
    global at
    if at == 0:
        database.execute("PRAGMA cache_size = 1")  # so that pages are in a file
        database.execute("BEGIN")
        database.execute("UPDATE executions SET error = hex(zeroblob(100000))")
        write(database, execution)
        os.kill(os.getpid(), 9)
    at -= 1
    write(database, execution)

write, ledger_file.write = ledger_file.write, write_or_die
local.run(pipeline(), sys.argv[2])
"""


@pytest.mark.parametrize("at", [0, 3, 6])
def test_a_process_killed_while_it_writes_loses_nothing(tmp_path, at):
    root, tests = tmp_path / "root", Path(__file__).parents[2]
    command = [sys.executable, "-c", KILLED, str(tests), str(root), str(at)]
    assert subprocess.run(command, check=False).returncode == -9
    assert (root / "metadata.sqlite-wal").stat().st_size > 0
    complete = at // 2  # each step begins and finishes
    assert len(lineage(root)) == complete
    assert len(rows_that_run(root)) == 6 - complete
    assert [path.name for path in root.glob("metadata.sqlite*")] == ["metadata.sqlite"]


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
