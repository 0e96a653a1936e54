"""What every part of the package uses."""

import json
import math
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfrwc._common import checks, files
from tfrwc._common.plain import number, plain
from tfrwc._common.registry import Registry


@pytest.mark.parametrize("value", [1, 5.0, np.int64(3), np.float32(2)])
def test_whole_numbers_are_returned_as_int(value):
    result = checks.whole_number(value, "batches")
    assert type(result) is int
    assert result == value


@pytest.mark.parametrize(
    "value", [0, -1, 1.5, True, "3", None, math.inf, math.nan, [1], 1j]
)
def test_other_values_are_no_whole_numbers(value):
    with pytest.raises(ValueError, match=r"batches must be a whole number of 1 or mor"):
        checks.whole_number(value, "batches")


@pytest.mark.parametrize("value", [-1, 1.0, True, "3", None])
def test_what_is_no_seed(value):
    with pytest.raises(ValueError, match="random_state must be a whole number of 0"):
        checks.random_seed(value, "random_state")
    assert checks.random_seed(np.int32(0)) == 0


@given(st.one_of(st.none(), st.floats(allow_nan=True)))
def test_numbers_come_back_from_json(value):
    back = number(json.loads(json.dumps(plain(value), allow_nan=False)))
    expected = math.nan if value is None else value
    np.testing.assert_equal(back, expected)


def test_a_word_is_no_number():
    with pytest.raises(ValueError, match="Received: 'many'"):
        number("many")


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "file"
    files.write_text(path, "old")
    with pytest.raises(TypeError), files.replacing(path) as file:
        file.write("text, where bytes are meant")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_writers_at_once_leave_the_file_of_one_of_them(tmp_path):
    path = tmp_path / "file"
    texts = [letter * 200_000 for letter in "abcd"]

    def write(text):
        for _ in range(20):
            files.write_text(path, text)

    threads = [threading.Thread(target=write, args=[text]) for text in texts]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        assert not path.exists() or path.read_text() in texts
    assert list(tmp_path.iterdir()) == [path]


def test_what_killed_writers_left_is_removed_and_nothing_else(tmp_path):
    path = tmp_path / "run.parquet"
    left = [files.partial_path(path) for _ in range(3)]
    others = [
        path,
        files.partial_path(tmp_path / "run.parquet2"),
        tmp_path / "x.partial",
    ]
    for one in (*left, *others):
        one.touch()
    files.remove_partials(path)
    assert sorted(tmp_path.iterdir()) == sorted(others)


def test_a_name_is_registered_once():
    shapes = Registry("shape")
    shapes.register("round", 1.5)
    with pytest.raises(ValueError, match="already a shape 'round'"):
        shapes.register("round", 2.5)
    with pytest.raises(ValueError, match="must be a string"):
        shapes.register("", 2.5)
    assert dict(shapes) == {"round": 1.5}
    with shapes.preserved():
        shapes.register("flat", 0.5)
        shapes.unregister("round")
    assert dict(shapes) == {"round": 1.5}
    shapes.unregister("round")
    assert "round" not in shapes


def test_a_folder_that_is_not_there_is_named(tmp_path):
    path = tmp_path / "no" / "such" / "page.html"
    with pytest.raises(FileNotFoundError) as error:
        files.write_text(path, "text")
    assert str(error.value).startswith(f"There is no folder {path.parent} to write")
    assert "partial" not in str(error.value)
