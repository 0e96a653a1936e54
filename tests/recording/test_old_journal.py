"""Journals of before they had checksums."""

import json
import warnings

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from recording.examples import make

from tfrwc import load_recording
from tfrwc.recording.journal import DamagedJournalError, journal_path
from tfrwc.recording.old_journal import _SCHEMA, parse_old_journal


@pytest.fixture(scope="module")
def old(tmp_path_factory):
    """The bytes of an old journal, and its size after each record."""
    path = tmp_path_factory.mktemp("old") / "journal"
    sizes = []
    with pa.OSFile(str(path), "wb") as file:
        stream = pa.ipc.new_stream(file, _SCHEMA)
        for record in make().records():
            row = (
                *([record.step], [record.epoch], [json.dumps(record.logs)]),
                *([record.values.tobytes()], [record.flags.tobytes()]),
            )
            arrays = [pa.array(c, f.type) for c, f in zip(row, _SCHEMA, strict=True)]
            stream.write_batch(pa.record_batch(arrays, schema=_SCHEMA))
            sizes.append(file.tell())
    return path.read_bytes(), sizes


def old_file(path, records):
    """A recording as it was written before files had an origin or a seal."""
    head = make(records)
    head.save(path)
    table = pq.read_table(path)
    description = json.loads(table.schema.metadata[b"tfrwc"])
    del description["origin"], description["sealed"]
    metadata = {"tfrwc": json.dumps(description)}
    pq.write_table(table.replace_schema_metadata(metadata), path)


def test_it_is_read_as_far_as_it_is_whole(tmp_path, old):
    data, sizes = old
    path, whole = tmp_path / "run.parquet", make()
    old_file(path, 2)
    for size in (0, 1, 100, *sizes, sizes[2] - 1, sizes[2] + 9):
        journal_path(path).write_bytes(data[:size])
        expected = max(sum(size >= s for s in sizes), 2)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            read = load_recording(path)
        assert read.steps.tolist() == whole.steps[:expected].tolist(), size
        for measure in whole.measures:
            np.testing.assert_array_equal(
                read.values(measure), whole.values(measure)[:expected]
            )
        pd.testing.assert_frame_equal(read.logs, whole.logs[:expected])
        said = any("wrote no checksums" in str(w.message) for w in caught)
        assert said == (size >= sizes[0])


def test_beside_a_file_that_was_gone_on_with_it_is_left_out(tmp_path, old):
    path = tmp_path / "run.parquet"
    make(2).save(path)
    journal_path(path).write_bytes(old[0])
    assert len(load_recording(path)) == 2


@pytest.mark.filterwarnings("ignore:.*wrote no checksums")
def test_what_is_before_a_damage_is_not_doubled(tmp_path, old):
    data, sizes = old
    path = tmp_path / "run.parquet"
    old_file(path, 2)
    junk = b"\x5a" * 40
    journal_path(path).write_bytes(data[: sizes[2] + 8] + junk + data[sizes[2] + 48 :])
    with pytest.raises(ValueError, match="is damaged at byte"):
        load_recording(path)
    with pytest.warns(UserWarning, match="What follows is left out"):
        assert load_recording(path, salvage=True).steps.tolist() == [10, 20, 30]


@pytest.mark.filterwarnings("ignore:.*wrote no checksums")
def test_damage_of_its_form_never_reaches_arrow(tmp_path, old):
    data, _ = old
    damaged = 0
    for at in range(len(data)):
        for end, junk in ((at + 4, b""), (at + 1, b"\x5a")):
            change = data[:at] + junk + data[end:]
            try:
                parse_old_journal(change, tmp_path / "j", 2)
            except DamagedJournalError:
                damaged += 1
    assert damaged > 1.6 * len(data)
