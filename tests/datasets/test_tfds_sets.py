"""Sets of TensorFlow Datasets."""

import os
import subprocess
import sys

import pytest

from tfrwc import datasets


def test_a_set_that_is_not_of_images_is_refused():
    with pytest.raises(ValueError, match="not one for image classification"):
        datasets.load("imdb_reviews")


TINY = """
import numpy as np, tensorflow_datasets as tfds
from tfrwc import datasets

class TinyShapes(tfds.core.GeneratorBasedBuilder):
    VERSION = tfds.core.Version("1.0.0")
    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            features=tfds.features.FeaturesDict({
                "image": tfds.features.Image(shape=(None, None, 3)),
                "label": tfds.features.ClassLabel(names=["dot", "bar"]),
            }),
            supervised_keys=("image", "label"),
        )
    def _split_generators(self, dl_manager):
        make = self._generate_examples
        return {"train": make(12), "test": make(4)}
    def _generate_examples(self, n):
        for i in range(n):
            image = np.full((8 + i, 9, 3), 10 * i, np.uint8)
            yield i, {"image": image, "label": i % 2}

images = datasets.load("tiny_shapes", size=12)
print(images.x_train.shape, images.x_test.shape, images.class_names, images.origin)
"""


def test_tfds_by_name(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", TINY],
        env=os.environ | {"TFDS_DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == (
        "(12, 12, 12, 3) (4, 12, 12, 3) ('dot', 'bar') TFDS tiny_shapes/1.0.0"
    )


DAMAGED = (
    TINY
    + """
import os, pathlib
root = pathlib.Path(os.environ["TFDS_DATA_DIR"]) / "tiny_shapes" / "1.0.0"
for pattern in ("*train*", "dataset_info.json", "*test*"):
    [file] = root.glob(pattern)
    whole = file.read_bytes()
    for damaged in (whole[:-7], whole[: len(whole) // 2], b"", b"x" + whole[1:]):
        file.write_bytes(damaged)
        try:
            datasets.load("tiny_shapes", size=12)
        except (OSError, ValueError) as error:
            assert "tiny_shapes" in str(error), error
            assert "again" in str(error) or "no image set" in str(error), error
        else:
            raise AssertionError((pattern, len(damaged)))
    file.write_bytes(whole)
print(datasets.load("tiny_shapes", size=12).x_test.shape)
"""
)


def test_damaged_files_of_tfds_are_told(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", DAMAGED],
        env=os.environ | {"TFDS_DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "(4, 12, 12, 3)"
