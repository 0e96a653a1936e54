"""Folders of X-rays as strangers have them: read as a whole, or refused by name."""

import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tfrwc.datasets import xray_files
from tfrwc.datasets.xray_files import LABELS, SPLITS, BadFileError, find

NAMES = {"NORMAL": "IM-{}-0001.png", "PNEUMONIA": "person{}_virus_6.png"}


def picture(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((6, 9), 200, np.uint8)).save(path)
    return path


def tree(root):
    """A whole set; the path of each of its files."""
    number = iter(range(1, 100))
    return [
        picture(root / split / label / NAMES[label].format(next(number)))
        for split in SPLITS
        for label in LABELS
    ]


@pytest.fixture
def root(tmp_path):
    tree(tmp_path / "chest_xray")
    return tmp_path / "chest_xray"


def refusal(folder):
    """What is said of a folder; None if it is read."""
    try:
        find(folder, 8)
    except (ValueError, OSError) as error:
        return str(error)
    return None


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("label", LABELS)
def test_missing_and_misspelt_classes_are_named(root, split, label):
    home = root / split / label
    for wrong in (label.title(), f"{label}S", f"{label} "):
        moved = home.rename(root / split / wrong)
        said = refusal(root.parent)
        assert f"Missing: {split}/{label}" in said
        assert f"Others: {split}/{wrong}" in said
        moved.rename(home)
    home.rename(root.parent / "away")
    assert f"Missing: {split}/{label}. Others: none" in refusal(root.parent)


@pytest.mark.parametrize("split", SPLITS)
def test_missing_parts_are_named(root, split):
    (root / split).rename(root / f"{split}ing")
    said = refusal(root.parent)
    assert f"Missing: {split}. Others: {split}ing" in said
    assert "version 3" in said


def test_a_set_without_val_can_be_read_as_the_message_says(root):
    for label in LABELS:
        for path in (root / "val" / label).iterdir():
            path.unlink()
    source = find(root.parent, 8)
    assert source.keys("val") == []
    assert len(source.keys("train")) == 2


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("extra", ["UNKNOWN", "normal", "covid", "x"])
def test_more_classes_are_named(root, split, extra):
    (root / split / extra).mkdir()
    assert f"Missing: none. Others: {split}/{extra}" in refusal(root.parent)


def test_more_parts_are_refused_if_they_hold_images(root):
    (root / "masks").mkdir()
    (root / "masks" / "notes.txt").touch()
    assert refusal(root.parent) is None
    picture(root / "masks" / "a" / "1.png")
    assert "Others: masks" in refusal(root.parent)


@pytest.mark.parametrize("place", ["", "train", "test"])
@pytest.mark.parametrize("name", ["a.png", "a.JPG", "a.dcm"])
def test_images_in_no_class_are_named(root, place, name):
    (root / place / name).touch()
    assert f"1 lie in no class: {(root / place / name).relative_to(root)}" in refusal(
        root.parent
    )


@pytest.mark.parametrize("within", ["PNEUMONIA", "normal", "train", "a/b/Test"])
def test_classes_in_classes_are_named(root, within):
    picture(root / "train" / "NORMAL" / within / "IM-0099-0001.png")
    assert f"within classes: train/NORMAL/{within}" in refusal(root.parent)


def test_folders_in_classes_are_read(root):
    picture(root / "test" / "NORMAL" / "patient00001" / "study1" / "view1_frontal.png")
    source = find(root.parent, 8)
    key = "test/NORMAL/patient00001/study1/view1_frontal.png"
    assert key in source.keys("test")
    assert source.read(key)["patient"] == "patient00001"
    assert dict(source.patients())[key] == "patient00001"


def test_hidden_folders_are_not_read(root):
    for place in ("", "train", "train/NORMAL"):
        for name in (".thumbnails", "__MACOSX", ".NORMAL", "@eaDir"):
            picture(root / place / name / "NORMAL" / "IM-0099-0001.png")
    source = find(root.parent, 8)
    assert sum(len(source.keys(split)) for split in SPLITS) == 6


def test_an_archive_in_itself_is_found(tmp_path):
    """As Kaggle's is unpacked: with the whole set in itself again, or only there."""
    tree(tmp_path / "chest_xray" / "chest_xray")
    (tmp_path / "chest_xray" / "__MACOSX").mkdir()
    assert find(tmp_path, 8).root == str(tmp_path / "chest_xray" / "chest_xray")
    tree(tmp_path / "chest_xray")
    assert find(tmp_path, 8).root == str(tmp_path / "chest_xray")
    (tmp_path / "chest_xray" / "val").rename(tmp_path / "val")
    said = refusal(tmp_path)
    assert "Missing: val" in said
    assert f"give {tmp_path / 'chest_xray'} as the folder" in said
    assert find(tmp_path / "chest_xray", 8).root.endswith("chest_xray/chest_xray")


