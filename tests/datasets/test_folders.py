"""Folders of image files."""

import numpy as np
import pytest
from PIL import Image

from tfrwc import datasets


def save(path, size=(6, 5), mode="L", seed=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    shape = (*size[::-1], 3) if mode == "RGB" else size[::-1]
    Image.fromarray(rng.integers(0, 256, shape, np.uint8)).save(path)


def test_folder_with_train_and_test(tmp_path, check):
    for split, count in (("train", 3), ("test", 2)):
        for name in ("cat", "dog"):
            for i in range(count):
                save(tmp_path / split / name / f"{i}.png", seed=i)
    images = datasets.load(tmp_path)
    check(images)
    assert images.class_names == ("cat", "dog")
    assert images.x_train.shape == (6, 5, 6, 1)
    assert images.y_test.tolist() == [0, 0, 1, 1]
    saved = np.asarray(Image.open(tmp_path / "train" / "dog" / "2.png"))
    np.testing.assert_array_equal(images.x_train[5, ..., 0], saved)


def test_folder_without_split_holds_out_a_fifth_of_each_class(tmp_path):
    for name in ("a", "b"):
        for i in range(10):
            save(tmp_path / name / f"{i}.jpeg", seed=i)
    images = datasets.load(tmp_path)
    assert np.bincount(images.y_test).tolist() == [2, 2]
    assert "held out" in images.origin


def test_sixteen_bits_keep_their_range(tmp_path):
    rng = np.random.default_rng(0)
    for name in ("a", "b"):
        for i in range(5):
            path = tmp_path / name / f"{i}.png"
            path.parent.mkdir(exist_ok=True)
            Image.fromarray(rng.integers(0, 2**16, (9, 9), np.uint16)).save(path)
    pixels = datasets.load(tmp_path).x_train
    # 648 uniform pixels have a mean of 127.5 with a deviation of 2.9.
    assert abs(pixels.mean() - 127.5) < 15


def test_train_and_test_must_have_the_same_classes(tmp_path):
    for path in ("train/a", "train/b", "test/a", "test/b", "test/c"):
        save(tmp_path / path / "1.png")
    with pytest.raises(ValueError, match=r"same classes in train and test"):
        datasets.load(tmp_path)


def test_too_few_images_to_hold_out(tmp_path):
    for name in ("a", "b"):
        for i in range(4):
            save(tmp_path / name / f"{i}.png", seed=i)
    with pytest.raises(ValueError, match=r"class of 4 images.*folders train and test"):
        datasets.load(tmp_path)


def test_mixed_sizes_and_colours_become_one(tmp_path):
    for split in ("train", "test"):
        save(tmp_path / split / "a" / "grey.png")
        save(tmp_path / split / "b" / "large.png", (40, 30), "RGB")
    images = datasets.load(tmp_path, size=16)
    assert images.x_train.shape == (2, 16, 16, 3)
    grey = images.x_train[0]
    assert (grey == grey[..., :1]).all()


@pytest.mark.parametrize("content", [b"", b"not an image", "truncated"])
def test_a_corrupt_image_is_named(tmp_path, content):
    for name in ("a", "b"):
        for i in range(5):
            save(tmp_path / name / f"{i}.png", (64, 64))
    bad = tmp_path / "b" / "3.png"
    whole = bad.read_bytes()
    bad.write_bytes(whole[: len(whole) // 2] if content == "truncated" else content)
    with pytest.raises(OSError, match=r"b.3\.png is not a readable image.*remove it"):
        datasets.load(tmp_path)


def test_folders_that_hold_no_classes_say_what_is_missing(tmp_path):
    with pytest.raises(ValueError, match="two or more classes"):
        datasets.load(tmp_path)
    (tmp_path / "a").mkdir()
    save(tmp_path / "b" / "1.png")
    with pytest.raises(ValueError, match=r"a holds no images"):
        datasets.load(tmp_path)
