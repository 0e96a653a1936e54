"""Best β by paired tests: errors at the stated rate, and power, in simulations."""

import numpy as np
import pytest
from scipy.stats import ttest_rel

from tfrwc.studies.beta.paired import LEVEL, best_places

# Scores, β and seeds of a study.
STUDIES = [(1, 5, 5), (8, 6, 5), (3, 12, 8), (6, 8, 20)]


def neighbours_alike(values, correlation):
    """Values (…, betas, seeds) that follow each other over β, with the same spread."""
    found = values.copy()
    own = np.sqrt(1 - correlation**2)
    for i in range(1, values.shape[-2]):
        found[..., i, :] = correlation * found[..., i - 1, :] + own * values[..., i, :]
    return found


# Values (scores, betas, seeds) whose distribution is the same at each β.
INDIFFERENT = {
    "normal": lambda rng, shape: rng.normal(size=shape),
    "two degrees of freedom": lambda rng, shape: rng.standard_t(2, shape),
    "Cauchy": lambda rng, shape: rng.standard_cauchy(shape),
    "skewed": lambda rng, shape: np.exp(1.5 * rng.normal(size=shape)),
    "skewed to the left": lambda rng, shape: -np.exp(1.5 * rng.normal(size=shape)),
    "some fail": lambda rng, shape: (
        0.1 * rng.normal(size=shape) - (rng.random(shape) < 0.2)
    ),
    "in steps": lambda rng, shape: rng.binomial(3, 0.5, shape) / 3,
    "follow each other": lambda rng, shape: neighbours_alike(
        rng.normal(size=shape), 0.9
    ),
    "follow each other, heavy tails": lambda rng, shape: neighbours_alike(
        rng.standard_t(2, shape), 0.8
    ),
    "seeds differ": lambda rng, shape: (
        rng.normal(size=shape) + 9 * rng.normal(size=(shape[0], 1, shape[2]))
    ),
    "scores alike": lambda rng, shape: (
        0.3 * rng.normal(size=shape) + rng.normal(size=(1, *shape[1:]))
    ),
    "spread that grows": lambda rng, shape: (
        rng.normal(size=shape) * np.geomspace(0.1, 10, shape[1])[:, None]
    ),
}


def share_answered(studies):
    """The share of studies in which any question is answered."""
    answered = [
        any(best.place is not None for best in best_places(list(study)))
        for study in studies
    ]
    return np.mean(answered)


@pytest.mark.parametrize("noise", INDIFFERENT)
def test_of_scores_that_do_not_depend_on_beta_nothing_is_told(noise):
    """100 repeats of each study. The chance of an answer is about 1 in 300, that of a
    false alarm of this test below 1 in 10,000."""
    rng = np.random.default_rng(list(noise.encode()))
    for shape in STUDIES:
        studies = [INDIFFERENT[noise](rng, shape) for _ in range(100)]
        assert share_answered(studies) <= LEVEL, shape


@pytest.mark.parametrize("correlation", [0.0, 0.9])
@pytest.mark.parametrize("shape", [(1, 12, 5), (8, 6, 5), (3, 8, 12)])
def test_the_error_rate_holds_where_all_but_one_beta_are_alike(shape, correlation):
    """The hardest case: the highest of many equal means, against one equal end.

    500 repeats; at a chance of 5 %, more than 40 answers come once in 1,000.
    """
    rng = np.random.default_rng([*shape, int(10 * correlation)])

    def study():
        values = neighbours_alike(rng.normal(size=shape), correlation)
        values[:, 0] -= 50
        return values

    assert share_answered(study() for _ in range(500)) <= 0.08


def places(effect, rng, scores=4, seeds=5, repeats=100):
    """The places that are found of the first score, the others do not depend on β."""
    found = []
    for _ in range(repeats):
        values = rng.normal(size=(scores, len(effect), seeds))
        values += 3 * rng.normal(size=(scores, 1, seeds))
        values[0] += np.array(effect)[:, None]
        found.append(best_places(list(values))[0])
    return found


@pytest.mark.parametrize("seeds", [5, 8, 20])
def test_a_clear_optimum_is_found(seeds):
    """Means that differ by several deviations over seeds."""
    height = {5: 12, 8: 6, 20: 3}[seeds]
    effect = height * np.array([0, 0.3, 0.6, 1, 0.6, 0.3, 0])
    found = places(effect, np.random.default_rng(seeds), seeds=seeds)
    assert sum(best.place == 3 for best in found) >= 80


