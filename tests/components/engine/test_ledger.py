"""What a ledger says of the past, and what it refuses."""

import json
import sqlite3

import pytest
from components.conformance.components import pipeline

from tfrwc.components.engine import local
from tfrwc.components.engine.ledger import Ledger, lineage


def run(root):
    """Ids of the steps that run, and are not taken from the cache."""
    lines = []
    local.run(pipeline(), root, say=lines.append)
    return [line.split()[1][:-1] for line in lines if "running" in line]


def test_a_ledger_that_is_lost_or_damaged_is_told(tmp_path):
    run(tmp_path)
    kept = (tmp_path / "metadata.sqlite").read_bytes()
    (tmp_path / "metadata.sqlite").write_bytes(b"no database" * 100)
    with pytest.raises(OSError, match="cannot be used"):
        local.run(pipeline(), tmp_path)
    (tmp_path / "metadata.sqlite").unlink()
    for _ in range(2):
        with pytest.raises(OSError, match="holds outputs of Generate, but"):
            local.run(pipeline(), tmp_path)
    (tmp_path / "metadata.sqlite").write_bytes(kept)
    assert run(tmp_path) == []


def test_lineage_of_any_folder(tmp_path):
    folder = tmp_path / "a ?#%20b"
    run(folder)
    assert len(lineage(folder)) == 6
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]
    (folder / "metadata.sqlite").chmod(0o444)
    folder.chmod(0o555)
    assert len(lineage(folder)) == 6
    folder.chmod(0o755)


def test_lineage_is_read_while_a_pipeline_runs(tmp_path):
    made = []

    def look(line):
        if line.endswith(": running"):
            made.append(len(lineage(tmp_path)))

    local.run(pipeline(), tmp_path, say=look)
    assert made == [0, 1, 2, 3, 4, 5]


def test_a_reader_does_not_hold_a_run_up(tmp_path):
    run(tmp_path)
    ledger = Ledger(tmp_path)
    reader = sqlite3.connect(tmp_path / "metadata.sqlite", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM executions").fetchall()
    ledger.remove(ledger.executions[-1])
    ledger.close()
    reader.close()
    assert run(tmp_path) == ["Push"]


def test_there_is_one_run_at_a_time(tmp_path):
    ledger = Ledger(tmp_path)
    with pytest.raises(OSError, match="Another process is running a pipeline"):
        run(tmp_path)
    ledger.close()
    assert len(run(tmp_path)) == 6


def test_lineage_says_what_was_made_from_what(tmp_path):
    run(tmp_path)
    table = lineage(tmp_path).set_index("step")
    assert table.index.tolist() == [
        *("Generate", "Train-0", "Train-1", "Evaluate", "Bless", "Push")
    ]
    assert table["type"].tolist() == [
        *("Examples", "Model", "Model", "ModelEvaluation", "ModelBlessing", "Model")
    ]
    made_from = table.loc["Evaluate", "made_from"]
    assert made_from == table.loc[["Train-0", "Train-1"], "artifact"].tolist()
    assert json.loads(table.loc["Train-1", "parameters"])["rate"] == 2
    with pytest.raises(FileNotFoundError, match="No pipeline ran"):
        lineage(tmp_path / "elsewhere")
