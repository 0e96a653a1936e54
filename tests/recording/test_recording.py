"""Recordings and their file."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import ROOT

from tfrwc import Recording, load_recording
from tfrwc.recording import Flag
from tfrwc.recording.journal import Journal, journal_path


def make(records=4):
    layers = pd.DataFrame(
        {
            "name": ["a/kernel", "b/kernel"],
            "path": ["m/a/kernel", "m/b/kernel"],
            "kind": ["Conv2D", "Dense"],
            "shape": [(3, 3, 1, 2), (2, 5)],
            "size": [18, 10],
            "depth": [0, 1],
        }
    )
    recording = Recording(layers, ["l1_ratio", "cosine"], {"reference": "previous"})
    rng = np.random.default_rng(0)
    for i in range(records):
        values, flags = rng.random((2, 2), np.float32), np.zeros((2, 2))
        if i == 0:
            values[1, 1], flags[1, 1] = np.nan, Flag.ZERO_DENOMINATOR
        logs = {"loss": 1 / (i + 1)}
        if i % 2:
            logs["val_loss"] = np.nan if i == 3 else 0.5
        recording.append(10 * (i + 1), i + 1, values, flags, logs)
    return recording


@pytest.mark.parametrize("records", [0, 1, 4])
def test_round_trip(tmp_path, records):
    saved = make(records)
    saved.save(tmp_path / "run.parquet")
    loaded = load_recording(tmp_path / "run.parquet")
    pd.testing.assert_frame_equal(loaded.layers, saved.layers)
    for measure in saved.measures:
        np.testing.assert_array_equal(loaded.values(measure), saved.values(measure))
        np.testing.assert_array_equal(loaded.flags(measure), saved.flags(measure))
    np.testing.assert_array_equal(loaded.steps, saved.steps)
    np.testing.assert_array_equal(loaded.epochs, saved.epochs)
    pd.testing.assert_frame_equal(loaded.logs, saved.logs)
    assert loaded.settings == saved.settings
    assert loaded.versions == saved.versions


def test_shapes_and_types():
    recording = make()
    assert recording.values("cosine").dtype == np.float32
    assert recording.values("cosine").shape == (4, 2)
    assert recording.flags("cosine")[0].tolist() == [0, Flag.ZERO_DENOMINATOR]
    assert list(recording.logs) == ["loss", "val_loss"]
    assert "4 records, 2 tensors" in repr(recording)


def test_tidy_frame():
    frame = make().to_frame()
    assert list(frame) == [
        "step",
        "epoch",
        "layer",
        "depth",
        "kind",
        "size",
        "measure",
        "value",
    ]
    assert len(frame) == 4 * 2 * 2
    row = frame.query("step == 20 and layer == 'b/kernel' and measure == 'cosine'")
    assert row["value"].item() == make().values("cosine")[1, 1]
    assert row["kind"].item() == "Dense"


def test_an_unknown_measure_lists_what_there_is():
    with pytest.raises(ValueError, match=r"'l2_ratio' was not recorded.*l1_ratio, cos"):
        make().values("l2_ratio")


def test_any_parquet_reader_opens_it(tmp_path):
    make().save(tmp_path / "run.parquet")
    frame = pd.read_parquet(tmp_path / "run.parquet")
    assert frame["step"].tolist() == [10, 20, 30, 40]
    description = json.loads(
        pq.read_schema(tmp_path / "run.parquet").metadata[b"tfrwc"]
    )
    assert description["layers"]["kind"] == ["Conv2D", "Dense"]
    assert set(description["versions"]) >= {"tfrwc", "numpy", "python"}


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.6, 0.95, 0.999])
def test_a_truncated_file_is_named(tmp_path, share):
    path = tmp_path / "run.parquet"
    make().save(path)
    os.truncate(path, int(share * path.stat().st_size))
    with pytest.raises(ValueError, match=r"run\.parquet is not a readable recording"):
        load_recording(path)


def test_a_flipped_byte_in_the_values_is_noticed(tmp_path):
    path = tmp_path / "run.parquet"
    make().save(path)
    whole = path.read_bytes()
    value = make().values("cosine")[2, 0].tobytes()
    at = whole.index(value)
    path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
    with pytest.raises(ValueError, match="not a readable recording"):
        load_recording(path)


def test_foreign_files_are_named(tmp_path):
    text = tmp_path / "notes.txt"
    text.write_text("nothing to see " * 100)
    with pytest.raises(ValueError, match=r"notes\.txt is not a readable recording"):
        load_recording(text)
    table = tmp_path / "table.parquet"
    pq.write_table(pa.table({"x": [1, 2]}), table)
    with pytest.raises(ValueError, match="a Parquet file, but not a recording"):
        load_recording(table)
    with pytest.raises(FileNotFoundError, match="no recording at"):
        load_recording(tmp_path / "missing.parquet")


@pytest.mark.parametrize("description", ["not JSON", "{}", '{"format": 1}'])
def test_a_damaged_description_is_named(tmp_path, description):
    path = tmp_path / "run.parquet"
    make().save(path)
    table = pq.read_table(path)
    pq.write_table(table.replace_schema_metadata({"tfrwc": description}), path)
    with pytest.raises(ValueError, match=r"description or columns are damaged"):
        load_recording(path)


def test_a_file_of_a_later_format_says_so(tmp_path):
    path = tmp_path / "run.parquet"
    make().save(path)
    table = pq.read_table(path)
    description = json.loads(table.schema.metadata[b"tfrwc"]) | {"format": 99}
    pq.write_table(
        table.replace_schema_metadata({"tfrwc": json.dumps(description)}), path
    )
    with pytest.raises(ValueError, match=r"format 99.*Update tfrwc"):
        load_recording(path)


WRITER = """
import sys
sys.path.insert(0, {tests!r})
from recording.test_recording import make
recording = make(0)
import numpy as np
for i in range(100_000):
    recording.append(i + 1, i + 1, np.full((2, 2), i), np.zeros((2, 2)), {{"loss": i}})
    recording.save({path!r})
    print(i + 1, flush=True)
