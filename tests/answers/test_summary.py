"""The summary of recordings whose truth is known."""

import json
import re

import numpy as np
import pytest
from answers.made import BREAKS, EARLY, MOVING, NEVER, T, made
from hypothesis import given, settings
from hypothesis import strategies as st

from tfrwc import Recording
from tfrwc.answers import summary
from tfrwc.recording import Flag


def row(told, name):
    return told.table.set_index("name").loc[name]


def test_what_a_person_asks_is_answered():
    loss = {"loss": 2 / (T + 1)}
    told = made([NEVER, EARLY, MOVING, 0.02 + 0 * T], logs=loss).summary()
    assert told.sentence == (
        "In 20 epochs, while the loss fell from 2 to 0.1, l2/kernel changed most, by "
        "10 % of its magnitude per epoch on average, then l1/kernel (3.6 %); l3/kernel "
        "changed least (2.0 %). Half of all change had happened by epoch 8. 1 of 3 "
        "layers settled below a tenth of its largest change: l1/kernel from epoch 3; "
        "l2/kernel and l3/kernel have not. l0/kernel did not change at all: frozen, or "
        "without a gradient."
    )
    assert told.table["name"].tolist() == [f"l{i}/kernel" for i in (2, 1, 3, 0)]
    early = row(told, "l1/kernel")
    assert early["first"] == early["largest"] == 0.5
    assert early["largest_at"] == 1
    assert early["settled"] == 3
    assert early["last"] == pytest.approx(EARLY[-1], rel=1e-6)
    assert early["change"] == pytest.approx(EARLY.mean(), rel=1e-6)
    assert told.table["share"].sum() == pytest.approx(1)
    assert np.isnan(row(told, "l2/kernel")["settled"])
    assert np.isnan(row(told, "l0/kernel")["settled"])


def test_not_all_settled_where_some_broke_or_stopped():
    stopped = np.where(T < 5, 0.3, 0.0)
    told = made([EARLY, EARLY, BREAKS, stopped, NEVER]).summary()
    assert "2 of 4 layers settled below a tenth of their largest" in told.sentence
    assert "All settled" not in told.sentence
    alone = made([EARLY]).summary().sentence
    assert "It settled below a tenth of its largest change: l0/kernel" in alone


def test_a_network_that_died_is_told_in_good_grammar():
    stopped = np.where(T < 1, 0.3, 0.0)
    told = made([0.3 * 0.2**T, *8 * [stopped]]).summary().sentence
    assert "1 of 9 layers settled below a tenth of its largest change" in told
    assert "stopped changing altogether by epoch 2: no gradient reaches them" in told
    assert "or something keeps them as they are." in told
    one = made([MOVING, stopped]).summary().sentence
    assert "l1/kernel stopped changing altogether by epoch 2: no gradient" in one
    assert "or something keeps it as it is." in one


def test_weights_that_were_never_finite_have_no_change_to_tell_of():
    told = made(np.full((3, 6), np.nan), logs={"loss": [np.nan] * 6}).summary()
    assert told.sentence.endswith(
        "no change could be measured: the weights are not finite from epoch 1 on."
    )
    said = " ".join(told.uncertain)
    assert "layers changed" not in said
    assert "the records before" not in said
    assert "0 layers" not in said


@pytest.mark.parametrize(
    ("loss", "words"),
    [
        ([2.25, 0.86, 2.3, 1.87], "fell from 2.25 to 0.86 and rose again to 1.87"),
        ([2.0, 1.0, 1.1, 1.05], "fell from 2 to 1.05"),
        ([2.0, 1.0, 0.5, 0.4], "fell from 2 to 0.4"),
        ([1.0, 2.0, 3.0, 4.0], "went from 1 to 4"),
        ([1.0, 0.5, 0.7, 1.2], "fell from 1 to 0.5 and rose again to 1.2"),
    ],
)
def test_a_loss_that_rose_again_is_not_called_fallen(loss, words):
    told = made([[0.1] * 4, [0.2] * 4], logs={"loss": loss}).summary().sentence
    assert f"while the loss {words}, " in told


def test_a_terminal_is_told_what_it_does_not_see():
    many = str(made([MOVING * (i + 1) for i in range(14)]).summary())
    assert "\nand 4 more rows\n" in many
    assert "settled: from when on it stays below a tenth" in many
    few = made([MOVING, NEVER]).summary()
    assert "more rows" not in str(few)
    # No block has a name, and what never changed was at no time largest.
    header, _, still = (str(few).split("\n\n")[1].splitlines())[:3]
    assert "block" not in header
    assert "epoch" not in still


