"""Doors of recordings: damaged bytes with and without a seal, and odd contents."""

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from fuzz.door import Door
from fuzz.mutations import anywhere
from fuzz.trees import change_json
from tfrwc import Recording, load_recording
from tfrwc.recording import Flag

_KEY = b"tfrwc"


def _recording() -> Recording:
    """With gaps, NaN, logs that come late, and a layer that came late."""
    shapes = [(3, 3, 1, 8), (3, 3, 8, 16), (16, 10)]
    layers = pd.DataFrame(
        {
            "name": [f"layer{i}/kernel" for i in range(3)],
            "path": [f"net/layer{i}/kernel" for i in range(3)],
            "kind": ["Conv2D", "Conv2D", "Dense"],
            "shape": shapes,
            "size": [math.prod(shape) for shape in shapes],
            "depth": range(3),
        }
    )
    settings = {"every": "epoch", "reference": "previous", "finished": True}
    recording = Recording(layers[:2], ["l1_ratio", "cosine"], settings)
    rng = np.random.default_rng(0)
    for i in range(12):
        if i == 5:
            recording.add_layers(layers[2:])
        values = rng.random((2, len(recording.layers)), np.float32)
        flags = np.zeros_like(values)
        if i == 0:
            values[0, 1], flags[0, 1] = np.nan, Flag.ZERO_DENOMINATOR
        logs = {"loss": 1 / (i + 1)} | ({"val_loss": math.nan} if i % 3 else {})
        recording.append(10 * (i + 1), i + 1, values, flags, logs)
    return recording


def sealed(folder: Path) -> Path:
    path = folder / "run.parquet"
    _recording().save(path)
    return path


def unsealed(folder: Path) -> Path:
    """As it was written before there were seals."""
    path = sealed(folder)
    table = pq.read_table(path)
    description = json.loads(table.schema.metadata[_KEY])
    del description["sealed"]
    _write(path, table, description)
    return path


def _write(path: Path, table: pa.Table, description: object) -> None:
    table = table.replace_schema_metadata({_KEY: json.dumps(description)})
    pq.write_table(table, path, write_page_checksum=True)


def load(path: Path) -> Recording:
    """A recording of which all has been used."""
    recording = load_recording(path)
    repr((recording, len(recording.to_frame()), recording.steps, recording.epochs))
    for measure in recording.measures:
        recording.values(measure), recording.flags(measure)
    return recording


def same(recording: Recording, original: Recording) -> str:
    """``"right"`` if all is as in the original."""
    equal = (
        recording.layers.equals(original.layers)
        and recording.measures == original.measures
        and recording.settings == original.settings
        and recording.versions == original.versions
        and recording.logs.equals(original.logs)
        and len(recording) == len(original)
        and all(
            a.step == b.step
            and a.epoch == b.epoch
            and a.values.tobytes() == b.values.tobytes()
            and a.flags.tobytes() == b.flags.tobytes()
            for a, b in zip(recording.records(), original.records(), strict=True)
        )
    )
    return "right" if equal else "wrong"


def possible(recording: Recording, original: Recording) -> str:
    """``"possible"`` for another recording that somebody could have made."""
    if same(recording, original) == "right":
        return "right"
    layers = recording.layers
    steps, epochs = recording.steps, recording.epochs
    sound = (
        list(layers.columns[:6]) == ["name", "path", "kind", "shape", "size", "depth"]
        and all(isinstance(t, str) for c in ("name", "path", "kind") for t in layers[c])
        and all(
            isinstance(n, int) and n >= 0 for shape in layers["shape"] for n in shape
        )
        and layers["size"].tolist() == [math.prod(shape) for shape in layers["shape"]]
        and not (layers["depth"] < 0).any()
        and len(set(recording.measures)) == len(recording.measures) > 0
        and recording.settings.get("reference", "initial") in ("previous", "initial")
        and (np.diff(steps) >= 0).all()
        and (np.diff(epochs) >= 0).all()
        and (steps >= 0).all()
        and all((recording.flags(m) <= max(Flag)).all() for m in recording.measures)
        and all(r.values.shape == r.flags.shape for r in recording.records())
    )
    return "possible" if sound else "wrong"


