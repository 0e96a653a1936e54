"""The figure and the sentences of recognition: no best β that was not found."""

import json

import numpy as np
import pytest
from conftest import ROOT

from tfrwc.studies.beta.figures.recognition import caption, recognition
from tfrwc.studies.beta.findings import findings
from tfrwc.studies.beta.measures import LABELS, PARTS
from tfrwc.studies.beta.page import write_report
from tfrwc.studies.beta.sayings import beside_baselines, encoders
from tfrwc.studies.beta.verdicts import decided

BETAS = 2.0 ** np.arange(-2, 4)
ORANGE = "#D55E00"
MEASURED = (
    *("recognised_half", "recognised_between", "recognised_beyond"),
    *("recognised_combined", *(f"recognised_from_{n}" for n in LABELS)),
)


def study(seeds, converged=True, best=1.0):
    """Results of images whose recognition is best at a β."""
    rng = np.random.default_rng(0)

    def row(beta, seed, height):
        values = dict.fromkeys(("recognition", "disentanglement"), height)
        shares = dict(zip(PARTS, [0.1, 0.5, 0.2, 0.1, 0.1], strict=True))
        return (
            {"beta": beta, "seed": seed, "live_latents": 5, "log_likelihood": -beta}
            | dict.fromkeys(MEASURED, height)
            | {name: v + 0.01 * rng.normal() for name, v in values.items()}
            | {f"from_{part}": share for part, share in shares.items()}
        )

    rows = [
        row(beta, seed, 0.8 - 0.05 * np.log2(beta / best) ** 2)
        for beta in BETAS
        for seed in range(seeds)
    ]
    told = {"baseline": "supervised", "converged": converged, "recognition": 0.95}
    images = {
        "rows": rows,
        "convergence": {"members": 6, "still_falling": 0, "largest_gain": 0.0},
        "baselines": [row(1, 0, 0.95) | told],
        "theory": {"seeds": list(range(seeds)), "betas": [1.1] * (seeds - 1) + [1.3]},
    }
    return decided({"true_decoder": [], "nonlinear": [], "images": images})


def orange(axis):
    lines = [line for line in axis.lines if line.get_color() == ORANGE]
    spans = [p for p in axis.patches if p.get_label().startswith("best β, 95")]
    return len(lines), len(spans)


def test_the_figure_shows_the_best_beta_and_the_theory():
    results = study(6)
    top, scores, few, variance = recognition(results).axes
    assert orange(top) == (1, 1)
    assert orange(scores) == (1, 0)
    assert top.get_title().endswith("finite best β? yes")
    assert scores.get_title().endswith("the same best β? yes")
    [span] = [p for p in top.patches if "theory" in p.get_label()]
    low, high = span.get_x(), span.get_x() + span.get_width()
    assert (low, high) == (pytest.approx(1.1), pytest.approx(1.3))
    labels = [text.get_text() for text in top.get_legend().get_texts()]
    assert "told all shapes: 0.95" in labels
    assert [t.get_text() for t in few.get_legend().get_texts()] == [
        *("10 labels", "100 labels", "1,000 labels", "chance: 0.33")
    ]
    assert "best β by the scores: 1" in [
        text.get_text() for text in scores.get_legend().get_texts()
    ]
    assert all(axis.get_ylabel() for axis in (top, scores, few, variance))
    assert [t.get_text() for t in variance.get_legend().get_texts()] == list(PARTS)
    assert "finite best β? Yes: β = " in caption(results)


@pytest.mark.parametrize("seeds", [1, 4])
def test_nothing_is_drawn_that_was_not_found(seeds):
    results = study(seeds)
    top, scores, *_ = recognition(results).axes
    assert orange(top) == orange(scores) == (0, 0)
    assert top.get_title().endswith("cannot tell")
    assert "too few seeds to tell" in caption(results)
    [said] = beside_baselines(results)
    assert said.startswith("Cannot tell how recognition is beside baselines (too few")


def test_results_of_before_have_no_such_figure():
    rows = [{"beta": b, "seed": 0, "mig": 0.1, "live_latents": 5} for b in BETAS]
    old = {"true_decoder": [], "nonlinear": [], "images": {"rows": rows}}
    results = decided(old)
    assert recognition(results) is None
    assert beside_baselines(results) == []
    assert encoders(results["images"]) == []


def test_what_is_said_beside_baselines():
    [said] = beside_baselines(study(6))
    assert "β-VAEs recognise 0.36 to 0.80, by β; told all shapes 0.95" in said
    [said] = beside_baselines(study(6, converged=False))
    assert "(baselines had not converged: told all shapes with seed 0)" in said


def test_the_page_shows_them(tmp_path):
    """Beside the worlds and scores of the results that are kept."""
    path = ROOT / "benchmarks" / "optimal_beta" / "results.json"
    results = json.loads(path.read_text(encoding="utf-8"))
    planted = study(5)["images"]
    new = {(row["beta"], row["seed"]): row for row in planted["rows"]}
    rows = [new[row["beta"], row["seed"]] | row for row in results["images"]["rows"]]
    for row in rows:
        row["disentanglement"] = new[row["beta"], row["seed"]]["disentanglement"]
    results["images"] |= planted | {"rows": rows}
    page = write_report(results, {}, tmp_path).read_text(encoding="utf-8")
    assert "Does recognising shapes have a finite best β? Yes: β = " in page
    assert '<td class="text">told all shapes</td>' in page
    assert "new com-<br>binations" in page
    assert (tmp_path / "figures" / "recognition.png").exists()
    said = findings(results)
    assert any(line.startswith("Of shapes where they were not seen") for line in said)


def test_the_table_has_a_row_for_each_beta_and_baseline():
    images = study(6)["images"]
    images["rows"][0]["recognised_half"] = None  # of a training that diverged
    rows = encoders(images)
    names = [f"β = {beta:g}" for beta in BETAS]
    assert [name for name, _ in rows] == [*names, "told all shapes"]
    assert {len(means) for _, means in rows} == {8}
    assert rows[0][1][0] is None
    assert rows[-1][1][0] == pytest.approx(0.95)
