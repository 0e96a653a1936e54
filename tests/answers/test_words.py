"""Amounts of each measure, as people say them."""

import dataclasses

import pytest

from tfrwc.answers import words
from tfrwc.recording import measures


def test_a_measure_says_what_its_values_are_a_share_of():
    mine = dataclasses.replace(
        measures.REGISTRY["cosine"], name="mine", share_of="of what is mine"
    )
    with measures.REGISTRY.preserved():
        measures.register(mine)
        assert words.amount(0.25, "mine", whole=True) == "25 % of what is mine"
        assert words.amount(0.25, "mine") == "25 %"
    # As of a file from elsewhere, whose measure nobody has registered here.
    assert words.amount(0.25, "mine", whole=True) == "0.25 by mine"


@pytest.mark.parametrize(
    ("measure", "said"),
    [
        ("l1_ratio", "10 % of its magnitude"),
        ("l2_ratio", "10 % of its norm"),
        ("cosine", "0.1 by cosine"),
        ("still_units", "0.1 by still_units"),
    ],
)
def test_amounts_of_the_measures_that_come_with_the_package(measure, said):
    assert words.amount(0.1, measure, whole=True) == said
