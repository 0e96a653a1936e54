"""What a recording must be."""

import json
import math

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from recording.examples import make

from tfrwc import Recording, load_recording
from tfrwc.recording.parquet import _BLOCK

TABLE = make().layers


def with_column(name, values):
    return TABLE.assign(**{name: pd.Series(values, dtype=object)})


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"name": ["a"]}, "must be a DataFrame, not dict"),
        (TABLE.drop(columns="kind"), "must have the columns name, path, kind"),
        (TABLE[[*TABLE, "name"]], "each once"),
        (with_column("name", ["a", 3]), "'name' in row 1 .* must be text, not 3"),
        (with_column("path", [None, "b"]), "'path' in row 0 .* must be text"),
        (with_column("shape", [(1, -2), (2, 5)]), "'shape' in row 0"),
        (with_column("shape", ["31", (2, 5)]), "'shape' in row 0 .* not '31'"),
        (with_column("shape", [(True,), (2, 5)]), "'shape' in row 0"),
        (with_column("size", [18, "10"]), "'size' in row 1"),
        (with_column("size", [18, math.nan]), "'size' in row 1"),
        (with_column("depth", [0, -1]), "'depth' in row 1 .* a number from 0, or NaN"),
        (with_column("depth", [0, math.inf]), "'depth' in row 1"),
        (with_column("depth", [None, 1]), "'depth' in row 0"),
    ],
)
def test_tables_that_cannot_be(table, message):
    with pytest.raises(ValueError, match=rf"a Recording was given.*{message}"):
        Recording(table, ["l1_ratio"])
    with pytest.raises(ValueError, match=r"Recording\.add_layers was given"):
        make().add_layers(table)


@pytest.mark.parametrize("measures", [(), "", [""], ["a", "a"], ["a", 3], "l1_ratio"])
def test_measures_that_cannot_be(measures):
    with pytest.raises(ValueError, match="measures must be one or more names, each"):
        Recording(TABLE, measures)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"finished": 1}, "'finished' is 1, not of the type bool"),
        ({"reference": "last"}, "reference is 'last', none of"),
        ({"every": 3}, "'every' is 3, not of the type str"),
    ],
)
def test_settings_that_cannot_be(settings, message):
    with pytest.raises(ValueError, match=message):
        Recording(TABLE, ["l1_ratio"], settings)
    assert Recording(TABLE, ["l1_ratio"], {"mine": 3}).settings == {"mine": 3}


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ((50, 5, np.zeros((1, 2)), np.zeros((1, 2))), r"shape \(2, 2\)"),
        ((50, 5, np.zeros((2, 2)), np.zeros((2, 1))), r"shape \(2, 2\)"),
        ((50, 5, np.zeros((2, 2)), np.full((2, 2), 5)), "flags must be 0 to 4"),
        ((50, 5, np.zeros((2, 2)), np.full((2, 2), 256)), "flags must be 0 to 4"),
        ((50, 5, np.zeros((2, 2)), np.full((2, 2), -1)), "flags must be 0 to 4"),
        ((-1, 5, np.zeros((2, 2)), np.zeros((2, 2))), "a negative step or epoch"),
        ((50, -1, np.zeros((2, 2)), np.zeros((2, 2))), "a negative step or epoch"),
    ],
)
def test_records_that_cannot_be(record, message):
    recording = make(4)
    with pytest.raises(ValueError, match=rf"Recording\.append was given.*{message}"):
        recording.append(*record, {})
    assert len(recording) == 4


@pytest.mark.parametrize(
    ("step", "epoch", "sound"),
    [(41, 4, True), (40, 5, True), (40, 4, False), (39, 5, False), (50, 3, False)],
)
def test_files_of_before_whose_clock_does_not_run_forward(tmp_path, step, epoch, sound):
    """Epochs without steps are those of models trained by another optimizer."""
    path = tmp_path / "run.parquet"
    recording = make(4)
    recording.append(step, epoch, np.zeros((2, 2)), np.zeros((2, 2)), {})
    recording.save(path)
    assert load_recording(path).steps.tolist() == [10, 20, 30, 40, step]
    unseal(path)
    if sound:
        assert load_recording(path).epochs.tolist() == [1, 2, 3, 4, epoch]
    else:
        with pytest.raises(ValueError, match=r"record 4 \(step .* not come after"):
            load_recording(path)


def unseal(path):
    """Write a recording as it was written before there were seals."""
    table = pq.read_table(path)
    description = json.loads(table.schema.metadata[b"tfrwc"])
    del description["sealed"]
    metadata = {"tfrwc": json.dumps(description)}
    pq.write_table(table.replace_schema_metadata(metadata), path)


def test_blocks_of_rows_and_late_layers_come_back(tmp_path, monkeypatch):
    monkeypatch.setattr("tfrwc.recording.parquet._BLOCK", 7)
    assert _BLOCK > 7
    saved = make(3)
    saved.add_layers(TABLE.assign(name=["c", "d"]))
    for i in range(4, 9):
        saved.append(10 * i, i, np.full((2, 4), i), np.zeros((2, 4)), {"late": i})
    saved.save(tmp_path / "run.parquet")
    assert pq.ParquetFile(tmp_path / "run.parquet").num_row_groups > 3
    loaded = load_recording(tmp_path / "run.parquet")
    for measure in saved.measures:
        np.testing.assert_array_equal(loaded.values(measure), saved.values(measure))
        np.testing.assert_array_equal(loaded.flags(measure), saved.flags(measure))
    pd.testing.assert_frame_equal(loaded.layers, saved.layers)
    pd.testing.assert_frame_equal(loaded.logs, saved.logs)


def test_numbers_of_numpy_in_a_table_and_in_settings_are_saved(tmp_path):
    table = TABLE.assign(shape=[tuple(np.array(s)) for s in TABLE["shape"]])
    table = table.assign(own=[np.float32(1), np.array([1, 2])])
    recording = Recording(table, ["l1_ratio"], {"lr": np.float32(0.5)})
    recording.save(tmp_path / "run.parquet")
    loaded = load_recording(tmp_path / "run.parquet")
    assert loaded.settings == {"lr": 0.5}
    assert loaded.layers["own"].tolist() == [1, [1, 2]]
    with pytest.raises(ValueError, match="hold numbers, texts and lists"):
        Recording(TABLE, ["l1_ratio"], {"f": print}).save(tmp_path / "other.parquet")


def test_a_file_rewritten_by_another_program_is_refused(tmp_path):
    path = tmp_path / "run.parquet"
    make().save(path)
    table = pq.read_table(path)
    pq.write_table(table, path)
    with pytest.raises(ValueError, match="another program has written it anew"):
        load_recording(path)
    # One of before, when there were no seals, is read.
    unseal(path)
    assert load_recording(path).layers.equals(make().layers)
