"""The file of a recording."""

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
from recording.examples import make

from tfrwc import load_recording


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
from recording.examples import make
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
