"""Folders and archives of X-rays, without a builder."""

import os
from collections import Counter

import numpy as np
import pytest
from datasets.named_xrays import files
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tfrwc.datasets import xray_files
from tfrwc.datasets.xray_files import Archive, BadFileError, find

NAMES = {"NORMAL": "IM-0001-0001.png", "PNEUMONIA": "person1_virus_6.png"}


@pytest.fixture
def folder(tmp_path):
    for split in xray_files.SPLITS:
        for label, name in NAMES.items():
            path = tmp_path / "chest_xray" / split / label / name
            path.parent.mkdir(parents=True)
            Image.fromarray(np.full((6, 9), 200, np.uint8)).save(path)
    return tmp_path


def test_what_programs_leave_is_no_x_ray(folder):
    source = find(folder, 8)
    expected = [f"train/{label}/{name}" for label, name in NAMES.items()]
    assert source.keys("train") == expected
    home = folder / "chest_xray" / "train" / "NORMAL"
    (home / ".ipynb_checkpoints").mkdir()
    (home / ".ipynb_checkpoints" / "IM-0001-0001-checkpoint.png").touch()
    for name in ("._IM-0001-0001.png", "Thumbs.db"):
        (home / name).touch()
    assert source.keys("train") == expected


def test_both_classes_must_be_in_each_part(folder):
    part = folder / "chest_xray" / "val"
    (part / "PNEUMONIA").rename(part / "Pneumonia")
    with pytest.raises(FileNotFoundError, match="Missing: val"):
        find(folder, 8)


def test_turned_images_are_turned_and_pipes_are_no_images(folder):
    home = folder / "chest_xray" / "test" / "NORMAL"
    exif = Image.Exif()
    exif[0x0112] = 6
    half = np.array([[0] * 8, [255] * 8], np.uint8).repeat(4, 0)
    Image.fromarray(half).save(home / "IM-0002-0001.png", exif=exif)
    source = find(folder, 8)
    image = source.read("test/NORMAL/IM-0002-0001.png")["image"]
    assert (image[:, 0] == 255).all()
    assert (image[:, -1] == 0).all()
    os.mkfifo(home / "IM-0003-0001.png")
    for name in ("IM-0003-0001.png", "missing.png"):
        with pytest.raises(BadFileError, match="is no file, or a link to none"):
            source.read(f"test/NORMAL/{name}")


def archive(path, **changed):
    arrays = {}
    for split in xray_files.SPLITS:
        arrays |= {
            f"names_{split}": np.array(["IM-1-1.jpeg", "person1_virus_6.jpeg"], "S"),
            f"patient_{split}": np.array(["IM-1", "person1"], "S"),
            f"subtype_{split}": np.array([0, 2]),
            f"y_{split}": np.array([0, 1]),
            f"x_{split}": np.full((2, 8, 8), 7, np.uint8),
        }
    arrays |= changed
    np.savez(path, **{name: a for name, a in arrays.items() if a is not None})
    return Archive(str(path), 8)


BAD = {
    "no part": ({"names_val": None}, "no array names_val"),
    "no images": ({"x_test": None}, "no array x_test"),
    "labels swapped": ({"y_train": np.array([1, 0])}, "lies in PNEUMONIA, but its"),
    "subtypes swapped": ({"subtype_val": np.array([1, 2])}, "is NORMAL, but bacteria"),
    "labels beyond": ({"y_train": np.array([0, 2])}, r"in 0\.\.1"),
    "fewer patients": ({"patient_val": np.array(["a"])}, "1 of 2 patients"),
    "more images": ({"x_val": np.zeros((3, 8, 8), np.uint8)}, "must be 2 grey images"),
    "real images": ({"x_val": np.zeros((2, 8, 8))}, "must be 2 grey images"),
    "names of numbers": ({"names_val": np.arange(2)}, "must be text"),
    "names of bytes": ({"names_val": np.array([b"\xff", b"a"])}, "can't decode"),
    "no offsets": ({"jpeg_val": np.zeros(9, np.uint8)}, "no array offset_val"),
    "offsets beyond": (
        {"jpeg_val": np.zeros(9, np.uint8), "offset_val": np.array([0, 5, 10])},
        r"ascending numbers in 0\.\.9",
    ),
    "offsets back": (
        {"jpeg_val": np.zeros(9, np.uint8), "offset_val": np.array([0, 9, 5])},
        "ascending numbers",
    ),
}


@pytest.mark.parametrize("what", BAD)
def test_archives_that_do_not_fit_together_are_refused(tmp_path, what):
    assert len(archive(tmp_path / "good.npz").keys("val")) == 2
    changed, reason = BAD[what]
    bad = archive(tmp_path / "bad.npz", **changed)
    with pytest.raises(BadFileError, match=reason) as raised:
        bad.keys("train")
    assert str(tmp_path / "bad.npz") in str(raised.value)


def test_archives_tell_patients_unless_they_only_repeat_names(tmp_path):
    source = archive(tmp_path / "a.npz")
    assert set(dict(source.patients()).values()) == {"IM-1", "person1"}
    assert xray_files.most_images_of_a_patient(source) == 3
    names = np.array(["aug_0_1.png", "person1_virus_6.jpeg"], "S")
    again = np.array(["aug_0_1", "person1_virus_6"], "S")
    source = archive(tmp_path / "b.npz", names_val=names, patient_val=again)
    assert source.read("val/00000/aug_0_1.png")["patient"] == ""
    assert source.read("val/00001/person1_virus_6.jpeg")["patient"] == "person1"
    with pytest.raises(ValueError, match=r"6 files 1 have .* val/00000/aug_0_1\.png"):
        xray_files.most_images_of_a_patient(source)
    assert xray_files.most_images_of_a_patient(source, 5) == 5
    table = tmp_path / "patients.csv"
    table.write_text(
        "file,patient\naug_0_1.png,a\nIM-1-1.jpeg,a\n"
        "train/person1_virus_6.jpeg,a\nperson1_virus_6.jpeg,b\n"
    )
    source = xray_files.with_patients(source, table)
    assert xray_files.most_images_of_a_patient(source) == 4
    assert source.read("train/00001/person1_virus_6.jpeg")["patient"] == "a"
    assert source.read("test/00001/person1_virus_6.jpeg")["patient"] == "b"
    other = source.fingerprint()
    table.write_text(table.read_text().replace("6.jpeg,b", "6.jpeg,c"))
    assert xray_files.with_patients(source, table).fingerprint() != other


@given(st.lists(files(nameless=True), min_size=1, max_size=25))
@settings(max_examples=60, deadline=None)
def test_images_of_a_patient_are_never_too_few(tmp_path_factory, made):
    """Of random folders whose patients are known: the number is right, or asked for."""
    root = tmp_path_factory.mktemp("set") / "chest_xray"
    for split in xray_files.SPLITS:
        for label in xray_files.LABELS:
            (root / split / label).mkdir(parents=True)
    people = {}
    for i, (label, path, person) in enumerate(made):
        file = root / xray_files.SPLITS[i % 3] / label / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
        people[file.relative_to(root).as_posix()] = person
    source = find(root.parent, 8)
    unknown = sorted(file for file, person in people.items() if person is None)
    images = Counter(person for person in people.values() if person)
    if unknown:
        with pytest.raises(ValueError, match="tell no patient") as raised:
            xray_files.most_images_of_a_patient(source)
        assert all(file in str(raised.value) for file in unknown)
        most = max([*images.values(), 1])
        assert xray_files.most_images_of_a_patient(source, most) == most
    else:
        assert xray_files.most_images_of_a_patient(source) == max(images.values())
