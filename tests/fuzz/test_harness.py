"""The harness finds each kind of fault, in a door that has them all."""

import json
import os
import random
import time

import pytest

from fuzz import Door, bytewise, change_json, run
from fuzz.mutations import BYTES
from tfrwc._common.checks import whole_number

WORDS = ["fine", "wrong", "raw", "crash", "hang", "refused", "unnoticed", "unnamed"]


def make(folder):
    path = folder / "word.txt"
    path.write_text("fine")
    return path


def load(path):
    word = path.read_text()
    if word == "crash":
        os.abort()
    if word == "hang":
        time.sleep(60)
    if word == "raw":
        json.loads(word)
    if word == "refused":
        whole_number(path.name, "word")
    if word == "unnamed":
        whole_number(word, "word")
    return word


def judge(word, original):
    if word in ("fine", "unnoticed"):
        return {"fine": "right"}.get(word, word)
    return "wrong"


def write(word):
    def mutate(path, rng):
        path.write_text(word)
        return word

    return mutate


FAULTY = Door(make, load, judge, [write(word) for word in WORDS], seconds=2)


def test_every_outcome_is_counted_and_ends_nothing():
    counts = run("fuzz.test_harness:FAULTY", cases=2 * len(WORDS))
    assert counts.outcomes == {
        "right": 2,
        "refused": 2,
        "unnoticed": 2,
        "wrong": 2,
        "raw error": 2,
        "file not named": 2,
        "crash": 2,
        "hang": 2,
    }
    assert len(counts.faults) == 10
    assert "JSONDecodeError" in counts.faults[1]
    again = run("fuzz.test_harness:FAULTY", cases=1, first=WORDS.index("crash"))
    assert again.outcomes == {"crash": 1}


@pytest.mark.parametrize("change", BYTES)
def test_changes_of_bytes_are_decided_by_the_seed(change, tmp_path):
    path, texts = tmp_path / "file", []
    whole = random.Random(0).randbytes(3000)
    for seed in (*range(20), *range(20)):
        path.write_bytes(whole)
        bytewise(change)(path, random.Random(seed))
        texts.append(path.read_bytes())
    assert texts[:20] == texts[20:]
    # Swapping a part with itself, and setting a byte to what it is, change nothing.
    assert sum(text != whole for text in texts) > 20
    path.write_bytes(b"")
    bytewise(change)(path, random.Random(0))
    assert path.read_bytes() == b""


def test_changes_of_data_reach_all_of_them():
    data = {"a": [1, {"b": "c"}], "d": {"e": [[2.0]]}}
    said = {change_json(data, random.Random(i))[1] for i in range(2000)}
    places = {what.split(" ", 1)[1] for what in said}
    paths = {"a", "a/0", "a/1", "a/1/b", "d", "d/e", "d/e/0", "d/e/0/0"}
    assert places == {*paths, "root"}
    assert data == {"a": [1, {"b": "c"}], "d": {"e": [[2.0]]}}
