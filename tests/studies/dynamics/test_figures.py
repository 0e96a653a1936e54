"""Figures of effects of depth and of comparisons: what is drawn is what was found."""

import json

import numpy as np
import pytest
from conftest import ROOT
from dynamics.recordings import SHAPES, names, recording, seeds
from dynamics.test_depth import equal_networks

from tfrwc._common.plain import plain
from tfrwc.dynamics import block_effect, compare, depth_effect
from tfrwc.report.figures import draw
from tfrwc.report.titled import first_sentence
from tfrwc.studies._discovery import import_modules
from tfrwc.studies.dynamics import figures
from tfrwc.studies.dynamics.figures.comparison import caption, comparison
from tfrwc.studies.dynamics.figures.depth_effects import depth_effects
from tfrwc.studies.dynamics.figures.kinds import kinds
from tfrwc.studies.dynamics.figures.late_to_early import late_to_early
from tfrwc.studies.dynamics.stored import decided_again

MEASURES = ("l1_ratio", "elementwise_mean")


@pytest.fixture(scope="module")
def effects():
    networks = equal_networks(np.random.default_rng(0), seeds=2, records=2)
    return {
        "depth_effect": {m: depth_effect(networks, m) for m in MEASURES},
        "block_effect": {m: block_effect(networks, m) for m in MEASURES},
    }


def text_of(figure):
    figure.canvas.draw()
    found = [text.get_text() for axis in figure.axes for text in axis.texts]
    found += [t.get_text() for a in figure.axes for t in a.get_xticklabels()]
    return found + [a.get_title() for a in figure.axes]


def test_effects_of_depth_are_drawn_from_tables_and_from_json(effects):
    rows = {
        key: {m: table.to_dict("records") for m, table in tables.items()}
        for key, tables in effects.items()
    }
    for given in (effects, json.loads(json.dumps(plain(rows)))):
        figure = depth_effects(given)
        figure.canvas.draw()
        for axis, key, column in zip(
            figure.axes, effects, ("correlation", "ratio"), strict=True
        ):
            drawn = [line.get_xdata() for line in axis.lines]
            for measure in MEASURES:
                values = effects[key][measure][column].to_numpy()
                assert any(np.array_equal(values, x) for x in drawn)


def test_an_effect_that_is_not_defined_leaves_a_gap():
    one = recording(np.arange(1.0, 10), [(8, 8)] * 9)
    table = depth_effect(one)
    assert table["correlation"].isna().any()
    figure = depth_effects(
        {
            "depth_effect": {"l1_ratio": plain(table.to_dict("records"))},
            "block_effect": {"l1_ratio": block_effect(one)},
        }
    )
    figure.canvas.draw()


@pytest.mark.parametrize("n", [1, 3])
def test_a_comparison_shows_every_condition(n):
    rng = np.random.default_rng(0)
    groups = {name: seeds(rng, i, n) for i, name in enumerate(names(4))}
    other = [(3, 3, 3, 8), *SHAPES[1:]]
    groups["task3"] = seeds(rng, 3, n, shapes=other)
    found = compare(groups)
    figure = comparison(found)
    assert set(names(4)) <= set(text_of(figure))
    legend = [t.get_text() for t in figure.axes[0].get_legend().get_texts()]
    assert legend == [*names(4), "layer whose shape differs"]
    drawn = [line.get_ydata() for line in figure.axes[0].lines]
    for name in names(4):
        mine = found.layers["condition"] == name
        change = found.layers.loc[mine, "change"].to_numpy()
        assert any(np.array_equal(change, y) for y in drawn)


@pytest.fixture
def broken():
    """Results of a trial with a gap, and with a layer that is in no trend."""
    path = ROOT / "benchmarks" / "learning_dynamics_digits" / "results.json"
    broken = json.loads(path.read_text())
    epochs = len(broken["epochs"])
    broken["change"]["mean"][2] = [None, 0, *[0.1] * (epochs - 2)]
    broken["layers"][2]["trend"] = -1
    broken["layers"][2]["typical_change"] = None
    broken["trends"]["robust"]["labels"][2] = -1
    return broken


def test_figures_stand_gaps_and_layers_in_no_trend(broken):
    import_modules(figures)
    for drawing in draw("learning_dynamics", broken):
        drawing.figure.canvas.draw()
        assert drawing.figure.axes
        assert min(len(drawing.caption), len(drawing.alt)) > 20
        assert "None" not in drawing.caption


@pytest.fixture(scope="module")
def claims():
    path = ROOT / "benchmarks" / "learning_dynamics" / "results.json"
    return decided_again(json.loads(path.read_text()))


def test_ratios_of_many_trials_are_drawn_as_their_claim_was_decided(claims):
    [claim] = [c for c in claims["claims"] if c["claim"].startswith("Later layers")]
    tested = [c for c in claim["cases"] if c["shows"] != "not testable"]
    axis = late_to_early(claims).axes[0]
    lines = [line for line in axis.collections if len(line.get_segments()) == 1]
    segments = [line.get_segments()[0][:, 0] for line in lines[: len(tested)]]
    marks = [line for line in axis.lines if line.get_marker() == "o"][: len(tested)]
    for case, segment, mark in zip(tested, segments, marks, strict=True):
        np.testing.assert_allclose(
            segment, [case["adjusted_low"], case["adjusted_high"]]
        )
        hollow = mark.get_markerfacecolor() == "white"
        assert hollow == (case["shows"] == "unclear")
        assert hollow == (segment[0] <= 1 <= segment[1])


def test_titles_of_tasks_say_what_the_claims_do(claims):
    for claim in claims["claims"]:
        if not claim["claim"].startswith("Harder tasks"):
            continue
        for case in claim["cases"]:
            if case["network"] not in claims["comparisons"]:
                continue
            said = first_sentence(caption(claims, case["network"]))
            if case["shows"] == "not testable":
                assert case["why"] in said
            else:
                assert f"adjusted p = {case['p_adjusted']:.2g}" in said


@pytest.mark.parametrize("epochs", [2, 3, 5, 8])
def test_epochs_have_whole_numbers(claims, epochs):
    short = json.loads(json.dumps(claims["kinds"]))
    for group in [group for groups in short.values() for group in groups.values()]:
        for curves in ("curves", "centers"):
            group[curves] = [curve[:epochs] for curve in group[curves]]
    for figure in kinds(claims | {"kinds": short}).values():
        figure.canvas.draw()
        for axis in figure.axes:
            assert [tick for tick in axis.get_xticks() if tick % 1] == []
