"""Images as TFX has them: what is written is read back, by TensorFlow's readers too."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tfrwc.datasets.examples import read_split, write_split


@settings(max_examples=15, deadline=None)
@given(
    images=hnp.arrays(
        np.uint8,
        st.tuples(
            st.integers(1, 4),
            st.integers(1, 9),
            st.integers(1, 9),
            st.sampled_from([1, 3]),
        ),
    ),
    data=st.data(),
)
def test_what_is_written_is_read_back(tmp_path_factory, images, data):
    n = len(images)
    label = data.draw(hnp.arrays(np.int64, n))
    text = data.draw(st.lists(st.text(max_size=8), min_size=n, max_size=n))
    text = [t.replace("\0", "") for t in text]  # NumPy's text ends there
    weight = data.draw(
        hnp.arrays(np.float32, n, elements=st.floats(-1e6, 1e6, width=32))
    )
    folder = tmp_path_factory.mktemp("examples")
    write_split(folder, "train", images, {"label": label, "id": text, "weight": weight})
    found = read_split(folder, "train")
    assert set(found) == {"image", "id", "label", "weight"}
    np.testing.assert_array_equal(found["image"], images)
    np.testing.assert_array_equal(found["label"], label)
    np.testing.assert_array_equal(found["id"], text)
    np.testing.assert_array_equal(found["weight"], weight)
    assert found["image"].dtype == np.uint8


def test_tensorflow_reads_the_files(tmp_path):
    import tensorflow as tf

    images = np.arange(2 * 6 * 5, dtype=np.uint8).reshape(2, 6, 5, 1)
    write_split(tmp_path, "eval", images, {"label": [0, 1]})
    files = tf.io.gfile.glob(str(tmp_path / "Split-eval" / "*"))
    parsed = tf.data.TFRecordDataset(files, "GZIP").map(
        lambda record: tf.io.parse_single_example(
            record,
            {
                "image": tf.io.FixedLenFeature((), tf.string),
                "label": tf.io.FixedLenFeature((), tf.int64),
            },
        )
    )
    for number, one in enumerate(parsed):
        np.testing.assert_array_equal(tf.io.decode_png(one["image"]), images[number])
        assert one["label"] == number


def test_files_that_programs_leave_are_no_examples(tmp_path):
    write_split(tmp_path, "train", np.zeros((2, 3, 3, 1), np.uint8), {})
    [file] = (tmp_path / "Split-train").glob("*.gz")
    (file.parent / f"._{file.name}").write_bytes(file.read_bytes())
    assert len(read_split(tmp_path, "train")["image"]) == 2


def test_what_is_no_set_of_images_is_refused(tmp_path):
    images = np.zeros((2, 4, 4, 1), np.uint8)
    with pytest.raises(ValueError, match="Received: float64"):
        write_split(tmp_path, "train", images / 255, {})
    with pytest.raises(ValueError, match="'label' needs a value for each of 2 images"):
        write_split(tmp_path, "train", images, {"label": [1]})
    with pytest.raises(FileNotFoundError, match="no split 'train'"):
        read_split(tmp_path, "train")