def test_one_run_is_not_certain():
    assert "One run" in made([MOVING]).summary().uncertain[0]


def test_weights_that_break_are_told_and_not_called_settled():
    told = made([MOVING, BREAKS]).summary()
    assert "The weights of l1/kernel are not finite, from epoch 13 on." in told.sentence
    assert "settled" not in told.sentence.split("largest change")[1]
    assert any("l1/kernel: without values where weights" in u for u in told.uncertain)
    assert row(told, "l1/kernel")["last"] == pytest.approx(0.03)


def test_layers_that_stop_are_told():
    stops = np.where(T < 3, 0.3, 0)
    told = made([MOVING, stops]).summary()
    assert "l1/kernel stopped changing altogether by epoch 4" in told.sentence
    everything = made([stops, stops]).summary().sentence
    assert "All layers stopped changing altogether by epoch 4" in everything


def test_two_low_records_at_the_end_are_not_enough_to_settle():
    for low, settled in ((2, False), (3, True)):
        curve = np.r_[0.5 + 0 * T[low:], 0.01 + 0 * T[:low]]
        told = made([curve]).summary().table["settled"].iloc[0]
        assert told == 18 if settled else np.isnan(told)


def test_a_gap_is_no_evidence_of_being_low():
    curve = np.where(T < 4, 0.5, 0.01)
    curve[17] = np.nan
    flags = np.where(np.isnan(curve), Flag.ZERO_DENOMINATOR, 0)[None]
    assert np.isnan(made([curve], flags=flags).summary().table["settled"].iloc[0])


def test_a_falling_learning_rate_is_said_with_what_settles():
    told = made([EARLY], logs={"learning_rate": 0.1 * 0.5**T}).summary()
    assert "(the learning rate fell to 0.00019 % of its largest)" in told.sentence
    assert any("need not mean that they have learned" in u for u in told.uncertain)
    steady = made([EARLY], logs={"learning_rate": 0.1 + 0 * T}).summary()
    assert "learning rate" not in str(steady)


def test_a_loss_that_did_not_fall_is_said():
    told = made([EARLY], logs={"loss": 1 + 0 * T}).summary()
    assert any("The loss did not fall" in u for u in told.uncertain)


def test_change_since_the_initial_weights_is_the_last_value():
    away = np.minimum(T, 8) / 8
    told = made([away, away / 2], reference="initial").summary()
    assert told.table["change"].tolist() == [1, 0.5]
    assert told.table["settled"].tolist() == [9, 9]
    assert "100 % of its magnitude from its initial weights to its last" in (
        told.sentence
    )
    assert "Half of all change" not in told.sentence


def test_records_unevenly_far_apart_do_not_tell_who_settles():
    told = made([EARLY, MOVING], steps=2 ** np.arange(20)).summary()
    assert told.table["settled"].isna().all()
    assert "settled" not in told.sentence
    assert "Half of all" not in told.sentence
    assert any("unevenly spaced" in u for u in told.uncertain)


def test_what_began_at_zero_does_not_lead_the_sentence():
    bias = np.r_[np.nan, 3.0, 0.1 + 0 * T[2:]]
    flags = np.zeros((3, 20))
    flags[0, 0] = Flag.ZERO_DENOMINATOR
    told = made([bias, MOVING, MOVING / 2], flags=flags).summary()
    assert "l1/kernel changed most" in told.sentence
    assert "1 tensor that began at zero is left out" in told.sentence
    # The table is in the order of the sentence, and shares are of the same layers.
    assert told.table["name"].tolist() == ["l1/kernel", "l2/kernel", "l0/kernel"]
    assert told.table["share"].iloc[:2].sum() == pytest.approx(1)
    assert np.isnan(told.table["share"].iloc[2])


def test_one_record():
    told = made([[0.2], [0.1]]).summary()
    assert told.sentence == (
        "In one record, at epoch 1, l0/kernel changed most, by 20 % of its magnitude; "
        "l1/kernel changed least (10 %)."
    )
    assert told.uncertain[1].startswith("1 record: trends need 5")
    assert (told.table["trend"] == -1).all()


def test_one_layer():
    told = made([MOVING]).summary().sentence
    start = "In 20 epochs, l0/kernel changed, by 10 % of its magnitude per epoch on"
    assert told.startswith(start)


def test_nothing_yet_and_no_layer():
    layers = made([MOVING]).layers
    empty, none = (Recording(table, ["l1_ratio"]) for table in (layers, layers[:0]))
    assert empty.summary().sentence == "Nothing has been recorded yet."
    assert none.summary().sentence == "No tensor was watched."
    for recording in (empty, none):
        assert recording.summary().sentence in recording._repr_html_()