def test_the_folder_itself_can_be_given(root):
    assert find(root, 8).root == str(root)


def test_other_places_are_named(tmp_path):
    tree(tmp_path / "archive" / "data" / "chest_xray")
    assert f"may be some in {tmp_path / 'archive' / 'data'}" in refusal(tmp_path)
    assert "may be some" not in refusal(tmp_path / "nowhere")


def test_links_are_followed_counted_and_never_read_twice(root, tmp_path):
    away = picture(tmp_path / "away" / "1.png")
    (root / "train" / "NORMAL" / "IM-0099-0001.png").symlink_to(away)
    picture(tmp_path / "folder" / "IM-0098-0001.png")
    (root / "val" / "NORMAL" / "more").symlink_to(tmp_path / "folder")
    source = find(root.parent, 8)
    assert xray_files.links_of(source) == [
        *("train/NORMAL/IM-0099-0001.png", "val/NORMAL/more/IM-0098-0001.png")
    ]
    (root / "test" / "PNEUMONIA" / "person99_virus_1.png").symlink_to(away)
    said = refusal(root.parent)
    assert "1 of the files there twice" in said
    assert "train/NORMAL/IM-0099-0001.png" in said
    assert "test/PNEUMONIA/person99_virus_1.png" in said


def test_hard_links_are_never_read_twice(root):
    [one] = (root / "train" / "NORMAL").iterdir()
    os.link(one, root / "test" / "NORMAL" / "IM-0098-0001.png")
    assert "1 of the files there twice" in refusal(root.parent)


DICOM = b"\0" * 128 + b"DICM" + b"\0" * 100


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("IM-0099-0001.dcm", DICOM, "convert it to PNG first, for example by pydicom"),
        ("IM-0099-0001.DICOM", b"", "a DICOM file"),
        ("IM-0099-0001.png", DICOM, "a DICOM file"),
        ("IM-0099-0001.nii.gz", b"x", "files of the kind '.gz' are not read"),
        ("IM-0099-0001", b"x", "files of the kind 'IM-0099-0001' are not read"),
        ("IM-0099-0001.heic", b"x", "convert it to PNG if it is one"),
        ("IM-0099-0001.png", b"", "is empty"),
    ],
)
def test_files_of_other_kinds_are_told_apart(root, name, content, said):
    (root / "train" / "NORMAL" / name).write_bytes(content)
    source = find(root.parent, 8)
    assert f"train/NORMAL/{name}" in source.keys("train")
    with pytest.raises(BadFileError, match=said):
        source.read(f"train/NORMAL/{name}")


FAULTS = {
    "hidden": lambda root, s, c: picture(root / s / c / ".x" / "IM-0090-0001.png"),
    "macosx": lambda root, s, c: picture(root / "__MACOSX" / s / c / "1.png"),
    "text": lambda root, s, c: (root / s / "labels.csv").touch(),
    "misspelt": lambda root, s, c: (root / s / c).rename(root / s / c.lower()),
    "missing": lambda root, s, c: (root / s / c).rename(root.parent / f"{s}{c}"),
    "extra": lambda root, s, c: (root / s / f"{c}_2").mkdir(),
    "loose": lambda root, s, c: picture(root / s / f"{c}.png"),
    "nested": lambda root, s, c: picture(root / s / c / s / "IM-0091-0001.png"),
}
HARMLESS = {"hidden", "macosx", "text"}


@given(
    st.lists(
        st.tuples(
            st.sampled_from(sorted(FAULTS)),
            st.sampled_from(SPLITS),
            st.sampled_from(LABELS),
        ),
        max_size=4,
        unique_by=lambda fault: fault[1:],
    )
)
@settings(max_examples=60, deadline=None)
def test_whatever_is_wrong_is_said(tmp_path_factory, faults):
    root = tmp_path_factory.mktemp("set") / "chest_xray"
    tree(root)
    for name, split, label in faults:
        FAULTS[name](root, split, label)
    said = refusal(root.parent)
    serious = [fault for fault in faults if fault[0] not in HARMLESS]
    assert (said is None) == (not serious)
    if said is None:
        source = find(root.parent, 8)
        assert sum(len(source.keys(split)) for split in SPLITS) == 6
        return
    # What is of the first kind is said as a whole; the rest once that is put right.
    names = [f for f in serious if f[0] in ("misspelt", "missing", "extra")]
    loose = [f for f in serious if f[0] == "loose"]
    for name, split, label in names or loose or serious:
        expected = {"extra": f"{split}/{label}_2", "loose": f"{split}/{label}.png"}
        assert expected.get(name, f"{split}/{label}") in said
