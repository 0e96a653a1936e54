"""Folders of TFRecord files, whoever wrote them."""

import io

import numpy as np
import pytest
from PIL import Image

from tfrwc import datasets
from tfrwc.datasets import sources
from tfrwc.datasets.examples import write_split

RNG = np.random.default_rng(0)
PIXELS = RNG.integers(0, 256, (20, 6, 6, 1), np.uint8)
LABELS = np.arange(20) % 2


def png(pixels):
    buffer = io.BytesIO()
    Image.fromarray(pixels[..., 0]).save(buffer, "png")
    return buffer.getvalue()


def write(path, pixels=PIXELS, labels=LABELS, names=("image", "label"), packed="GZIP"):
    """A file as others write it; labels are numbers or text."""
    import tensorflow as tf

    path.parent.mkdir(parents=True, exist_ok=True)
    with tf.io.TFRecordWriter(str(path), packed) as writer:
        for image, label in zip(pixels, labels, strict=True):
            kinds = {
                names[0]: tf.train.Feature(
                    bytes_list=tf.train.BytesList(value=[png(image)])
                ),
                names[1]: _label(label),
                "boxes": tf.train.Feature(
                    float_list=tf.train.FloatList(value=[0.0, 1.0])
                ),
            }
            features = tf.train.Features(feature=kinds)
            writer.write(tf.train.Example(features=features).SerializeToString())


def _label(label):
    import tensorflow as tf

    if isinstance(label, str):
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=[label.encode()]))
    if isinstance(label, float):
        return tf.train.Feature(float_list=tf.train.FloatList(value=[label]))
    return tf.train.Feature(int64_list=tf.train.Int64List(value=[int(label)]))


@pytest.mark.parametrize("packed", ["GZIP", ""])
@pytest.mark.parametrize(
    "names", [("image", "label"), ("image/encoded", "image/class/label")]
)
def test_parts_are_told_by_names(packed, names, tmp_path):
    half = slice(None, 10), slice(10, None)
    options = {"names": names, "packed": packed}
    for i, part in enumerate(half):
        path = tmp_path / f"set-train.tfrecord-0000{i}-of-00002"
        write(path, PIXELS[part], LABELS[part] + 5, **options)
    write(tmp_path / "test" / "a.tfrecord", PIXELS[:4], LABELS[:4] + 5, **options)
    (tmp_path / "dataset_info.json").write_text("{}")
    found = datasets.load(tmp_path)
    np.testing.assert_array_equal(found.x_train, PIXELS)
    np.testing.assert_array_equal(found.y_train, LABELS)
    np.testing.assert_array_equal(found.x_test, PIXELS[:4])
    assert found.class_names == ("5", "6")
    assert found.origin == f"folder {tmp_path.name}"


def test_a_fifth_is_held_out_where_no_name_tells_a_part(tmp_path):
    labels = ["cat" if label else "dog" for label in LABELS]
    write(tmp_path / "all.tfrecords", labels=labels)
    found = datasets.load(tmp_path)
    assert found.class_names == ("cat", "dog")
    assert (len(found.x_train), len(found.x_test)) == (16, 4)
    assert "20% of each class held out" in found.origin


def test_our_own_examples_are_read_back(tmp_path):
    for split in ("train", "eval", "test"):
        write_split(tmp_path, split, PIXELS, {"label": LABELS})
    found = datasets.load(tmp_path)
    np.testing.assert_array_equal(found.x_test, PIXELS)
    assert found.origin.endswith(", without val")


def test_other_contents_are_another_set(tmp_path):
    known = []
    for pixels in (PIXELS, PIXELS, PIXELS + 1):
        write(tmp_path / "train.tfrecord", pixels, packed="")
        known.append(sources.identity(str(tmp_path)))
    assert known[0] == known[1] != known[2]


def written(folder, *files):
    for name, options in files:
        write(folder / name, **options)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ([("train.tfrecord", {}), ("more.tfrecord", {})], "some are named as parts"),
        ([("test.tfrecord", {}), ("val.tfrecord", {})], "none is to train on"),
        ([("train/test.tfrecord", {})], "is named by test and train"),
        ([("train-00000-of-00002.tfrecord", {})], "should hold 2 files"),
        (
            [("train.tfrecord", {}), ("test.tfrecord", {"labels": LABELS + 1})],
            "test on of the classes 2, and none to train on",
        ),
        ([("a.tfrecord", {"names": ("picture", "label")})], "image/encoded have 0 val"),
        ([("a.tfrecord", {"names": ("image", "y")})], "class/label have 0 values"),
        ([("a.tfrecord", {"labels": LABELS * 0.5})], "neither a whole number nor text"),
    ],
)
def test_what_is_not_certain_is_refused(files, message, tmp_path):
    written(tmp_path, *files)
    with pytest.raises(ValueError, match=message):
        datasets.load(tmp_path)


@pytest.mark.parametrize("packed", ["GZIP", ""])
def test_every_changed_byte_is_noticed(packed, tmp_path):
    path = tmp_path / "a.tfrecord"
    write(path, PIXELS[:10], LABELS[:10], packed=packed)
    whole = path.read_bytes()
    # Not the name and time in the header of GZIP, which nothing depends on.
    places = RNG.choice(np.arange(10, len(whole)), 10, replace=False)
    for place in places:
        damaged = bytearray(whole)
        damaged[place] ^= 1 << int(RNG.integers(8))
        path.write_bytes(bytes(damaged))
        with pytest.raises(ValueError, match=r"a\.tfrecord: "):
            datasets.load(tmp_path)
    for cut in (len(whole) - 1, len(whole) - 30):
        path.write_bytes(whole[:cut])
        with pytest.raises(ValueError, match=r"a\.tfrecord: .*cut off"):
            datasets.load(tmp_path)