def test_all_layers_still():
    assert made([NEVER, NEVER]).summary().sentence == "In 20 epochs, no layer changed."


def test_300_layers_are_told_by_their_blocks():
    rng = np.random.default_rng(0)
    level = np.repeat(np.linspace(0.01, 0.1, 10), 30)[:, None]
    curves = level * np.exp(0.05 * rng.normal(size=(300, 20)) - 0.2 * T)
    paths = [f"net/block_{i // 30}/conv_{i}/kernel" for i in range(300)]
    names = [f"conv_{i}/kernel" for i in range(300)]
    told = made(curves, names, paths).summary()
    of_blocks = (
        r"Of 10 blocks, block_9 changed most \(.* %\) and block_0 least \(.* %\)"
    )
    assert re.search(of_blocks, told.sentence)
    assert "half of them by epoch" in told.sentence
    assert len(told.sentence) < 1000
    assert set(told.table["block"]) == {f"block_{i}" for i in range(10)}
    assert (told.table["trend"] == 0).mean() > 0.9
    assert len(str(told).splitlines()) < 30
    assert len(told._repr_html_()) < 150_000


@pytest.mark.parametrize("name", ["x" * 10_000, "a\nb\rc\u2028d", "<script>$&"])
def test_odd_names(name):
    told = made([MOVING, EARLY], [name, "b"]).summary()
    assert len(told.sentence.splitlines()) == 1
    assert len(told.sentence) < 600
    assert "<script>" not in told._repr_html_()
    assert row(told, name)["change"] == pytest.approx(0.1)


def test_networks_beside_each_other_are_told_apart():
    names = ["dense/kernel", "dense/kernel#2"]
    paths = ["gan/generator/dense/kernel", "gan/critic/dense/kernel"]
    told = made([MOVING, EARLY], names, paths).summary()
    assert ", generator/dense/kernel changed most" in told.sentence
    assert told.table["block"].tolist() == ["generator", "critic"]


def test_another_measure_is_named():
    one = made([MOVING])
    other = Recording(one.layers, ["cosine"])
    other.append(1, 1, [[0.25]], [[0]], {})
    assert "by 0.25 by cosine" in other.summary().sentence


def test_a_notebook_shows_the_sentence_a_table_and_a_heat_map():
    recording = made([MOVING, EARLY, NEVER])
    page = recording._repr_html_()
    assert "Recording(20 records, 3 tensors" in page
    assert page.count("<rect") == 60
    assert page.count('fill="#bbbbbb"') == 20  # no change
    assert re.search(r"<title>Change of each layer: epoch 1 to epoch 20", page)
    assert "l0/kernel changed most" in page
    assert repr(recording) == (
        "Recording(20 records, 3 tensors, measures=('l1_ratio',))"
    )


VALUES = st.one_of(
    st.just(0.0), st.just(float("nan")), st.floats(1e-9, 1e6), st.floats(0.01, 0.5)
)


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_any_recording_is_told_truly(data):
    layers = data.draw(st.integers(1, 6))
    records = data.draw(st.integers(0, 8))
    cells = st.lists(VALUES, min_size=records, max_size=records)
    curves = np.array([data.draw(cells) for _ in range(layers)], np.float32).reshape(
        layers, records
    )
    reference = data.draw(st.sampled_from(["previous", "initial"]))
    told = summary(made(curves, reference=reference))
    json.dumps(told.sentence + told._repr_html_() + str(told))
    assert sorted(told.table.index) == list(range(layers))
    for i, one in told.table.iterrows():
        finite = curves[i][np.isfinite(curves[i])].astype(float)
        if not len(finite):
            assert np.isnan(one["change"])
            continue
        assert one["first"] == finite[0]
        assert one["last"] == finite[-1]
        assert one["largest"] == finite.max()
        assert curves[i][int(one["largest_at"]) - 1] == np.float32(one["largest"])
        expected = finite.mean() if reference == "previous" else finite[-1]
        assert one["change"] == pytest.approx(expected)
        if not np.isnan(one["settled"]):
            rest = curves[i][int(one["settled"]) - 1 :].astype(float)
            far = rest if reference == "previous" else np.abs(rest - rest[-1])
            assert len(rest) >= 3
            assert (far <= 0.1 * one["largest"]).all()
    changes = told.table["change"].dropna().to_numpy()
    assert (np.diff(changes) <= 0).all()


def test_before_any_record_there_is_no_table_of_dashes():
    empty = Recording(made([MOVING]).layers, ["l1_ratio"]).summary()
    assert str(empty) == "Nothing has been recorded yet."
    assert "<table" not in empty._repr_html_()