@pytest.mark.parametrize("end", [0, 6])
def test_of_a_monotone_score_an_end_is_the_best(end):
    effect = 10.0 * np.arange(7)
    found = places(effect[::-1] if end == 0 else effect, np.random.default_rng(end))
    assert {best.place for best in found} <= {end, None}
    assert sum(best.place == end for best in found) >= 80
    assert all(best.told_apart for best in found if best.place is not None)


def test_a_flat_top_is_an_optimum_whose_place_is_not_certain():
    found = places([0, 20, 20, 20, 0], np.random.default_rng(0))
    assert sum(best.place in (1, 2, 3) for best in found) >= 90
    assert np.mean([best.told_apart for best in found]) <= LEVEL
    found = places([0, 10, 25, 10, 0], np.random.default_rng(0))
    assert sum(best.told_apart for best in found) >= 80


def oracle(values):
    """The smallest p-value of a best β, test by test."""

    def wins(i, others):
        tests = [ttest_rel(values[i], values[j], alternative="greater") for j in others]
        return max(test.pvalue for test in tests)

    last = len(values) - 1
    inside = [wins(i, (0, last)) for i in range(1, last)]
    ends = [wins(i, [j for j in range(last + 1) if j != i]) for i in (0, last)]
    return min(1.0, len(values) * min(inside + ends))


def test_p_values_are_those_of_paired_tests_one_by_one():
    rng = np.random.default_rng(0)
    for betas, seeds in ((3, 5), (6, 5), (9, 12)):
        values = rng.normal(size=(betas, seeds)) + rng.normal(size=(betas, 1))
        [alone] = best_places([values])
        assert alone.p_value == pytest.approx(oracle(values))
        # Holm: beside two questions without an answer it counts three times.
        first, *_ = best_places([values, np.zeros((4, 5)), np.zeros((4, 5))])
        assert first.p_value == pytest.approx(min(1, 3 * oracle(values)))


def test_what_seeds_do_to_all_beta_alike_does_not_matter():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(6, 7)) + 5 * np.array([[0, 1, 2, 3, 1, 0]]).T
    [alone] = best_places([values])
    [shifted] = best_places([values + 100 * rng.normal(size=7)])
    [mirrored] = best_places([values[::-1]])
    assert alone.place == shifted.place == 5 - mirrored.place == 3
    assert shifted.p_value == pytest.approx(alone.p_value)
    assert mirrored.p_value == pytest.approx(alone.p_value)


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
def test_differences_that_do_not_vary_count_by_their_signs(scale):
    """As of scores in coarse steps; by Student's test they would be beyond doubt."""
    values = scale * np.array([[0.1, 0.3, 0.2]]).T * np.ones((3, 12))
    values += scale * 0.01 * np.arange(12)  # up to rounding the same differences
    [few], [many] = best_places([values[:, :5]]), best_places([values])
    assert few.place is None
    assert few.p_value == pytest.approx(3 / 2**5)
    assert many.place == 1
    assert many.p_value == pytest.approx(3 / 2**12)


@pytest.mark.parametrize(
    "values",
    [
        None,
        np.array([[0, 9, 0.1], [5, np.nan, 6], [0, 0, 0]]),
        np.array([[0, 9, 0.1], [5, np.inf, 6], [0, 0, 0]]),
        np.zeros((5, 1)),
        np.zeros((1, 5)),
        np.zeros((5, 0)),
    ],
)
def test_where_nothing_can_be_tested_nothing_is_told(values):
    clear = np.random.default_rng(0).normal(size=(3, 9))
    clear[1] += 9
    [alone] = best_places([clear])
    found, beside = best_places([values, clear])
    assert (found.place, found.told_apart) == (None, False)
    assert np.isnan(found.p_value)
    assert beside == alone  # which is not made less certain by it
    assert best_places([]) == []


def test_the_best_is_one_that_was_shown_to_be_better():
    """Not one that owes a higher mean to a single seed."""
    values = np.array(
        [
            [0, 0.1, 0, 0.1, 0],
            [5, 5.1, 5.2, 5, 5.1],
            [-3, 3.1, -9, 3, 60],
            [0, 0.1, 0.1, 0, 0.1],
        ]
    )
    [best] = best_places([values])
    assert values.mean(axis=1).argmax() == 2
    assert best.place == 1
