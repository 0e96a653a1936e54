"""Paths that users give."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfrwc._common.paths import local_path


def test_what_is_local_is_made_absolute_at_once(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    paths = {
        "run.parquet": tmp_path / "run.parquet",
        "~/run.parquet": tmp_path / "home" / "run.parquet",
        "a b/ü:1/x": tmp_path / "a b/ü:1/x",
        "C:/x": Path("C:/x").absolute(),  # a drive is no scheme
        "/": Path("/"),
    }
    for text, expected in paths.items():
        for form in (text, Path(text), os.fsencode(text)):
            assert local_path(form) == expected
    assert local_path("./~run") == tmp_path / "~run"


SCHEMES = ["gs", "GS", "s3", "s3a", "hdfs", "memory", "file", "abfss", "dbfs", "hf"]


@given(
    scheme=st.sampled_from(SCHEMES)
    | st.from_regex(r"[a-zA-Z][a-z0-9+.-]{1,8}", fullmatch=True),
    rest=st.text("abc/.-_ ", max_size=12),
    as_path=st.booleans(),
)
def test_any_other_store_is_refused(scheme, rest, as_path):
    address = f"{scheme}://{rest}"
    if as_path:  # pathlib makes one slash of two
        address = Path(address + "bucket")
    with pytest.raises(ValueError, match=r"must be a local path.*copy what is written"):
        local_path(address)


@pytest.mark.parametrize("address", ["simplecache::s3://b/x", "zip://a::s3://b"])
def test_so_are_chained_addresses(address):
    with pytest.raises(ValueError, match=r"out must be a local path"):
        local_path(address, "out")


@pytest.mark.parametrize("value", [None, 3, "", b"", "a\0b", ["a"], object()])
def test_what_is_no_path_is_named(value):
    with pytest.raises(ValueError, match=r"log_dir must be .*path.* Received"):
        local_path(value, "log_dir")


def test_an_unknown_user_is_named():
    with pytest.raises(ValueError, match=r"a user that is not known.*absolute path"):
        local_path("~nobody-has-this-name/run.parquet")


def test_a_working_folder_that_is_gone_is_named(tmp_path, monkeypatch):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(ValueError, match="no working folder"):
        local_path("run.parquet")


@pytest.mark.parametrize(
    ("text", "why"), [("\ud800.parquet", "characters"), (300 * "a", "longer")]
)
def test_a_name_that_no_file_can_have_is_named(text, why):
    with pytest.raises(ValueError, match=f"paths .*{why}.*Received: '"):
        local_path(text, "paths")


def test_a_link_that_leads_back_to_itself_is_named(tmp_path):
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    for path in (tmp_path / "a", tmp_path / "a" / "run.parquet"):
        with pytest.raises(ValueError, match=r"out is a link that leads back to"):
            local_path(path, "out")
    (tmp_path / "c").symlink_to(tmp_path / "nothing")
    assert local_path(tmp_path / "c") == tmp_path / "c"
