"""Intervals and tests that stand side by side agree, whatever the numbers."""

import json

import numpy as np
import pytest
from conftest import ROOT
from dynamics.test_depth import equal_networks
from hypothesis import given, settings
from hypothesis import strategies as st
from studies.dynamics.planted import planted

from tfrwc._common.plain import plain
from tfrwc.dynamics import block_effect, depth_effect
from tfrwc.dynamics.statistics import (
    holm,
    holm_confidences,
    student_interval,
)
from tfrwc.studies.dynamics.figures.depth_effects import depth_effects
from tfrwc.studies.dynamics.findings import answer, late_to_early
from tfrwc.studies.dynamics.intervals import LEVEL, adjusted_ratios, ends, shown
from tfrwc.studies.dynamics.verdicts import by_bounds, by_ratio

OLD = ("adjusted_low", "adjusted_high")


def table(rng, rows):
    """Rows of ratios as earlier versions stored them, and how each was made."""
    made, found = [], []
    for _ in range(rows):
        difference = rng.normal() * rng.choice([0.01, 0.1, 1, 3])
        parts = [(0.1 * rng.gamma(1), int(rng.integers(1, 30))) for _ in range(3)]
        half, p_value = student_interval(difference, parts, 0.95)
        low, value, high = np.exp(difference + half * np.array([-1, 0, 1]))
        found.append({"ratio": value, "low": low, "high": high, "p_value": p_value})
        made.append((difference, parts))
    return json.loads(json.dumps(plain(found))), made


@given(st.integers(0, 2**32 - 1), st.integers(1, 12))
@settings(deadline=None)
def test_an_adjusted_interval_follows_from_what_is_stored(seed, rows):
    stored, made = table(np.random.default_rng(seed), rows)
    p_values = [row["p_value"] for row in stored]
    confidences = holm_confidences(p_values, 0.95)
    found = adjusted_ratios(stored)
    np.testing.assert_allclose([row["p_adjusted"] for row in found], holm(p_values))
    for row, (difference, parts), confidence in zip(
        found, made, confidences, strict=True
    ):
        half, _ = student_interval(difference, parts, confidence)
        np.testing.assert_allclose(
            np.log([row["adjusted_low"], row["adjusted_high"]]),
            [difference - half, difference + half],
            rtol=1e-6,
            atol=1e-6 * half,
        )


def excludes(row, null):
    _, low, high = ends(row)
    return bool(low > null or high < null)


@given(st.integers(0, 2**32 - 1), st.integers(1, 12))
@settings(deadline=None)
def test_what_is_decided_has_an_interval_without_the_null_and_the_reverse(seed, rows):
    stored, _ = table(np.random.default_rng(seed), rows)
    for row in adjusted_ratios(stored):
        decided = shown(row, 1) != "unclear"
        assert decided == excludes(row, 1) == (row["p_adjusted"] <= LEVEL)
    cases = [row | {"value": row.pop("ratio")} for row in stored]
    for case in by_ratio([dict(case) for case in cases]):
        assert (case["shows"] != "unclear") == excludes(case, 1)
        assert (case["shows"] == "claim") == (case["adjusted_low"] > 1)
    for case in by_bounds([dict(case) for case in cases], 1.1, 1):
        # As wide as if each were the first of Holm's steps, or wider.
        assert case["adjusted_low"] <= case["low"] or rows == 1
        shows = "claim" if case["adjusted_high"] <= 1.1 else "unclear"
        if shows == "unclear" and case["adjusted_low"] > 1:
            shows = "opposite"
        assert case["shows"] == shows


MEASURES = ("l1_ratio", "elementwise_mean")
LATE = (None, None, 0, 0.3, 1, -1, 3, -3)


@pytest.fixture(scope="module", params=enumerate(LATE), ids=str)
def planted_tables(request):
    """How strong an effect of depth is, and the tables of such a network; None for one
    without any, in which depth and size have orders of their own."""
    seed, late = request.param
    rng = np.random.default_rng(seed)
    if late is None:
        networks = equal_networks(rng, seeds=2, records=2)
    else:
        networks = planted(rng, late=late).recordings
    found = {
        "depth_effect": {
            m: depth_effect(networks, m, n_permutations=999) for m in MEASURES
        },
        "block_effect": {m: block_effect(networks, m) for m in MEASURES},
    }
    return late, {
        key: {m: plain(table.to_dict("records")) for m, table in of.items()}
        for key, of in found.items()
    }


def drawn(figure):
    """Whether each mark of a figure is filled, with the ends of its line, and the
    value without an effect."""
    for axis, null in zip(figure.axes, (0, 1), strict=True):
        marks = [line for line in axis.lines if len(line.get_xdata()) > 2]
        for lines, filled in zip(axis.collections, marks[1::2], strict=True):
            for segment, x in zip(
                lines.get_segments(), filled.get_xdata(), strict=True
            ):
                ends = segment[:, 0] if len(segment) else (np.nan, np.nan)
                yield bool(np.isfinite(x)), *ends, null


def test_marks_and_lines_of_the_figure_agree(planted_tables):
    """A filled mark is on a line that does not reach "no effect", and the reverse."""
    late, tables = planted_tables
    old = json.loads(json.dumps(tables))
    for rows in old["block_effect"].values():
        for row in rows:
            for name in OLD:
                del row[name]
    for given_rows in (tables, old):
        found = list(drawn(depth_effects(given_rows)))
        assert len(found) == 2 * (4 + 3)
        for filled, low, high, null in found:
            assert filled == (low > null or high < null)
        assert any(filled for filled, *_ in found) or abs(late or 0) < 1
        assert not all(filled for filled, *_ in found)


@given(st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=50)
def test_sentences_agree_with_the_interval_in_them(seed):
    rows, _ = table(np.random.default_rng(seed), 3)
    said = late_to_early({"block_effect": {"l1_ratio": rows}}, "l1_ratio")
    decided = excludes(adjusted_ratios(rows)[0], 1)
    assert ("no clear difference" in said) != decided
    assert "adjusted 95 % interval" in said


def test_a_page_of_an_old_file_says_what_is_not_adjusted():
    path = ROOT / "benchmarks" / "learning_dynamics_digits" / "results.json"
    results = json.loads(path.read_text())
    for rows in results["depth_effect"].values():
        for row in rows:
            for name in OLD:
                row.pop(name, None)
    said = answer(results)
    assert any("are not adjusted" in doubt for doubt in said.doubts)
    assert any("95 % interval, not adjusted," in line for line in said.lines)
    for rows in results["depth_effect"].values():
        for row in rows:
            row["adjusted_low"], row["adjusted_high"] = -1.0, 1.0
    said = answer(results)
    assert not any("not adjusted" in text for text in (*said.lines, *said.doubts))