def change_description(path: Path, rng) -> str:
    table = pq.read_table(path)
    description = json.loads(table.schema.metadata[_KEY])
    description, said = change_json(description, rng)
    _write(path, table, description)
    return said


def change_text(path: Path, rng) -> str:
    """The description is no JSON, or no UTF-8."""
    table = pq.read_table(path)
    text = bytearray(table.schema.metadata[_KEY])
    change = rng.choice(["cut", "byte", "nested", "digits", "twice", "empty"])
    at = rng.randrange(len(text))
    if change == "cut":
        del text[at:]
    elif change == "byte":
        text[at] = rng.randrange(256)
    else:
        text = {
            "nested": b"[" * 100_000,
            "digits": b'{"format": ' + b"9" * 5000 + b"}",
            "twice": b'{"format": 1, ' + bytes(text[1:]),
            "empty": b"",
        }[change]
    pq.write_table(table.replace_schema_metadata({_KEY: bytes(text)}), path)
    return f"description: {change} at {at}"


def change_columns(path: Path, rng) -> str:
    """Columns that are gone, of other types, doubled, renamed, or with gaps."""
    table = pq.read_table(path)
    metadata = table.schema.metadata
    i = rng.randrange(table.num_columns)
    name, column = table.column_names[i], table.column(i)
    change = rng.choice([_drop, _rename, _double, _retype, _gap, _shuffle, _shorten])
    table = change(table, i, name, column.to_pylist(), rng)
    pq.write_table(table.replace_schema_metadata(metadata), path)
    return f"{change.__name__} {name}"


def _drop(table, i, name, values, rng):
    return table.remove_column(i)


def _rename(table, i, name, values, rng):
    new = rng.choice([name + "x", name[:-1], "value.unknown", "", "step"])
    return table.rename_columns(
        [new if j == i else n for j, n in enumerate(table.column_names)]
    )


def _double(table, i, name, values, rng):
    return table.append_column(rng.choice([name, "value.x", "other"]), table.column(i))


def _retype(table, i, name, values, rng):
    n = len(values)
    new = rng.choice(
        [
            pa.array(["text"] * n),
            pa.array([1.5] * n),
            pa.array([None] * n, pa.null()),
            pa.array([True] * n),
            pa.array([[["deep"]]] * n),
            pa.array([{"a": 1}] * n),
            pa.array([-1] * n),
            pa.array([2**62] * n),
            pa.array([[7, 300]] * n),
            pa.array([[1.0, None]] * n),
            pa.array(range(n)),
        ]
    )
    return table.set_column(i, name, new)


def _gap(table, i, name, values, rng):
    values[rng.randrange(len(values))] = None
    return table.set_column(i, name, pa.array(values, table.column(i).type))


def _shuffle(table, i, name, values, rng):
    rng.shuffle(values)
    return table.set_column(i, name, pa.array(values, table.column(i).type))


def _shorten(table, i, name, values, rng):
    """Lists that are too short or too long; a number that is negative or huge."""
    at = rng.randrange(len(values))
    if isinstance(values[at], list):
        values[at] = rng.choice([[], values[at][:-1], values[at] * 2])
    else:
        values[at] = rng.choice([-1, 0, 10**9])
    return table.set_column(i, name, pa.array(values, table.column(i).type))


BYTES = Door(sealed, load, same, anywhere())
# Where nothing seals the footer, a letter of a name may have changed.
BYTES_OF_BEFORE = Door(unsealed, load, possible, anywhere())
STRUCTURE = Door(
    unsealed,
    load,
    possible,
    [change_description, change_columns, change_description, change_text],
)
REWRITTEN = Door(sealed, load, same, [change_description, change_columns])
