"""Doors of pipelines: their ledger, their examples, and what their steps hand on."""

import contextlib
import hashlib
import io
import json
import random
import sqlite3
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from components.conformance.components import pipeline

from fuzz.door import Door
from fuzz.mutations import anywhere
from fuzz.trees import STRANGE, json_file
from tfrwc.components.engine import local
from tfrwc.components.engine.ledger import lineage

_COLUMNS = (
    *("id", "step", "state", "key", "began", "outputs", "error", "seconds"),
    "checksum",
)
_VALUES = [*(v for v in STRANGE if isinstance(v, (str, int, float, type(None))))]


def ran(folder: Path) -> Path:
    """A folder in which a pipeline ran."""
    with contextlib.redirect_stdout(io.StringIO()):
        local.run(pipeline(), folder)
    return folder / "metadata.sqlite"


def load_lineage(path: Path) -> Any:
    return lineage(path.parent).to_json()


def run_again(path: Path) -> Any:
    """What is made of the ledger and the outputs that it knows of."""
    with contextlib.redirect_stdout(io.StringIO()):
        made = local.run(pipeline(), path.parent)
    return {
        f"{step}/{name}": [
            (file.name, file.read_text())
            for file in sorted(Path(artifact.uri).rglob("*"))
        ]
        for step, outputs in made.items()
        for name, artifact in outputs.items()
        if step not in ("Push",)  # whose output has a time
    }


def equal(value: Any, original: Any) -> str:
    return "right" if value == original else "wrong"


def _by_sql(path: Path, rng: random.Random) -> str:
    """Somebody who writes into the database."""
    column, value = rng.choice(_COLUMNS), rng.choice(_VALUES)
    with contextlib.closing(sqlite3.connect(path)) as database:
        rows = database.execute("SELECT id FROM executions").fetchall()
        [row] = rng.choice(rows)
        queries = [
            (f"UPDATE executions SET {column} = ? WHERE id = ?", [value, row]),
            ("DELETE FROM executions WHERE id = ?", [row]),
            ("UPDATE sqlite_sequence SET seq = ?", [value]),
            ("DROP TABLE executions", []),
            (f"PRAGMA user_version = {rng.randrange(4)}", []),
        ]
        query, arguments = rng.choice(queries[:2] * 4 + queries)
        with contextlib.suppress(sqlite3.Error, OverflowError, UnicodeError):
            database.execute(query, arguments)
            database.commit()
    return f"{query} {arguments}"[:200]


def seal(row: list[Any]) -> list[Any]:
    """A row of a ledger with the checksum that belongs to it."""
    return [*row[:-1], hashlib.sha256(json.dumps(row[:-1]).encode()).hexdigest()]


def _sealed(path: Path, rng: random.Random) -> str:
    """Somebody who writes into the database, with the checksums that belong to it."""
    value = rng.choice([*STRANGE, "../../outside", "/etc", "Train-0/model/2", ".."])
    with contextlib.closing(sqlite3.connect(path)) as database:
        rows = database.execute("SELECT * FROM executions").fetchall()
        row = list(rng.choice(rows))
        at = rng.randrange(1, len(row) - 1)
        column = _COLUMNS[at]
        if column in ("key", "outputs"):
            data = json.loads(row[at])
            inner = rng.choice([data, *(v for v in data.values() if type(v) is dict)])
            if inner and rng.random() < 0.8:
                inner[rng.choice(sorted(inner))] = value
            else:
                inner[str(value)] = value
            value = json.dumps(data)
        row[at] = value
        with contextlib.suppress(sqlite3.Error, OverflowError, UnicodeError, TypeError):
            marks = ", ".join("?" * len(row))
            database.execute(f"REPLACE INTO executions VALUES ({marks})", seal(row))
            database.commit()
    return f"{column} = {value!r}"[:200]


def judge_inside(made: Any, original: Any) -> str:
    """What is told may be another, but of this folder."""
    uris = [PurePosixPath(uri) for uri in json.loads(made)["uri"].values()]
    inside = all(len(uri.parts) == 3 and ".." not in uri.parts for uri in uris)
    return ("right" if made == original else "another") if inside else "wrong"


LINEAGE = Door(ran, load_lineage, equal, [*anywhere(), _by_sql, _by_sql])
RUN_AGAIN = Door(ran, run_again, equal, [*anywhere(), _by_sql, _by_sql])
SEALED = Door(ran, load_lineage, judge_inside, [_sealed])


def examples(folder: Path) -> Path:
    """Examples of a task, as steps hand them on."""
    from tfrwc.studies.example_sets import write_task
    from tfrwc.studies.privacy.data import Split, Task

    rng = np.random.default_rng(0)

    def split(n: int) -> Split:
        x = rng.integers(0, 256, (n, 8, 8, 1), np.uint8)
        return Split(x, np.arange(n) % 2, np.array([f"p{i // 2}" for i in range(n)]))

    task = Task("noise", ("no", "yes"), split(12), split(6), split(6), 2)
    uri = folder / "examples"
    uri.mkdir()
    write_task(task, uri)
    return uri


def load_examples(path: Path) -> list[Any]:
    from tfrwc.studies.example_sets import read_task

    task = read_task(path)
    splits = [task.train, task.held_out, task.test]
    return [
        (task.origin, tuple(task.classes), task.images_per_patient),
        *((s.x.tobytes(), s.y.tolist(), s.patients.tolist()) for s in splits),
    ]


def _bytes_of_examples() -> list[Any]:
    """Changes of bytes of records; what is known beside is text, and may say else."""

    def in_records(mutation: Any) -> Any:
        def mutate(path: Path, rng: random.Random) -> str:
            return str(mutation(rng.choice(sorted(path.glob("Split-*"))), rng))

        return mutate

    return [in_records(mutation) for mutation in anywhere()]


EXAMPLES = Door(examples, load_examples, equal, _bytes_of_examples())


def _in_about(path: Path, rng: random.Random) -> str:
    return json_file()(path / "about.json", rng)


def judge_about(read: list[Any], original: list[Any]) -> str:
    (origin, classes, most), *splits = read
    fits = (
        isinstance(origin, str)
        and all(isinstance(one, str) for one in classes)
        and len(classes) > 1
        and isinstance(most, int)
        and most > 0
    )
    return "another set" if fits and splits == original[1:] else "wrong"


def judge_about_or_right(read: list[Any], original: list[Any]) -> str:
    return "right" if read == original else judge_about(read, original)


ABOUT = Door(examples, load_examples, judge_about_or_right, [_in_about])
