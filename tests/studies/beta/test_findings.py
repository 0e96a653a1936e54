"""What is said of a study of β, and what is not."""

import copy
import json

import pytest
from conftest import ROOT

from tfrwc.studies.beta.figures.images import images as draw_images
from tfrwc.studies.beta.figures.inference import inference, nonlinear
from tfrwc.studies.beta.findings import answer, collapsing, findings, optimum
from tfrwc.studies.beta.page import write_report

BEST = {
    "exact": 1.2,
    "trained": 1.25,
    "low": 1.1,
    "high": 1.15,
    "contains_exact": False,
    "non_monotonic": True,
}
DONE = {"members": 30, "still_falling": 1, "largest_gain": 0.02}


@pytest.fixture(scope="module")
def stored():
    path = ROOT / "benchmarks" / "optimal_beta" / "results.json"
    return json.loads(path.read_text())


def of_seeds(results, seeds, convergence=DONE):
    """Results with so many seeds, and trainings that went on so far."""
    results = copy.deepcopy(results)
    parts = [results["images"]]
    for name in ("true_decoder", "learned_decoder", "nonlinear"):
        parts += results[name]
    for part in parts:
        rows = "rows" if "rows" in part else "trained"
        part[rows] = [row for row in part[rows] if row["seed"] < seeds]
        part["convergence"] = convergence
    return results


def world(seeds=3, **best):
    rows = [{"seed": seed} for seed in range(seeds)]
    return {"trained": rows, "optimum": BEST | best, "convergence": DONE}


def test_findings_say_what_was_found():
    said = optimum(world(), "the exact")
    assert "is not monotonic" in said
    assert "best at β = 1.250 when trained" in said
    assert "does not contain the exact 1.200" in said
    collapse = {
        "beta": [1, 2, 4],
        "rates": [[1, 1], [1, 1], [0.5, 0.05]],
        "layers": ["a", "b"],
        "change": [[9, 0.1, 0.2], [0, 0.01, 0.02]],
    }
    said = collapsing(collapse)
    assert (
        "from 2 to 4 and live latents fell from 2 to 1, a changed most (15.0%" in said
    )
    assert said.startswith(
        "Cannot tell which layers change when latents die: one model"
    )
    collapse["rates"] = [[1, 1]] * 3
    assert "none of its latents died" in collapsing(collapse)


@pytest.mark.parametrize("seeds", [1, 2])
def test_few_seeds_cannot_tell_where_a_world_is_best(seeds):
    said = optimum(world(seeds), "the exact")
    assert said.startswith("cannot tell")
    assert "1.25" not in said
    assert "1.200" in said  # which is exact, whatever was trained


def test_a_best_beta_at_an_end_was_not_found():
    said = optimum(world(non_monotonic=False), "the exact")
    assert "no best one was found" in said
    assert "1.25" not in said


GOING_ON = {"members": 30, "still_falling": 20, "largest_gain": 0.5}


@pytest.mark.parametrize(
    ("seeds", "convergence", "why"),
    [
        (1, DONE, "1 seed for each β, where 3 or more are needed"),
        (2, DONE, "2 seeds for each β, where 3 or more are needed"),
        (5, GOING_ON, "20 of 30 trainings had not converged"),
        (1, GOING_ON, "1 seed for each β"),
    ],
)
def test_what_needs_repeats_is_not_told_without(
    stored, seeds, convergence, why, tmp_path
):
    results = of_seeds(stored, seeds, convergence)
    first, *lines = findings(results)
    assert first.startswith("Cannot tell")
    assert why in first
    assert first.endswith("For images: cannot tell.")
    for line in lines:
        assert "cannot tell" in line.lower(), line
    said = " ".join(findings(results))
    for part in ("true_decoder", "nonlinear"):
        for one in results[part]:
            assert f"{one['optimum']['exact']:.3f}" in said
            assert f"{one['optimum']['trained']:.3f}" not in said
    page = write_report(results, {}, tmp_path).read_text()
    body = page[page.index('<p class="sentence">') :]
    assert body.startswith('<p class="sentence">Cannot tell which β is best')
    for one in results["true_decoder"] + results["nonlinear"]:
        assert f"{one['optimum']['trained']:.3f}" not in page


@pytest.mark.parametrize("short", [0.0, 0.01, 0.03, 1.0])
def test_what_falls_short_of_the_exact_curve_had_not_converged(stored, short):
    results = copy.deepcopy(stored)
    for one in results["true_decoder"]:
        for row in one["trained"]:
            row["log_q"] -= short
    first = findings(results)[0]
    assert first.startswith("Cannot tell") == (short > 0.02)
    assert ("nats short of the exact curve" in first) == (short > 0.02)


def test_an_objective_far_from_the_exact_one_had_not_converged(stored):
    results = copy.deepcopy(stored)
    results["learned_decoder"][1]["largest_error"]["objective"] = 0.05
    said = " ".join(findings(results))
    assert "learned decoder: cannot tell how near" in said
    assert "miss the exact objective by 5.0%" in said


def best_lines(results):
    """What is drawn in orange: intervals of worlds, best β of scores."""
    worlds = [*inference(results).axes, *nonlinear(results).axes]
    spans = [patch for axis in worlds for patch in axis.patches]
    colours = [line for axis in draw_images(results).axes for line in axis.lines]
    return spans, [line for line in colours if line.get_color() == "#D55E00"]


def test_no_best_beta_is_drawn_that_was_not_found(stored):
    assert best_lines(of_seeds(stored, 1)) == ([], [])
    assert best_lines(of_seeds(stored, 5, GOING_ON)) == ([], [])
    spans, lines = best_lines(of_seeds(stored, 5))
    assert len(spans) == 6
    # The likelihood and the error are best at an end: nothing was found.
    assert len(lines) == 6


def test_seeds_that_disagree_on_a_score_are_said_to(stored):
    results = of_seeds(stored, 5)
    [mig] = [v for v in results["images"]["verdicts"] if v["measure"] == "mig"]
    mig["inside"] = 0.6
    said = " ".join(findings(results))
    assert (
        "cannot tell whether MIG has a best β inside the range: seeds disagree" in said
    )
    assert len(best_lines(results)[1]) == 5


def test_enough_seeds_that_have_converged_are_told(stored):
    first, *lines = findings(of_seeds(stored, 5))
    assert first.startswith("Trained models infer the factors best at β = 0.997, 1.210")
    assert "cannot tell" not in " ".join(lines[:-1]).lower()
    assert len(answer(of_seeds(stored, 5)).doubts) == 1


def test_of_an_earlier_file_it_is_not_known_whether_trainings_converged(stored):
    old = copy.deepcopy(stored)
    for part in (*old["nonlinear"], old["images"]):
        part.pop("convergence", None)
    said = answer(old)
    assert any("had converged is not in this file" in doubt for doubt in said.doubts)
