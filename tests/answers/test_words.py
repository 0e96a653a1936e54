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


@pytest.mark.parametrize(
    ("ratio", "said"),
    [(2.14, "2.1 times"), (0.00017, "0.00017 times"), (1.7e-9, "1.7e-09 times"),
     (33.3, "33 times"), (2.5e7, "2.5e+07 times")],
)  # fmt: skip
def test_a_ratio_is_read_at_a_glance(ratio, said):
    assert words.times(ratio) == said


@pytest.mark.parametrize(
    ("loss", "said"),
    [(10714.3, "10,714"), (999.7, "1,000"), (2.0, "2"), (0.000811, "0.000811"),
     (-4321.0, "-4,321"), (3.2e8, "3.2e+08")],
)  # fmt: skip
def test_a_loss_is_told_without_powers_of_ten_while_it_is_short(loss, said):
    assert words.number(loss) == said
