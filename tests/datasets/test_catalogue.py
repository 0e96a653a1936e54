"""The table of data sets, and that a set is one row of it."""

from dataclasses import replace

import numpy as np
import pytest

from tfrwc import datasets
from tfrwc.datasets import catalogue
from tfrwc.datasets.catalogue import DATA_DIR_VARIABLE, DATA_SETS, ROWS, USES, DataSet


def test_names_are_unique_and_uses_are_known():
    assert len(DATA_SETS) == len(ROWS)
    assert {use for row in ROWS for use in row.uses} == set(USES)


@pytest.mark.parametrize(
    ("use", "names"),
    [
        ("two_classes", ["digits", "pneumoniamnist", "chest_xray_64", "xrays"]),
        ("factors", ["sprites", "sprites_32", "dsprites"]),
        ("public", ["mnist", "fashion_mnist"]),
    ],
)
def test_sets_are_in_their_old_order(use, names):
    assert [name for name in catalogue.for_use(use) if name in names] == names


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_rows_are_complete(row):
    assert row.description.endswith(".")
    assert row.reader or not {"classification", "factors"} & set(row.uses)
    assert bool(row.betas) == ("factors" in row.uses)
    assert list(row.betas) == sorted(row.betas)


def test_a_file_is_found_where_the_variable_says(tmp_path, monkeypatch):
    row = DATA_SETS["mnist"]
    monkeypatch.delenv(DATA_DIR_VARIABLE, raising=False)
    assert row.path is None
    monkeypatch.setenv(DATA_DIR_VARIABLE, str(tmp_path))
    assert (row.path, row.available) == (None, False)
    (tmp_path / "mnist.npz").touch()
    assert (row.path, row.available) == (tmp_path / "mnist.npz", True)


def test_the_table_has_a_row_for_each(monkeypatch):
    monkeypatch.delenv(DATA_DIR_VARIABLE, raising=False)
    table = datasets.table()
    assert table.index.tolist() == list(DATA_SETS)
    assert table["available"].sum() == 3  # digits and sprites
    assert table.loc["pneumoniamnist", "tfds"] == "pneumonia/medmnist"
    assert table.loc["digits", "file"] == ""


def test_a_new_set_is_one_row(tmp_path, monkeypatch):
    """It can be loaded, and told apart by two classes, without another line of code."""
    new = DataSet(
        name="noise",
        description="Random numbers.",
        size=4,
        uses=("classification", "two_classes", "public"),
        reader="tfrwc.datasets.archives:read_archive",
        classes=4,
        file="noise.npz",
    )
    monkeypatch.setitem(DATA_SETS, "noise", new)
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (200, 4, 4), np.uint8), np.arange(200) % 4
    np.savez(tmp_path / "noise.npz", x_train=x, y_train=y, x_test=x, y_test=y)
    monkeypatch.setenv(DATA_DIR_VARIABLE, str(tmp_path))
    images = datasets.load("noise")
    assert images.image_shape == (4, 4, 1)
    assert images.origin == "noise.npz"
    monkeypatch.setitem(DATA_SETS, "noise", replace(new, reader=None, file=None))
    with pytest.raises(ValueError, match=r"no image set 'noise'.*digits, mnist.*noise"):
        datasets.load("noise")


def test_sets_of_factors_are_loaded_by_name():
    for name, size in (("sprites", 16), ("sprites_32", 32)):
        images = datasets.load_factors(name).images
        assert images.shape == (4608, size, size, 1)
    with pytest.raises(ValueError, match=r"factors 'mnist'\. Choose one of sprites"):
        datasets.load_factors("mnist")
