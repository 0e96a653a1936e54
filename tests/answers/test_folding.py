"""Many layers in few rows, many records in few columns; nothing is lost on the way."""

import numpy as np
from answers.networks import STILL, UNSEEN, network
from hypothesis import given, settings
from hypothesis import strategies as st

from tfrwc.answers.folding import ROWS, columns, folded, rows
from tfrwc.answers.view import view_of


def test_up_to_forty_layers_are_rows_of_their_own():
    view = view_of(network(40, 4))
    assert [name for name, _ in folded(view)] == view.names
    assert [members.tolist() for _, members in folded(view)] == [[i] for i in range(40)]


def test_more_layers_are_folded_by_their_blocks():
    view = view_of(network(62, 4))
    names = [name for name, _ in folded(view)]
    assert names[:3] == ["stem", "encoder/layer_0", "encoder/layer_1"]
    assert len(names) == 14
    assert folded(view)[1][1].tolist() == [1, 2, 3, 4, 5]


def test_more_blocks_than_rows_are_put_together_and_say_so():
    found = folded(view_of(network(402, 2)))
    assert len(found) == ROWS
    assert found[1][0] == "encoder/layer_1 to layer_2"


@settings(max_examples=30, deadline=None)
@given(
    layers=st.integers(3, 130),
    records=st.integers(1, 25),
    wide=st.integers(1, 20),
    flat=st.booleans(),
)
def test_each_layer_and_record_is_in_one_place(layers, records, wide, flat):
    names = [f"dense_{i}/kernel" for i in range(layers)] if flat else None
    view = view_of(network(layers, records, names=names))
    to = columns(view, wide)
    found = rows(view, to)
    assert len(found) <= ROWS
    assert len(to.labels) <= wide
    members = np.concatenate([row.members for row in found])
    assert members.tolist() == list(range(len(view.names)))
    assert to.edges[0] == 0
    assert to.edges[-1] == records
    assert (np.diff(to.edges) > 0).all()
    assert len({row.label for row in found}) == len(found)


def test_a_cell_has_the_median_and_spread_of_its_values():
    view = view_of(network(62, 9))
    to = columns(view, 3)
    row = rows(view, to)[2]
    values = view.values[6:11, 3:6]
    expected = np.quantile(values, (0.5, 0.1, 0.9))
    assert [row.median[1], row.low[1], row.high[1]] == list(expected)


def test_zeros_and_missing_values_stay_what_they_are():
    view = view_of(network(10, 10))
    found = rows(view, columns(view, 5))
    assert (found[STILL].median == 0).all()
    assert np.isnan(found[UNSEEN].median[0])
    assert not np.isnan(found[UNSEEN].median[1])


def test_columns_say_which_records_they_are_of():
    view = view_of(network(3, 7))
    assert columns(view, 7).labels[0] == "epoch 1"
    assert columns(view, 2).labels == ["epochs 1 to 4", "epochs 5 to 7"]
