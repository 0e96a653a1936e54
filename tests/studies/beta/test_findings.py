"""What is said of a study of β, and what is not."""

import copy
import json
import math

import pytest
from conftest import ROOT

from tfrwc.studies.beta.figures.images import images as draw_images
from tfrwc.studies.beta.figures.inference import inference, nonlinear
from tfrwc.studies.beta.findings import answer, collapsing, findings, optimum
from tfrwc.studies.beta.page import write_report
from tfrwc.studies.beta.verdicts import END, FINITE, decided, score_has_best

BEST = {
    "exact": 1.2,
    "trained": 1.25,
    "low": 1.1,
    "high": 1.15,
    "contains_exact": False,
}
DONE = {"members": 30, "still_falling": 0, "largest_gain": 0.02}


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


def world(kind=FINITE, why=""):
    verdict = {"kind": kind, "best_beta": 1.0, "why": why}
    return {"optimum": BEST, "verdict": verdict}


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
        "from 2 to 4 and live latents fell from 2 to 1, a changed most (15.0 %" in said
    )
    assert said.startswith(
        "Cannot tell which layers change when latents die: one model"
    )
    collapse["rates"] = [[1, 1]] * 3
    assert "none of its latents died" in collapsing(collapse)


def test_where_it_cannot_be_told_only_what_is_exact_is_said():
    said = optimum(world("cannot tell", "too few seeds"), "the exact")
    assert said.startswith(
        "cannot tell where trained models infer best (too few seeds)"
    )
    assert "1.25" not in said
    assert "1.200" in said  # which is exact, whatever was trained


def test_a_best_beta_at_an_end_was_not_found():
    said = optimum(world(END), "the exact")
    assert "best at an end of the range, β = 1, so that no best β was found" in said
    assert "1.25" not in said


GOING_ON = {"members": 30, "still_falling": 20, "largest_gain": 0.5}
ONE_GOES_ON = {"members": 30, "still_falling": 1, "largest_gain": 0.021}


@pytest.mark.parametrize(
    ("seeds", "convergence", "why"),
    [
        pytest.param(
            *(1, DONE, "too few seeds to tell: 1 with a model at each β, where 5 or"),
            marks=pytest.mark.slow,
        ),
        (4, DONE, "too few seeds to tell: 4 with a model at each β, where 5 or more"),
        (5, GOING_ON, "20 of 30 trainings had not converged"),
        (5, ONE_GOES_ON, "1 of 30 trainings had not converged"),
        pytest.param(
            *(1, GOING_ON, "too few seeds to tell: 1 with"), marks=pytest.mark.slow
        ),
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
    assert "miss the exact objective by 5.0 %" in said


def best_lines(results):
    """What is drawn in orange: intervals of worlds, best β of scores."""
    results = decided(results)
    worlds = [*inference(results).axes, *nonlinear(results).axes]
    spans = [patch for axis in worlds for patch in axis.patches]
    colours = [line for axis in draw_images(results).axes for line in axis.lines]
    return spans, [line for line in colours if line.get_color() == "#D55E00"]


def test_no_best_beta_is_drawn_that_was_not_found(stored):
    assert best_lines(of_seeds(stored, 4)) == ([], [])
    assert best_lines(of_seeds(stored, 5, GOING_ON)) == ([], [])
    results = of_seeds(stored, 5)
    spans, lines = best_lines(results)
    assert len(spans) == 6
    verdicts = decided(results)["images"]["verdicts"]
    assert len(lines) == sum(map(score_has_best, verdicts)) < len(verdicts)


def test_a_score_on_which_seeds_disagree_is_said_to_tell_nothing(stored):
    results = of_seeds(stored, 5)
    for row in results["images"]["rows"]:
        row["mig"] = math.sin(100 * row["beta"] + row["seed"] ** 2)
    said = " ".join(findings(results))
    assert "Images: cannot tell which β is best by MIG" in said
    assert (
        "(over 5 seeds no β inside the range is clearly better than both ends" in said
    )


def test_enough_seeds_that_have_converged_are_told(stored):
    results = of_seeds(stored, 5)
    first, *lines = findings(results)
    best = [f"{world['optimum']['trained']:.3f}" for world in stored["true_decoder"]]
    assert first.startswith(
        f"Trained models infer the factors best at β = {', '.join(best[:2])} and"
    )
    of_worlds = [line for line in lines[:-1] if not line.startswith("Images")]
    assert "cannot tell" not in " ".join(of_worlds).lower()
    assert len(answer(decided(results)).doubts) == 1


def test_of_an_earlier_file_it_is_not_known_whether_trainings_converged(stored):
    old = copy.deepcopy(stored)
    for part in (*old["nonlinear"], old["images"]):
        part.pop("convergence", None)
    lines = findings(old)
    unknown = [line for line in lines if "had converged was not recorded" in line]
    assert len(unknown) == 1 + len(old["nonlinear"])
    assert all("cannot tell" in line for line in unknown)
