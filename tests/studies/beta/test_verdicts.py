"""Verdicts of a whole study, from the rows of its trained models."""

import copy
import json

import numpy as np
import pytest
from conftest import ROOT

from tfrwc.studies.beta.certainty import CANNOT_TELL, FEWEST_SEEDS, why_not
from tfrwc.studies.beta.findings import answer, findings
from tfrwc.studies.beta.measures import MEASURES
from tfrwc.studies.beta.verdicts import DYING, END, FINITE, decided

DONE = {"members": 30, "still_falling": 0, "largest_gain": 0.001}
OPTIMUM = {
    **{"measure": "log_q", "exact": 1.2, "trained": 1.25, "low": 1.1, "high": 1.3},
    **{"contains_exact": True, "relative_error": 0.04},
}


# Scores of `clear` that are not best at an end.
BETWEEN = len(MEASURES) - 2


def study(of_worlds, of_images, live=None, **part):
    """Results of a study.

    Args:
        of_worlds, of_images: values (worlds, betas, seeds), of log q, and (measures,
            betas, seeds), more is better.
        live: latents (betas, seeds); None for none that dies.
        **part: what else the parts have; by default that trainings had converged.
    """
    part = part or {"convergence": DONE}

    def rows(values):  # by name, (betas, seeds)
        betas, seeds = next(iter(values.values())).shape
        return [
            {"beta": 2.0**i, "seed": s} | {n: v[i, s] for n, v in values.items()}
            for i in range(betas)
            for s in range(seeds)
        ]

    worlds = [
        {"formula": "x = f(s)", "optimum": OPTIMUM, "trained": rows({"log_q": v})}
        for v in of_worlds
    ]
    scores = {
        name: sign * values
        for (name, sign), values in zip(MEASURES.items(), of_images, strict=True)
    }
    if live is None:
        live = np.full(of_images.shape[1:], 5)
    return {
        "true_decoder": [linear(world | part) for world in worlds],
        "nonlinear": [world | part for world in worlds],
        "images": {"rows": rows(scores | {"live_latents": live})} | part,
    }


def linear(world):
    """The same world, whose exact curve is the mean of the trained models'."""
    betas = sorted({row["beta"] for row in world["trained"]})
    means = [
        np.mean([r["log_q"] for r in world["trained"] if r["beta"] == b]) for b in betas
    ]
    return world | {"cosine": 0.6, "reference": {"beta": betas, "log_q": means}}


def noise(rng, shape):
    """Values that do not depend on β: neighbours alike, tails heavy."""
    values = rng.standard_t(3, shape)
    values[:, 1:] += 0.8 * values[:, :-1]
    return values + 3 * rng.normal(size=(shape[0], 1, shape[2]))


def kinds(results):
    results = decided(results)
    worlds = [*results["true_decoder"], *results["nonlinear"]]
    verdicts = [world["verdict"] for world in worlds] + results["images"]["verdicts"]
    return [verdict["kind"] for verdict in verdicts]


def test_a_study_of_what_does_not_depend_on_beta_cannot_tell():
    """100 studies of 5 to 20 seeds and 5 to 12 β, each with 12 questions. At most one
    in 20 may tell anything; fewer than one in 100 does."""
    rng = np.random.default_rng(0)
    told = 0
    for repeat in range(100):
        betas, seeds = rng.integers(5, 13), rng.integers(5, 21)
        of_worlds = noise(rng, (2, betas, seeds))
        results = study(of_worlds, noise(rng, (len(MEASURES), betas, seeds)))
        told += set(kinds(results)) != {CANNOT_TELL}
        if repeat == 0:
            said = answer(decided(results))
            assert said.sentence.startswith("Cannot tell which β is best for trained")
            assert "over" in said.sentence
            assert said.sentence.endswith("For images: cannot tell.")
            assert "which β is best by any score (over" in said.lines[-1]
            assert said.doubts == ()
    assert told <= 5


def clear(seeds=FEWEST_SEEDS):
    """Values of worlds and of images with an optimum, but for the first and the last
    two scores, which are best at an end."""
    rng = np.random.default_rng(0)
    effect = 50 * np.array([[0, 1, 3, 1, 0]]).T
    of_worlds = effect + rng.normal(size=(2, 5, seeds))
    of_images = effect + rng.normal(size=(len(MEASURES), 5, seeds))
    of_images[0] += 9 * effect.max() * np.arange(5)[::-1, None]
    of_images[-1] += 9 * effect.max() * np.arange(5)[:, None]
    return of_worlds, of_images


