"""JSON files that are damaged say so."""

import json
import os

import pytest

from tfrwc._common.json_files import check_object, parse_json, read_json, read_object


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "not JSON"),
        (b'{"a": 1', "not JSON .* line 1, column 8"),
        (b'{"a": "\xff"}', "not text in UTF-8 .*at byte 7"),
        (b"\xef\xbb\xbf{}", "not JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b"9" * 5000, "digits"),
        (b'{"a": 1, "b": 2, "a": 3}', "the name 'a' twice"),
    ],
)
def test_text_that_cannot_be_read(text, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        parse_json(text)
    path = tmp_path / "facts.json"
    path.write_bytes(text)
    with pytest.raises(ValueError, match=r"facts\.json is not a fact that can.*"):
        read_json(path, "a fact")


def test_what_is_whole_is_read(tmp_path):
    data = {"a": [1, 2.5, None, "é"], "b": {"c": True}}
    path = tmp_path / "facts.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    assert read_json(path, "a fact") == data
    assert read_object(path, "a fact", {"a": list}) == data


def test_what_is_not_there_or_another_thing(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no .*facts\.json, where a fact"):
        read_json(tmp_path / "facts.json", "a fact")
    (tmp_path / "folder").mkdir()
    with pytest.raises(ValueError, match=r"folder is not a fact .*it is a folder"):
        read_json(tmp_path / "folder", "a fact")
    with pytest.raises(ValueError, match="path must be a local path"):
        read_json("gs://bucket/facts.json", "a fact")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes have no names here")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ValueError, match=r"pipe is not a fact .*it is no file"):
        read_json(tmp_path / "pipe", "a fact")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([1], r"holds \[1\], no object"),
        ({}, "has no 'n'"),
        ({"n": "3"}, "'n' is '3', not of the type int"),
        ({"n": True}, "'n' is True, not of the type int"),
    ],
)
def test_objects_of_other_types(data, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        check_object(data, {"n": int})
    check_object({"n": 3, "more": None}, {"n": (int, str)})
    path = tmp_path / "facts.json"
    path.write_text(json.dumps(data))
    with pytest.raises(ValueError, match=rf"facts\.json is not a fact.*{message}"):
        read_object(path, "a fact", {"n": int})
