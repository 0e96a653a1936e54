"""Paths that stand for one file, or for one for each training."""

import re
from itertools import islice

import pytest

from tfrwc.recording.places import Places, aside


def test_a_path_is_itself(tmp_path):
    places = Places(tmp_path / "run.parquet")
    assert not places.vary
    assert places.path == places.example() == tmp_path / "run.parquet"
    assert Places(tmp_path / "a{{b}}").path == tmp_path / "a{b}"


def test_names_in_braces_vary(tmp_path):
    places = Places(tmp_path / "{trial:03}" / "{fold}.parquet")
    assert places.vary
    assert places.at(7) == tmp_path / "007" / "7.parquet"
    assert places.example() == tmp_path / "1.parquet"
    first, second = islice(places.candidates(), 2)
    assert (first, second) == (tmp_path / "001/1.parquet", tmp_path / "002/2.parquet")


def test_times_are_told_to_the_microsecond(tmp_path):
    name = Places(tmp_path / "{time}.parquet").at(1).name
    assert re.fullmatch(r"20\d\d-\d\d-\d\d_\d\d-\d\d-\d\d-\d{6}\.parquet", name)
    assert re.fullmatch(r"20\d\d", Places(tmp_path / "{time:%Y}").at(1).name)


@pytest.mark.parametrize(
    "name",
    [
        *("{", "}", "{trail}", "{}", "{0}", "{trial.x}", "{trial:z}", "{time[0]}"),
        *("{trial.__class__}", "{time.year}"),
    ],
)
def test_other_braces_are_named(tmp_path, name):
    with pytest.raises(ValueError, match=r"may have {trial}, {fold}, {time} in braces"):
        Places(tmp_path / name)


def test_names_aside_are_counted(tmp_path):
    path = tmp_path / "run.parquet"
    assert aside(path, "cut-off").name == "run.cut-off-1.parquet"
    aside(path, "cut-off").touch()
    assert aside(path, "cut-off").name == "run.cut-off-2.parquet"
    assert aside(path, "finished").name == "run.finished-1.parquet"
