"""Figures of effects of depth and of comparisons: what is drawn is what was found."""

import json

import numpy as np
import pytest
from dynamics.recordings import SHAPES, names, recording, seeds
from dynamics.test_depth import equal_networks

from tfrwc._common.plain import plain
from tfrwc.dynamics import block_effect, compare, depth_effect, difficulty_trend
from tfrwc.report import dynamics_figures

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
    return found + [a.get_title() for a in figure.axes] + [figure.get_supxlabel()]


def test_effects_of_depth_are_drawn_from_tables_and_from_json(effects):
    rows = {
        key: {m: table.to_dict("records") for m, table in tables.items()}
        for key, tables in effects.items()
    }
    for given in (effects, json.loads(json.dumps(plain(rows)))):
        figure = dynamics_figures.depth_effects(given)
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
    figure = dynamics_figures.depth_effects(
        {
            "depth_effect": {"l1_ratio": plain(table.to_dict("records"))},
            "block_effect": {"l1_ratio": block_effect(one)},
        }
    )
    figure.canvas.draw()


@pytest.mark.parametrize("n", [1, 3])
def test_a_comparison_shows_every_condition_and_verdict(n):
    rng = np.random.default_rng(0)
    groups = {name: seeds(rng, i, n) for i, name in enumerate(names(4))}
    other = [(3, 3, 3, 8), *SHAPES[1:]]
    groups["task3"] = seeds(rng, 3, n, shapes=other)
    found = compare(groups)
    trend = difficulty_trend(found, names(4))
    figure = dynamics_figures.comparison(found, trend)
    text = text_of(figure)
    assert set(names(4)) <= set(text)
    assert "these tasks: supported" in text[-1]
    legend = [t.get_text() for t in figure.axes[0].get_legend().get_texts()]
    assert legend == [*names(4), "shapes differ"]
    drawn = [line.get_ydata() for line in figure.axes[0].lines]
    for name in names(4):
        mine = found.layers["condition"] == name
        change = found.layers.loc[mine, "change"].to_numpy()
        assert any(np.array_equal(change, y) for y in drawn)


def test_a_comparison_without_a_trend():
    rng = np.random.default_rng(0)
    found = compare({"private": seeds(rng), "plain": seeds(rng)})
    figure = dynamics_figures.comparison(found)
    assert text_of(figure)[-1] == ""
