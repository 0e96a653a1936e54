"""What readers of pages call data sets."""

import dataclasses

import pytest

from tfrwc.datasets.catalogue import DATA_SETS
from tfrwc.studies.names import set_name


@pytest.mark.parametrize(
    ("name", "called"),
    [
        ("fashion_mnist", "Fashion-MNIST"),
        ("runs/data/mnist.npz", "MNIST"),
        ("digits", "digits"),
        ("cifar100", "CIFAR-100"),
        ("pictures/of mine", "of mine"),
        ("mine.npz", "mine.npz"),
    ],
)
def test_sets_are_called_as_people_do(name, called):
    assert set_name(name) == called


def test_a_row_says_what_its_set_is_called(monkeypatch):
    row = dataclasses.replace(DATA_SETS["digits"], name="mine", title="Mine")
    monkeypatch.setitem(DATA_SETS, "mine", row)
    assert set_name("mine") == "Mine"
