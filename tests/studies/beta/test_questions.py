"""The answers on recognition: planted ones are found, and where there is none nothing
is told."""

import numpy as np
import pytest

from tfrwc.studies.beta.certainty import CANNOT_TELL
from tfrwc.studies.beta.questions import NO, YES, questions
from tfrwc.studies.beta.sayings import recognising
from tfrwc.studies.beta.verdicts import decided

DONE = {"members": 30, "still_falling": 0, "largest_gain": 0.001}
BETAS = 2.0 ** np.arange(-2, 4)


def study(recognition, disentanglement, theory, convergence=DONE):
    """Results of images, of values (betas, seeds) and best β (seeds,)."""
    seeds = recognition.shape[1]
    rows = [
        {"beta": beta, "seed": s, "live_latents": 5}
        | {"recognition": recognition[i, s], "disentanglement": disentanglement[i, s]}
        | {"log_likelihood": -beta}
        for i, beta in enumerate(BETAS)
        for s in range(seeds)
    ]
    fitted = {"seeds": list(range(seeds)), "betas": list(theory)}
    images = {"rows": rows, "convergence": convergence, "theory": fitted}
    return decided({"true_decoder": [], "nonlinear": [], "images": images})


def hill(rng, best, seeds, noise=0.02):
    """Values that are highest about a β, and of each seed a little elsewhere."""
    centre = np.log2(best) + 0.1 * rng.normal(size=seeds)
    heights = 0.8 - 0.05 * (np.log2(BETAS)[:, None] - centre) ** 2
    return heights + noise * rng.normal(size=(len(BETAS), seeds)) / 3


def answers(results):
    return [one["answer"] for one in questions(results["images"])]


@pytest.mark.parametrize(
    ("of_scores", "of_theory", "expected"),
    [
        (1.0, 1.0, [YES, YES, YES]),
        (4.0, 1.0, [YES, NO, YES]),
        (1.0, 6.0, [YES, YES, NO]),
        (0.9, 0.05, [YES, YES, NO]),
    ],
)
@pytest.mark.parametrize("seed", range(3))
def test_planted_answers_are_found(of_scores, of_theory, expected, seed):
    rng = np.random.default_rng(seed)
    theory = of_theory * np.exp(0.05 * rng.normal(size=6))
    results = study(hill(rng, 1.0, 6), hill(rng, of_scores, 6), theory)
    assert answers(results) == expected
    finite, scores, fitted = questions(results["images"])
    assert finite["low"] < finite["value"] < finite["high"]
    assert finite["low"] < 1.2
    assert finite["high"] > 0.8
    assert scores["low"] * 0.7 < 1 / of_scores < scores["high"] * 1.4
    assert fitted["low"] * 0.7 < 1 / of_theory < fitted["high"] * 1.4
    first, *_ = recognising(results)
    assert first.startswith("Does recognising shapes have a finite best β? Yes: β = ")


def test_between_the_same_and_another_it_cannot_be_told():
    """Seeds whose ratios scatter about two: neither within a factor of it, nor away."""
    rng = np.random.default_rng(0)
    theory = np.array([0.3, 3.0, 1.0, 0.4, 2.5, 1.2])
    results = study(hill(rng, 1.0, 6), hill(rng, 1.0, 6), theory)
    assert answers(results) == [YES, YES, CANNOT_TELL]
    *_, fitted = questions(results["images"])
    assert fitted["low"] < 0.5 < 2 < fitted["high"]
    assert "has 1 in it, and more than a factor of two" in recognising(results)[2]


def test_what_does_not_depend_on_beta_is_not_answered():
    """100 studies of 5 to 20 seeds; at most one in 20 may answer anything, and fewer
    than one in 100 does."""
    rng = np.random.default_rng(1)
    told = 0
    for _ in range(100):
        seeds = int(rng.integers(5, 21))
        noise = rng.standard_t(3, (2, len(BETAS), seeds))
        noise += 3 * rng.normal(size=(2, 1, seeds))
        theory = np.exp(rng.normal(size=seeds))
        told += set(answers(study(*noise, theory))) != {CANNOT_TELL}
    assert told <= 5


@pytest.mark.parametrize(
    ("seeds", "convergence", "why"),
    [
        (4, DONE, "too few seeds to tell"),
        (6, DONE | {"still_falling": 1}, "1 of 30 trainings had not converged"),
    ],
)
def test_nothing_is_told_of_too_few_or_unfinished_trainings(seeds, convergence, why):
    rng = np.random.default_rng(0)
    results = study(
        hill(rng, 1.0, seeds), hill(rng, 1.0, seeds), np.ones(seeds), convergence
    )
    assert answers(results) == [CANNOT_TELL] * 3
    said = recognising(results)
    assert why in said[0]
    assert all("Cannot tell" in line for line in said)
    assert "no best β of recognition is known" in said[1]


def test_an_end_is_no_finite_best_beta():
    rng = np.random.default_rng(0)
    falling = -np.arange(6.0)[:, None] + 0.01 * rng.normal(size=(6, 6))
    results = study(falling, hill(rng, 1.0, 6), np.ones(6))
    assert answers(results) == [NO, CANNOT_TELL, CANNOT_TELL]
    assert "No: recognition is best at an end of the range." in recognising(results)[0]


def test_without_a_best_beta_of_scores_or_theory_there_is_nothing_to_compare():
    rng = np.random.default_rng(0)
    flat = rng.normal(size=(6, 6))
    results = study(hill(rng, 1.0, 6), flat, [1.0, None, 1, 1, 1, 1])
    assert answers(results) == [YES, CANNOT_TELL, CANNOT_TELL]
    said = recognising(results)
    assert "no best β of the mean of the disentanglement scores is known" in said[1]
    assert "no best β of the theory is known" in said[2]


def test_results_of_before_say_nothing_of_recognition():
    images = {"verdicts": [{"measure": "mig"}]}
    assert questions(images) == []
    assert recognising({"images": images}) == []
