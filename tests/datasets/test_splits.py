"""Folders of all kinds: which are parts of a set, which are classes, which are none."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tfrwc import datasets
from tfrwc.datasets.splits import part_of


def tree(root, *folders, count=5):
    """Folders with images, each of its own grey."""
    for k, folder in enumerate(folders):
        (root / folder).mkdir(parents=True, exist_ok=True)
        for i in range(count):
            pixels = np.full((4, 4), 10 * k + i, np.uint8)
            Image.fromarray(pixels).save(root / folder / f"{i}.png")
    return root


def greys(images):
    return sorted(images[:, 0, 0, 0].tolist())


def parts(train, test):
    return [f"{part}/{name}" for part in (train, test) for name in ("cat", "dog")]


@pytest.mark.parametrize(
    ("train", "test"),
    [
        ("Training", "Testing"),
        ("train", "val"),
        ("TRAIN", "Validation"),
        ("training_set", "test_set"),
        ("seg_train", "seg_test"),
        ("Train Images", "Test Images"),
        ("train2017", "val2017"),
        ("trainData", "testData"),
        ("train", "valid"),
        ("traindata", "testdata"),
    ],
)
def test_parts_of_a_set_are_no_classes(tmp_path, train, test):
    images = datasets.load(tree(tmp_path, *parts(train, test)))
    assert images.class_names == ("cat", "dog")
    assert greys(images.x_train) == [0, 1, 2, 3, 4, 10, 11, 12, 13, 14]
    assert greys(images.x_test) == [20, 21, 22, 23, 24, 30, 31, 32, 33, 34]
    assert images.origin == f"folder {tmp_path.name}"


def test_of_three_parts_that_to_validate_on_is_left_out_in_words(tmp_path):
    tree(tmp_path, *parts("train", "test"), "val/cat", "val/dog")
    images = datasets.load(tmp_path)
    assert len(images.x_test) == 10
    assert images.origin == f"folder {tmp_path.name}, without val"


def test_a_part_to_train_on_alone_is_held_out_from(tmp_path):
    images = datasets.load(tree(tmp_path, "Training/cat", "Training/dog"))
    assert images.class_names == ("cat", "dog")
    assert len(images.x_test) == 2


REFUSED = {
    "parts without classes": (("train", "val"), "hold no folders of classes"),
    "all in any case": (("TRAIN", "Testing", "more"), "hold no folders of classes"),
    "none to train on": (parts("test", "val"), "one folder to train on"),
    "two to train on": (
        (*parts("train", "test"), *parts("Training", "x/y")[:2]),
        "one folder to train on, and one to test on at most",
    ),
    "classes beside": ((*parts("train", "test"), "eel"), "beside eel, which may be"),
    "classes first": (
        ("cat/train", "cat/test", "dog/train", "dog/test"),
        r"cat holds test, train",
    ),
    "a test without classes": (("train/cat", "train/dog", "test"), "two or more"),
    "other classes": (("train/cat", "train/dog", "test/cat", "test/eel"), "same class"),
    "classes of two sets": (
        ("trainA", "trainB", "testA", "testB"),
        "hold no folders of classes",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_told_is_refused(tmp_path, what):
    folders, reason = REFUSED[what]
    with pytest.raises(ValueError, match=reason) as raised:
        datasets.load(tree(tmp_path, *folders))
    assert str(tmp_path) in str(raised.value)


def test_a_class_may_have_the_name_of_a_part(tmp_path):
    assert part_of("train") == "train"
    images = datasets.load(tree(tmp_path, "bus", "car", "train"))
    assert images.class_names == ("bus", "car", "train")
    assert part_of("constraint") is part_of("Testudo") is part_of("contest") is None
    assert part_of("train_val") is None


def test_what_programs_leave_is_passed_over(tmp_path):
    tree(tmp_path, "cat", "dog")
    plain = datasets.load(tmp_path)
    tree(tmp_path, ".ipynb_checkpoints", "cat/.ipynb_checkpoints", "__MACOSX/cat")
    tree(tmp_path, "dog/@eaDir", "$RECYCLE.BIN")
    for name in ("._0.png", "Thumbs.db", ".DS_Store", "desktop.ini", "notes.txt"):
        (tmp_path / "cat" / name).write_bytes(b"no image")
    again = datasets.load(tmp_path)
    assert again.class_names == plain.class_names == ("cat", "dog")
    np.testing.assert_array_equal(again.x_train, plain.x_train)
    np.testing.assert_array_equal(again.x_test, plain.x_test)


@pytest.mark.parametrize("name", ["scan.dcm", "photo.heic", "a.png.bak", "00001"])
def test_a_file_that_may_be_an_image_is_not_left_out(tmp_path, name):
    (tree(tmp_path, "cat", "dog") / "cat" / name).write_bytes(b"image")
    with pytest.raises(OSError, match=f"{name} is among images, but of a kind"):
        datasets.load(tmp_path)


def test_links_are_followed_once_and_pipes_do_not_hang(tmp_path):
    root = tree(tmp_path / "root", "cat", "dog")
    elsewhere = tree(tmp_path / "elsewhere", "more")
    (root / "cat" / "more").symlink_to(elsewhere / "more")
    (root / "cat" / "again").symlink_to(elsewhere / "more")
    (root / "cat" / "loop").symlink_to(root / "cat")
    (root / "dog" / "above").symlink_to(tmp_path)
    images = datasets.load(root)
    assert len(images.x_train) + len(images.x_test) == 15
    for target in (root / "cat", root / "cat" / "0.png"):
        (root / "dog" / "link.png").symlink_to(target)
        with pytest.raises(ValueError, match=r"are one file\. Remove the link"):
            datasets.load(root)
        (root / "dog" / "link.png").unlink()
    (root / "cat" / "lost.png").symlink_to(root / "nothing")
    with pytest.raises(OSError, match=r"lost\.png is not a readable image .*no file"):
        datasets.load(root)
    (root / "cat" / "lost.png").unlink()
    os.mkfifo(root / "dog" / "pipe.png")
    with pytest.raises(OSError, match=r"pipe\.png is not a readable image .*no file"):
        datasets.load(root)


@pytest.mark.parametrize("suffix", ["jpg", "JPG", "Jpeg", "jfif", "TIF", "webp", "pgm"])
def test_suffixes_in_any_case(tmp_path, suffix):
    tree(tmp_path, "cat", "dog")
    formats = {"TIF": "TIFF", "webp": "WEBP", "pgm": "PPM"}
    image = Image.fromarray(np.full((4, 4), 99, np.uint8))
    image.save(tmp_path / "cat" / f"a.{suffix}", formats.get(suffix, "JPEG"))
    images = datasets.load(tmp_path)
    assert len(images.x_train) + len(images.x_test) == 11


def test_a_size_that_is_none_is_refused(tmp_path):
    for size in (0, -1, 1.5, "a"):
        with pytest.raises(ValueError, match="size must be a whole number"):
            datasets.load(tree(Path(tmp_path), "cat", "dog"), size=size)
