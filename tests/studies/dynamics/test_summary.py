"""Claims decided from planted trials."""

import numpy as np
import pytest
from studies.dynamics.planted import planted, tasks

from tfrwc.studies.dynamics.outcome import Evidence
from tfrwc.studies.dynamics.summary import decide
from tfrwc.studies.dynamics.verdicts import CLAIMS, register


def decided(outcomes):
    """The verdict on each claim, by its name."""
    claims = decide(Evidence.of_outcomes(outcomes))
    names = {claim.text: name for name, claim in CLAIMS.items()}
    return {names[claim["claim"]]: claim["verdict"] for claim in claims}


def claim_of(name, outcomes):
    """One claim, without the comparisons that only harder tasks need."""
    return CLAIMS[name].decide(Evidence(outcomes, {}))


def test_planted_effects_are_found():
    verdicts = decided(tasks(np.random.default_rng(0), (1, 2, 3, 4)))
    groups = verdicts.pop("same_groups")
    assert groups in ("supported", "not supported")
    planted_or_not = {
        "later_layers": "supported",
        "size_of_layers": "supported",
        "same_trends": "supported",
        # The late third changes more than the middle one on easy tasks too.
        "easy_tasks": "not supported",
        "harder_tasks, these tasks": "supported",
        # Four tasks in perfect order have p = 1/24.
        "harder_tasks, tasks in general": "supported",
        "kinds_of_layers": "not testable here",
        "accuracies": "not testable here",
    }
    assert verdicts | planted_or_not == verdicts


def test_the_opposite_effects_are_found():
    outcomes = tasks(np.random.default_rng(1), (-1, -2, -3, -4))
    later = claim_of("later_layers", outcomes)
    assert {case["shows"] for case in later["cases"]} == {"opposite"}
    assert claim_of("easy_tasks", outcomes)["verdict"] == "supported"
    evidence = Evidence.of_outcomes(outcomes)
    harder = CLAIMS["harder_tasks, these tasks"].decide(evidence)
    assert [case["shows"] for case in harder["cases"]] == ["opposite"]


@pytest.mark.parametrize("seed", range(6))
def test_cases_are_clear_where_their_intervals_are(seed):
    late = np.random.default_rng(seed).normal(0, 0.4, 4)
    outcomes = tasks(np.random.default_rng(seed + 100), late)
    cases = claim_of("later_layers", outcomes)["cases"]
    for case in cases:
        low, high = case["adjusted_low"], case["adjusted_high"]
        assert low <= case["low"] <= case["value"] <= case["high"] <= high
        assert (case["shows"] == "claim") == (low > 1)
        assert (case["shows"] == "opposite") == (high < 1)
        assert (case["shows"] == "unclear") == (case["p_adjusted"] > 0.05)


def test_no_claim_of_depth_is_supported_without_an_effect():
    # Each of 20 sets errs with a probability of at most 0.05 by Holm's method; more
    # than 4 of them with one of at most 0.0026.
    wrong = [
        claim_of("later_layers", tasks(np.random.default_rng(seed), (0, 0, 0, 0)))
        for seed in range(100, 120)
    ]
    shows = [any(c["shows"] != "unclear" for c in claim["cases"]) for claim in wrong]
    assert sum(shows) <= 4
    assert {claim["verdict"] for claim in wrong} == {"not supported"}


def test_trends_of_the_seed_alone_are_no_trends_of_the_network():
    outcomes = [planted(np.random.default_rng(seed), shapes=False) for seed in range(4)]
    found = claim_of("same_trends", outcomes)
    assert found["verdict"] == "not supported"


def test_networks_that_learned_nothing_say_nothing():
    outcomes = tasks(np.random.default_rng(0), (1, 2, 3, 4))
    for outcome in outcomes:
        outcome.results["accuracy"]["per_seed"]["1"] = 0.15
    assert not Evidence.of_outcomes(outcomes).comparisons
    names = ("later_layers", "easy_tasks", "size_of_layers")
    for name in (*names, "harder_tasks, these tasks"):
        assert claim_of(name, outcomes)["verdict"] == "not testable here"


def test_a_claim_of_a_users_own_is_decided_with_the_others():
    @register("mine", "Networks are networks.", paper="mine", test="None.", place=99)
    def mine(evidence):
        return [outcome.case() | {"shows": "claim"} for outcome in evidence.outcomes]

    outcomes = tasks(np.random.default_rng(0), (1, 2, 3, 4))
    try:
        *_, last = decide(Evidence.of_outcomes(outcomes))
    finally:
        CLAIMS.unregister("mine")
    assert last["claim"] == "Networks are networks."
    assert last["verdict"] == "supported"