"""


@pytest.mark.parametrize("seconds", [0.0, 0.05, 0.1, 0.15, 0.2, 0.25])
def test_kill_9_leaves_a_whole_file(tmp_path, seconds):
    path = tmp_path / "run.parquet"
    script = WRITER.format(tests=str(ROOT / "tests"), path=str(path))
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True
    ) as writer:
        writer.stdout.readline()
        time.sleep(seconds)
        writer.send_signal(signal.SIGKILL)
        said = 1 + len(writer.stdout.read().splitlines())
    # All that was said to be written, and at most the record after it.
    assert said <= len(load_recording(path)) <= said + 1


def test_a_journal_is_read_up_to_where_it_was_cut(tmp_path):
    path = tmp_path / "run.parquet"
    whole = make()
    head = make()
    head.drop_after(20)
    head.save(path)
    journal = Journal(journal_path(path))
    sizes = []
    for record in whole.records():  # the first two are in the file as well
        journal.append(*record)
        sizes.append(journal_path(path).stat().st_size)
    journal.close()
    content = journal_path(path).read_bytes()
    for size in (0, 1, 100, sizes[2] - 1, sizes[2], sizes[2] + 1, sizes[3]):
        journal_path(path).write_bytes(content[:size])
        expected = 2 + sum(size >= s for s in sizes[2:])
        read = load_recording(path)
        assert read.steps.tolist() == whole.steps[:expected].tolist(), size
        for measure in whole.measures:
            np.testing.assert_array_equal(
                read.values(measure), whole.values(measure)[:expected]
            )
        pd.testing.assert_frame_equal(read.logs, whole.logs[:expected])


def test_values_per_learning_rate():
    recording = make()
    with pytest.raises(ValueError, match=r"no learning rate.*'loss', 'val_loss'"):
        recording.per_learning_rate()
    for (*_, logs), rate in zip(recording.records(), [0.5, 0, 0.25, 0.1], strict=True):
        logs["learning_rate"] = rate
    values, found = recording.values(), recording.per_learning_rate()
    assert np.isnan(found[1]).all()
    np.testing.assert_allclose(found[0], values[0] * 2)
    np.testing.assert_allclose(found[2], values[2] * 4)
    with pytest.raises(ValueError, match="square of the learning rate"):
        recording.per_learning_rate("cosine")
    with pytest.raises(ValueError, match="was not recorded"):
        recording.per_learning_rate("l2_ratio")
