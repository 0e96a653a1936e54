"""What is measured of codes of objects, where the answer is known."""

import numpy as np
import pytest

from tfrwc.datasets import sprites
from tfrwc.studies.beta.objects import MEASURED, Grid, objects
from tfrwc.studies.beta.scoring import SCORES, all_scores, ranked


@pytest.fixture(scope="module")
def grid():
    data = sprites.generate(size=12)
    return Grid(data.factors, data.seen_factors, data.factor_names)


def units(grid):
    factors = grid.factors
    return (factors - factors.mean(axis=0)) / factors.std(axis=0)


def test_factored_codes(grid):
    codes = np.column_stack([units(grid), np.zeros(len(grid.factors))])
    live = np.array([True] * 5 + [False])
    found = objects(codes, codes, grid, live)
    assert set(found) == set(MEASURED)
    wholly = ("recognition", "recognition_of_draws", "irs", "recognised_half")
    assert [found[name] for name in wholly] == pytest.approx([1] * 4, abs=1e-9)
    few = [found[f"recognised_from_{n}"] for n in (10, 100, 1000)]
    assert few == sorted(few)
    shares = {name: value for name, value in found.items() if name.startswith("from_")}
    assert shares == pytest.approx(
        {
            **{"from_shape": 0.2, "from_position": 0.4, "from_scale": 0.2},
            **{"from_rotation": 0.2, "from_several": 0},
        },
        abs=1e-9,
    )


def test_draws_are_read_apart_from_means(grid):
    """Here the draws know nothing: the means are recognised as before."""
    codes = units(grid)[:, :1]
    noise = np.random.default_rng(0).normal(size=codes.shape)
    found = objects(codes, noise, grid, np.ones(1, bool))
    assert found["recognition"] == 1
    # 11 readouts of 1,152 points and more: 4 errors of the worst of them.
    assert abs(found["recognition_of_draws"] - 1 / 3) < 4 * np.sqrt(2 / 9 / 1152)
    assert found["from_shape"] == 1


def test_what_is_not_finite_is_not_measured(grid):
    codes = units(grid)
    lost = codes.copy()
    lost[3, 1] = np.nan
    live = np.ones(5, bool)
    for pair in ((lost, codes), (codes, lost)):
        found = objects(*pair, grid, live)
        assert set(found) == set(MEASURED)
        assert np.isnan(list(found.values())).all()
    scored = all_scores(lost, grid.factors, live)
    assert np.isnan(list(scored.values())).all()
    assert np.isnan(ranked(np.stack([codes, lost]), np.ones((2, 5), bool))).all()


def test_the_mean_of_the_scores(grid):
    some = np.random.default_rng(0).permutation(len(grid.factors))[:600]
    codes, factors = units(grid)[some], grid.factors[some]
    found = all_scores(codes, factors, np.ones(5, bool))
    assert found["disentanglement"] == np.mean([found[name] for name in SCORES])
    assert 0.9 < found["explicitness"] <= 1


def test_models_are_ranked_among_those_of_their_beta(grid):
    codes = units(grid)
    turned = codes @ np.linalg.qr(np.random.default_rng(0).normal(size=(5, 5)))[0]
    live = np.ones((3, 5), bool)
    same, again, other = ranked(np.stack([codes, -codes, turned]), live)
    assert same == pytest.approx(again)
    assert same > other
    assert np.isnan(ranked(codes[None], live[:1])).all()
