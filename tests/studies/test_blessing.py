"""What is said of a model that was pushed, or was not."""

import pytest

from tfrwc.studies.blessing import read_pushed, write_pushed


@pytest.mark.parametrize("path", ["/runs/saved_models/private-x/1", None])
def test_where_a_model_was_pushed_to_is_read_back(path, tmp_path):
    write_pushed(path, tmp_path)
    assert read_pushed(tmp_path) == path


@pytest.mark.parametrize("text", ["", "{}", '{"path": 3}', "[1]"])
def test_a_damaged_file_is_named(text, tmp_path):
    (tmp_path / "pushed.json").write_text(text)
    with pytest.raises(ValueError, match=r"pushed\.json is not what was pushed"):
        read_pushed(tmp_path)
