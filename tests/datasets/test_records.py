"""GZIP TFRecord files."""

import gzip

import numpy as np
import pytest

from tfrwc.datasets.examples import read_split, write_split
from tfrwc.datasets.records import read_records


def record(data):
    return len(data).to_bytes(8, "little") + bytes(4) + data + bytes(4)


def test_records_are_those_that_tensorflow_reads(tmp_path):
    import tensorflow as tf

    path = tmp_path / "a.gz"
    rng = np.random.default_rng(0)
    expected = [rng.bytes(n) for n in (0, 1, 5000, 17)]
    with tf.io.TFRecordWriter(str(path), "GZIP") as writer:
        for data in expected:
            writer.write(data)
    assert read_records(path) == expected
    assert expected == list(
        tf.data.TFRecordDataset([str(path)], "GZIP").as_numpy_iterator()
    )


WHOLE = gzip.compress(record(b"one") + record(b"two"))
BAD = {
    "empty": (b"", "cut off"),
    "text": (b"text", "no GZIP file"),
    "not packed": (record(b"one"), "no GZIP file"),
    "twice": (WHOLE * 2, "follow its end"),
    "more": (WHOLE + b"\0", "1 bytes follow its end"),
    "cut off": (WHOLE[:-1], "cut off"),
    "a checksum": (WHOLE[:-8] + bytes(8), "no GZIP file.*check"),
    "half a record": (gzip.compress(record(b"one")[:-1]), "a record is cut off"),
    "a huge record": (
        gzip.compress((2**62).to_bytes(8, "little") + bytes(20)),
        "a record is cut off",
    ),
}


@pytest.mark.parametrize("what", BAD)
def test_what_is_not_whole_is_refused(tmp_path, what):
    content, reason = BAD[what]
    path = tmp_path / "a.gz"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=reason):
        read_records(path)


def test_a_bomb_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("tfrwc.datasets.records._LARGE", 2**20)
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(bytes(2**22)))
    with pytest.raises(ValueError, match="unpack to more than"):
        read_records(path)


X = np.arange(4 * 25, dtype=np.uint8).reshape(4, 5, 5, 1)


def test_examples_that_are_none_are_told_with_the_file(tmp_path):
    import tensorflow as tf

    write_split(tmp_path, "train", X, {"label": range(4), "name": list("abcd")})
    path = next((tmp_path / "Split-train").glob("*.gz"))
    whole = read_records(path)
    example = tf.train.Example.FromString(whole[0])
    two = tf.train.Example.FromString(whole[0])
    two.features.feature["label"].int64_list.value.append(1)
    no_image = tf.train.Example.FromString(whole[0])
    del no_image.features.feature["image"]
    other = tf.train.Example.FromString(whole[0])
    other.features.feature["more"].int64_list.value.append(1)
    damaged = tf.train.Example.FromString(whole[0])
    damaged.features.feature["image"].bytes_list.value[0] = b"no image"
    no_text = tf.train.Example.FromString(whole[0])
    no_text.features.feature["name"].bytes_list.value[0] = b"\xff"
    for records, reason in [
        ([b"no example"], "a record is no example"),
        ([two.SerializeToString()], "'label' has 2 values"),
        ([no_image.SerializeToString()], "has no image"),
        ([*whole, other.SerializeToString()], "example 4 has other features"),
        ([damaged.SerializeToString()], "cannot identify"),
        ([no_text.SerializeToString()], "codec can't decode"),
    ]:
        path.write_bytes(gzip.compress(b"".join(map(record, records))))
        with pytest.raises(ValueError, match=reason) as raised:
            read_split(tmp_path, "train")
        assert path.name in str(raised.value)
    path.write_bytes(gzip.compress(record(example.SerializeToString())))
    assert read_split(tmp_path, "train")["label"].tolist() == [0]
    path.write_bytes(gzip.compress(b""))
    with pytest.raises(ValueError, match="has no examples"):
        read_split(tmp_path, "train")


def test_a_missing_file_of_several_is_told(tmp_path):
    write_split(tmp_path, "train", X, {})
    [path] = (tmp_path / "Split-train").glob("*.gz")
    path.rename(path.with_name("data_tfrecord-00001-of-00003.gz"))
    with pytest.raises(ValueError, match=r"should hold 3 files, .* and holds 1"):
        read_split(tmp_path, "train")