def test_clear_optima_and_ends_are_told():
    results = decided(study(*clear()))
    found = [world["verdict"] for world in results["true_decoder"]]
    found += results["images"]["verdicts"]
    assert [v["kind"] for v in found] == (
        [FINITE] * 2 + [END] + [FINITE] * BETWEEN + [END]
    )
    best = [4] * 2 + [1] + [4] * BETWEEN + [16]
    assert [v["best_beta"] for v in found] == best
    assert all(v["told_apart"] and v["p_adjusted"] < 0.05 for v in found)
    assert {v["why"] for v in found} == {""}
    said = answer(results)
    assert said.sentence == (
        "Trained models infer the factors best at β = 1.250 and 1.250 in linear worlds "
        "whose columns have cosine 0.6 and 0.6; by exact theory it is 1.200 and 1.200. "
        f"For images {BETWEEN} of {len(MEASURES)} scores have a best β at which no "
        "latent has died."
    )


def test_a_latent_that_dies_with_one_seed_is_no_finite_optimum():
    live = np.full((5, FEWEST_SEEDS), 5)
    live[2, 1] = 4
    results = decided(study(*clear(), live))
    found = results["images"]["verdicts"]
    assert [v["kind"] for v in found] == [END] + [DYING] * BETWEEN + [END]
    assert found[1]["live_below_best"] == 5
    assert found[1]["live_at_best"] == pytest.approx(4.8)
    said = (
        f"of {len(MEASURES)}, {BETWEEN} are best where latents have died, 2 at an end"
    )
    assert said in answer(results).sentence


def no_verdict(results, why):
    results = decided(results)
    worlds = [*results["true_decoder"], *results["nonlinear"]]
    verdicts = [world["verdict"] for world in worlds] + results["images"]["verdicts"]
    for verdict in verdicts:
        assert verdict["kind"] == CANNOT_TELL
        assert verdict["best_beta"] is None
        assert verdict["p_adjusted"] is None
        assert why in verdict["why"]


@pytest.mark.parametrize("seeds", range(1, FEWEST_SEEDS))
def test_few_seeds_are_too_few_however_clear_it_looks(seeds):
    no_verdict(study(*clear(seeds)), f"too few seeds to tell: {seeds} with")


def test_a_seed_that_lacks_a_beta_is_none():
    results = study(*clear())
    for world in results["nonlinear"]:  # whose rows are those of the linear ones, too
        world["trained"].pop()
    results["images"]["rows"].pop()
    no_verdict(results, "too few seeds to tell: 4 with a model at each β")


def test_one_training_that_went_on_is_one_too_many():
    going_on = {"convergence": DONE | {"still_falling": 1}}
    no_verdict(study(*clear(), **going_on), "1 of 30 trainings had not converged")


def test_errors_of_training_make_no_beta_the_worst():
    """The least β is no worse than the others but for what training misses there."""
    values = np.array([0, 0.001, 0.002, 0.001])[:, None] + 1e-5 * np.eye(4, 6)
    [world] = study(values[None], np.zeros((len(MEASURES), 4, 6)))["true_decoder"]
    assert not why_not(world)
    for row in world["trained"]:
        row["log_q"] -= 5 * (row["beta"] == 1)
    assert "5 nats short of the exact curve" in why_not(world)


def test_what_was_not_recorded_is_not_taken_for_convergence():
    results = decided(study(*clear(), origin="an earlier version"))
    for verdict in results["images"]["verdicts"]:
        assert "had converged was not recorded" in verdict["why"]
    # What is exact shows it in linear worlds.
    assert results["true_decoder"][0]["verdict"]["kind"] == FINITE
    assert results["nonlinear"][0]["verdict"]["kind"] == CANNOT_TELL


@pytest.mark.parametrize("lost", [None, "infinity", float("nan")])
def test_a_score_that_is_lost_is_not_told_of(lost):
    results = study(*clear())
    results["images"]["rows"][7]["mig"] = lost
    found = {v["measure"]: v for v in decided(results)["images"]["verdicts"]}
    assert found["mig"]["kind"] == CANNOT_TELL
    assert "not a number with every model" in found["mig"]["why"]
    assert found["sap"]["kind"] == FINITE


def test_results_of_an_earlier_version_are_decided_anew():
    """Their verdicts are replaced, the rest stays; what is decided stays as it is."""
    path = ROOT / "benchmarks" / "optimal_beta" / "results.json"
    stored = json.loads(path.read_text(encoding="utf-8"))
    old = copy.deepcopy(stored)
    for part in (*old["true_decoder"], *old["nonlinear"]):
        part.pop("verdict", None)
        part["optimum"]["non_monotonic"] = True
    old["images"]["verdicts"] = [
        {"measure": "mig", "kind": FINITE, "best_beta": 2.0, "inside": 0.67}
    ]
    again = decided(old)
    measured = [name for name in MEASURES if name in stored["images"]["rows"][0]]
    assert [v["measure"] for v in again["images"]["verdicts"]] == measured
    assert again["images"]["rows"] == stored["images"]["rows"]
    assert decided(again) == again
    assert findings(old) == findings(stored)
