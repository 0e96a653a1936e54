"""What layers are called where people read of them."""

import keras
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfrwc import RWCCallback
from tfrwc.dynamics import compare, suggest_freeze
from tfrwc.recording.names import display_names, distinct, shortened, some_names


def table(names, paths):
    return pd.DataFrame({"name": names, "path": paths})


def test_names_stay_where_they_tell_layers_apart():
    assert display_names(table(["a/k", "b/k"], ["m/a/k", "m/b/k"])) == ["a/k", "b/k"]


def test_blocks_built_alike_are_told_by_their_paths():
    names = ["stem/k", "dense/k", "dense/k#2", "a#2/k"]
    paths = ["m/stem/k", "m/one/dense/k", "m/two/dense/k", "m/a#2/k"]
    assert display_names(table(names, paths)) == [
        *("stem/k", "one/dense/k", "two/dense/k", "a#2/k")
    ]
    # Subclassed models may repeat a path; tables made by hand may have none.
    assert display_names(table(["d", "d#2"], ["m/d", "m/d"])) == ["m/d", "m/d#2"]
    assert display_names(table(["d", "d#2"], ["", ""])) == ["d", "d#2"]


PARTS = st.sampled_from(["bidirectional", "forward_lstm", "cell", "kernel", "a", "b"])


@given(
    st.lists(st.lists(PARTS, min_size=1, max_size=6), max_size=12), st.integers(8, 40)
)
def test_labels_differ_where_names_do(paths, most):
    names = ["/".join(parts) for parts in paths]
    labels = distinct(names, most)
    assert all(len(label) <= max(most, 10) for label in labels)
    assert len(set(labels)) == len(set(names))
    by_name = dict(zip(names, labels, strict=True))
    assert labels == [by_name[name] for name in names]


def test_the_directions_of_a_recurrent_layer_have_different_labels():
    names = [
        f"sequential/bidirectional{i}/{way}_lstm/lstm_cell/recurrent_kernel"
        for i in ("", "_1")
        for way in ("forward", "backward")
    ]
    for most in (18, 24, 40, 60):
        labels = distinct(names, most)
        assert len({*labels}) == 4
        assert max(map(len, labels)) <= most
    assert distinct(names[:2], 40) == [
        *("forward_lstm/…/recurrent_kernel", "backward_lstm/…/recurrent_kernel")
    ]


@given(
    st.lists(st.tuples(st.text(min_size=1), st.text()), max_size=20),
    st.integers(8, 100),
)
def test_short_names_are_short_and_tell_layers_apart(rows, most):
    names, paths = zip(*rows, strict=True) if rows else ((), ())
    # Numbers as `tensors` gives them.
    unique = [f"{name}/{i}" for i, name in enumerate(names)]
    shown = display_names(table(unique, list(paths)), most)
    assert all(len(name) <= most + 4 for name in shown)
    whole = display_names(table(unique, list(paths)))
    assert len(set(whole)) == len(whole)


def test_the_middle_of_a_long_name_is_left_out():
    long = "begin" + "x" * 10_000 + "end"
    assert len(shortened(long)) == 60
    assert shortened(long).startswith("begin")
    assert shortened(long).endswith("end")
    assert shortened("short") == "short"
    assert some_names(["a", long], 1) == "a and 1 more"
    assert len(some_names([long] * 9)) < 400


class Block(keras.layers.Layer):
    def __init__(self, **options):
        super().__init__(**options)
        self.dense = keras.layers.Dense(4, name="dense")

    def build(self, shape):
        self.dense.build(shape)

    def call(self, x):
        return self.dense(x)


@pytest.fixture(scope="module")
def recording():
    keras.utils.set_random_seed(0)
    blocks = [Block(name="one"), Block(name="two"), keras.layers.Dense(1, name="end")]
    model = keras.Sequential([keras.Input((4,)), *blocks])
    model.compile("sgd", "mse")
    callback = RWCCallback()
    x = np.random.default_rng(0).normal(size=(8, 4))
    model.fit(x, x[:, :1], epochs=6, callbacks=[callback], verbose=0)
    return callback.recording


def test_advice_and_comparisons_name_the_block(recording):
    for layers in (
        suggest_freeze(recording)["layer"],
        compare({"a": recording, "b": recording}).layers["layer"],
    ):
        told = set(layers)
        assert len(told) == 3
        assert "end/kernel" in told
        for block in ("one", "two"):
            assert any(block in name and "dense" in name for name in told), told


def test_a_warning_of_weights_names_the_block():
    model = keras.Sequential([keras.Input((4,)), Block(name="one"), Block(name="two")])
    model.compile("sgd", "mse")
    callback = RWCCallback()
    x = np.full((8, 4), np.nan)
    with pytest.warns(RuntimeWarning, match=r"in .*one/dense/kernel, .*two/dense"):
        model.fit(x, x, callbacks=[callback], verbose=0)


@given(st.text(max_size=100))
def test_a_short_name_stands_on_one_line(name):
    assert shortened(name).isprintable()
