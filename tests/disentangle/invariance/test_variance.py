"""Where the variance of codes is from, against answers by hand and by least squares."""

import numpy as np
import pytest

from tfrwc.disentangle import invariance

SIZES = (3, 4, 6, 5)
GRID = np.indices(SIZES).reshape(4, -1).T
UNITS = (GRID - GRID.mean(axis=0)) / GRID.std(axis=0)
SHAPE, SCALE, TURN, PLACE = range(4)


def shares_by_hand():
    """Codes of known shares: sums and products of units have variances that add up."""
    u = UNITS.T
    codes = np.column_stack(
        [
            u[SHAPE],
            3 * u[SHAPE] + 4 * u[PLACE] + 7,
            u[SCALE] * u[PLACE],
            u[SHAPE] * u[TURN] * 2 + u[SHAPE],
            u[SHAPE] * u[SCALE] * u[TURN] * u[PLACE],
            np.full(len(GRID), 0.1),
        ]
    )
    expected = [
        {(0,): 1},
        {(0,): 9 / 25, (3,): 16 / 25},
        {(1, 3): 1},
        {(0, 2): 4 / 5, (0,): 1 / 5},
        {(0, 1, 2, 3): 1},
        {},
    ]
    return codes, expected


def test_shares_of_sums_and_products():
    codes, expected = shares_by_hand()
    found = invariance.variance_shares(codes, GRID)
    assert len(found.terms) == 15
    for shares, known in zip(found.shares.T, expected, strict=True):
        by_term = dict(zip(found.terms, shares, strict=True))
        assert {t: s for t, s in by_term.items() if s > 0} == pytest.approx(known)
    np.testing.assert_allclose(found.variances, codes.var(axis=0), atol=1e-15)
    assert found.variances[-1] == 0
    assert found.of([SHAPE]) == pytest.approx([1, 9 / 25, 0, 1 / 5, 0, 0])
    assert found.of([SHAPE, PLACE]) == pytest.approx([1, 1, 0, 1 / 5, 0, 0])
    assert found.of([SCALE, PLACE]) == pytest.approx([0, 16 / 25, 1, 0, 0, 0])
    assert found.of([TURN], within=[SHAPE]) == pytest.approx([0, 0, 0, 4 / 5, 0, 0])
    assert found.total(SHAPE) == pytest.approx([1, 9 / 25, 0, 1, 1, 0])
    variances = np.array([1, 25, 1, 5, 1, 0])
    assert found.overall(found.of([SHAPE])) == pytest.approx(
        variances @ [1, 9 / 25, 0, 1 / 5, 0, 0] / 33
    )


@pytest.mark.parametrize("seed", range(5))
def test_shares_are_those_of_least_squares(seed):
    """Of random codes, on random sizes, against fits of one dummy for each cell."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(2, 5, 3)
    grid = np.indices(sizes).reshape(3, -1).T
    codes = rng.normal(size=(len(grid), 2)) * [1, 1e-3] + [1e3, 0]
    order = rng.permutation(len(grid))
    found = invariance.variance_shares(codes[order], grid[order] * 10 - 3)
    np.testing.assert_allclose(found.shares.sum(axis=0), 1)

    def explained(*factors):
        cells = np.unique(grid[:, factors], axis=0, return_inverse=True)[1].reshape(-1)
        dummies = np.eye(cells.max() + 1)[cells]
        fitted = dummies @ np.linalg.lstsq(dummies, codes, rcond=None)[0]
        return fitted.var(axis=0) / codes.var(axis=0)

    # Large means cost digits of a fit.
    close = {"rtol": 1e-6, "atol": 1e-8}
    for factors in ([0], [1], [2], [0, 1], [0, 2], [1, 2], [0, 1, 2]):
        np.testing.assert_allclose(found.of(factors), explained(*factors), **close)
    within = explained(0, 2) - explained(0)
    np.testing.assert_allclose(found.of([2], within=[0]), within, **close)
    total = 1 - explained(0, 2)
    np.testing.assert_allclose(found.total(1), total, **close)


def test_the_share_of_an_angle_does_not_depend_on_where_it_is_counted_from():
    """Each shape's angles are counted from elsewhere, which says nothing of the codes.
    The main effect changes, the share within shapes does not."""
    rng = np.random.default_rng(0)
    codes = np.cos(UNITS[:, [TURN]] + rng.normal(size=5)) + UNITS[:, [SHAPE]]
    turned = GRID.copy()
    turned[:, TURN] = (GRID[:, TURN] + np.array([0, 2, 5])[GRID[:, SHAPE]]) % 6
    one, other = (invariance.variance_shares(codes, f) for f in (GRID, turned))
    np.testing.assert_allclose(
        one.of([TURN], within=[SHAPE]), other.of([TURN], within=[SHAPE])
    )
    assert (np.abs(one.of([TURN]) - other.of([TURN])) > 0.01).all()


def test_dead_latents_have_no_part():
    codes, _ = shares_by_hand()
    live = np.array([True, True] + [False] * 4)
    found = invariance.variance_shares(codes, GRID, live)
    assert found.shares.shape == (15, 2)
    none = invariance.variance_shares(codes, GRID, np.zeros(6, bool))
    assert none.overall(none.of([0])) == 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: invariance.variance_shares(UNITS[1:], GRID[1:]), "359 points of"),
        (
            lambda: invariance.variance_shares(
                UNITS[:360:2].repeat(2, axis=0), GRID[:360:2].repeat(2, axis=0)
            ),
            "full grid: each combination",
        ),
        (
            lambda: invariance.variance_shares(
                np.ones((4, 1)), np.random.default_rng(0).integers(0, 9, (4, 13))
            ),
            "at most 12 factors",
        ),
        (lambda: invariance.variance_shares(UNITS * np.nan, GRID), "finite"),
        (lambda: invariance.variance_shares(UNITS, GRID).of([4]), "no factor 4"),
        (lambda: invariance.variance_shares(UNITS, GRID).total(-1), "no factor -1"),
    ],
)
def test_mistakes_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
