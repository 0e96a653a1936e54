"""How many images a patient has."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfrwc.datasets.patients import (
    assuming,
    count_images,
    patient_in,
    read_patients,
    shown,
)
from tfrwc.privacy import PixelLaplace

PATIENTS = st.lists(st.sampled_from(["", None, "a", "b", "c"]), max_size=30)


@given(PATIENTS, st.none() | st.integers(1, 40))
@settings(deadline=None)
def test_images_are_counted_or_asked_for(patients, given_number):
    files = [(f"{i}.png", patient) for i, patient in enumerate(patients)]
    most = max(Counter(p for p in patients if p).values(), default=1)
    unknown = [file for file, patient in files if not patient]
    if given_number is None and unknown:
        with pytest.raises(ValueError, match="tell no patient") as raised:
            count_images(files)
        assert unknown[0] in str(raised.value)
        assert "images_per_patient" in str(raised.value)
        assert "--patients" in str(raised.value)
    elif given_number is not None and given_number < most:
        with pytest.raises(ValueError, match=f"has {most} images. Give {most} or more"):
            count_images(files, given_number)
    else:
        images = count_images(files, given_number)
        assert images.number == (given_number or most)
        assert bool(images.assumptions) == (given_number is not None)


def test_what_is_assumed_stands_in_the_statement():
    statement = PixelLaplace(51.0).statement((4, 4))
    assert assuming(statement, ()) is statement
    said = assuming(statement, ("That it rains.",))
    assert said.not_promised == ("That it rains.", *statement.not_promised)
    assert "Not promised: That it rains." in said.explain()


TABLES = {
    "as it stands": "file,patient\nb.png,9\ntrain/NORMAL/a.png, 007\n\n",
    "more columns, another order": "x,Patient,FILE\n,9,b.png\n,007,.\\NORMAL\\a.png\n",
    "of Excel": "\ufefffile;patient\r\nb.png;9\r\nNORMAL/a.png;007\r\n",
    "tabs": "file\tpatient\nb.png\t9\nchest_xray/train/NORMAL/a.png\t007\n",
    "quoted": 'file,patient\n"b.png","9"\n"a.png","007"\n',
    "twice the same": "file,patient\nb.png,9\nb.png,9\na.png,007\n",
    "the longest path counts": (
        "file,patient\nb.png,9\na.png,8\nNORMAL/a.png,007\nval/NORMAL/a.png,6\n"
    ),
}


@pytest.mark.parametrize("name", TABLES)
def test_tables(tmp_path, name):
    path = tmp_path / "patients.csv"
    path.write_bytes(TABLES[name].encode())
    table = read_patients(path)
    assert patient_in(table, "chest_xray/train/NORMAL/a.png") == "007"
    assert patient_in(table, "chest_xray/test/PNEUMONIA/b.png") == "9"
    assert patient_in(table, "chest_xray/test/PNEUMONIA/c.png") is None


NAMES = ["Jos\u00e9", "Jose\u0301", "Jos\u00e9\u200b", "\u00a0Jos\u00e9 "]


def test_a_patient_has_one_name_whoever_wrote_it(tmp_path):
    path = tmp_path / "patients.csv"
    rows = [f"{i}.png,{name}" for i, name in enumerate(NAMES)]
    path.write_text("\n".join(["file,patient", *rows, "4.png,Jose"]), encoding="utf-8")
    table = read_patients(path)
    assert count_images(table.items()).number == len(NAMES)
    path.write_text("file,patient\na.png,\u200b\n", encoding="utf-8")
    with pytest.raises(ValueError, match="line 2, must have a file and its"):
        read_patients(path)


BAD = {
    "empty": (b"", "Received: an empty file"),
    "no header": (b"a.png,1\n", "the columns file and patient"),
    "one column": (b"file\na.png\n", "the columns file and patient"),
    "a column twice": (b"file,patient,patient\na.png,1,2\n", "the columns file and"),
    "no patient": (b"file,patient\na.png,\n", "line 2, must have a file and its"),
    "short row": (b"file,patient\na.png,1\nb.png\n", "line 3, must have a file and"),
    "no file": (b"file,patient\n,1\n", "line 2, must have"),
    "two patients": (b"file,patient\na.png,1\na.png,2\n", "is of 2, but before of 1"),
    "not UTF-8": (b"file,patient\n\xff.png,1\n", "Store it as CSV in UTF-8"),
    "no end of quotes": (b'file,patient\n"a.png,1\n', "no table of patients"),
}


@pytest.mark.parametrize("name", BAD)
def test_other_tables_are_refused(tmp_path, name):
    path = tmp_path / "patients.csv"
    content, message = BAD[name]
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message):
        read_patients(path)


def test_a_table_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="no table of patients"):
        read_patients(tmp_path / "x.csv")


def test_long_lists_are_cut():
    assert shown(["a", "b"]) == "a, b"
    assert shown(list(map(str, range(25)))).endswith("18, 19 and 5 more")
    assert shown(["a"], 3) == "a and 2 more"
