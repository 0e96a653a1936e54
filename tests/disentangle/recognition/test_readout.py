"""Readouts of codes whose answer is known by how they were made."""

import numpy as np
import pytest

from tfrwc.disentangle import recognition

SIZES = (3, 4, 6, 8, 8)
GRID = np.indices(SIZES).reshape(5, -1).T
SHAPE = GRID[:, 0]
UNITS = (GRID - GRID.mean(axis=0)) / GRID.std(axis=0)
CIRCULAR = [2]
COMBINED = recognition.combinations(GRID, 0, [3])


def one_hot(*factors):
    """A latent for each combination of values of some factors."""
    values = np.ravel_multi_index(GRID[:, factors].T, np.array(SIZES)[list(factors)])
    return np.eye(values.max() + 1)[values]


@pytest.mark.parametrize(
    "codes",
    [UNITS, UNITS * [0.01, 1, 100, 1, 3] + 5, UNITS[:, ::-1], UNITS[:, :1]],
    ids=["factors", "other scales", "other order", "shape alone"],
)
def test_factored_codes_are_recognised_wherever_they_are_seen(codes):
    found = recognition.held_out(codes, GRID, circular=CIRCULAR)
    assert found.accuracy.eq(1).all()
    assert found.groupby("kind").factor.agg(list).to_dict() == {
        "random half": [-1],
        "interpolation": [1, 2, 3, 4],
        "extrapolation": [1, 3, 4],
        "combinations": [1, 2, 3, 4],
    }


def test_a_latent_for_each_combination_knows_no_new_one():
    """All that is asked looks alike to the readout, so it gives one answer, which is
    right for one shape in three; where combinations were seen it knows all."""
    codes = one_hot(0, 3)
    assert recognition.accuracy(codes, SHAPE, COMBINED) == pytest.approx(1 / 3)
    half = recognition.random_half(len(GRID))
    assert recognition.accuracy(codes, SHAPE, half) == 1
    other = recognition.combinations(GRID, 0, [1])
    assert recognition.accuracy(codes, SHAPE, other) == 1


def test_who_knows_only_the_place_is_always_wrong():
    """It learnt which shape is never there, and that is the one it is asked for."""
    assert recognition.accuracy(one_hot(3), SHAPE, COMBINED) == 0


def test_shape_entangled_with_place_fails_beyond_the_places_that_were_seen():
    """A latent that tells shapes apart by where a sawtooth is, as far as it was seen;
    beyond, shapes change places."""
    order = np.where(GRID[:, 3] < 6, SHAPE, (SHAPE + 1) % 3)
    codes = np.eye(3)[order]
    assert recognition.accuracy(codes, SHAPE, recognition.extrapolation(GRID, 3)) == 0
    assert recognition.accuracy(codes, SHAPE, recognition.interpolation(GRID, 3)) > 0.99


@pytest.mark.parametrize("seed", range(3))
def test_noise_is_recognised_by_chance(seed):
    """Within 4 standard errors of a third, over 14 readouts: wrong once in 1,100 a
    seed. A readout of noise errs alike at points of its test, which only narrows it."""
    codes = np.random.default_rng(seed).normal(size=(len(GRID), 6))
    half = recognition.random_half(len(GRID))
    splits = [half, COMBINED]
    splits += [recognition.interpolation(GRID, j) for j in range(1, 5)]
    splits += [recognition.extrapolation(GRID, j) for j in range(1, 5)]
    splits += [recognition.combinations(GRID, 0, [j]) for j in range(1, 5)]
    for split in splits:
        error = np.sqrt(2 / 9 / split.test.sum())
        found = recognition.accuracy(codes, SHAPE, split)
        assert abs(found - 1 / 3) < 4 * error


def test_labels_are_counted_alike_however_often_they_occur():
    rng = np.random.default_rng(0)
    labels = (rng.random(4000) < 0.02).astype(int)
    codes = rng.normal(size=(4000, 2))
    half = recognition.random_half(4000)
    # 40 rare ones are tested: 4 standard errors of the mean of both shares.
    assert abs(recognition.accuracy(codes, labels, half) - 0.5) < 4 * 0.25 / np.sqrt(40)


def test_few_labels():
    """One latent of shape needs few; among others more; noise never does."""
    alone = recognition.few_labels(UNITS[:, :1], SHAPE, 10)
    assert alone.shape == (10,)
    assert (alone == 1).all()
    counts = (10, 100, 1000)
    among = [recognition.few_labels(UNITS, SHAPE, c, draws=5).mean() for c in counts]
    assert among == sorted(among)
    assert among[0] < 0.95
    assert among[2] > 0.999
    noise = np.random.default_rng(0).normal(size=(len(GRID), 6))
    chance = recognition.few_labels(noise, SHAPE, 100, draws=5)
    # Each is of 4,508 points: 4 standard errors, wrong once in 3,000.
    np.testing.assert_allclose(chance, 1 / 3, atol=4 * np.sqrt(2 / 9 / 4508))


def test_draws_of_few_labels_have_a_seed_and_each_label():
    one, same, other = (
        recognition.few_labels(UNITS, SHAPE, 10, draws=3, random_state=seed)
        for seed in (0, 0, 1)
    )
    assert (one == same).all()
    assert (one != other).any()
    assert len(set(one)) > 1
    # With three of three labels each is learnt, or the readout would refuse.
    assert recognition.few_labels(UNITS[:, :1], SHAPE, 3, draws=5).min() > 0.6


def test_dead_latents_are_not_read():
    rng = np.random.default_rng(0)
    dead = 1e-3 * rng.normal(size=(len(GRID), 40))
    live = np.array([True] * 5 + [False] * 40)
    both = np.hstack([UNITS, dead])
    alone, pruned, all_of_them = (
        recognition.few_labels(c, SHAPE, 30, draws=3, live=mask).mean()
        for c, mask in ((UNITS, None), (both, live), (both, None))
    )
    assert pruned == alone > all_of_them
    none = np.zeros(45, bool)
    found = recognition.accuracy(both, SHAPE, COMBINED, none)
    assert found == pytest.approx(1 / 3)


def test_a_latent_that_is_constant_where_it_is_learnt_says_nothing():
    """Also if that is so up to rounding only."""
    code = 0.1 + 1e-17 * GRID[:, 3] + np.where(COMBINED.test, SHAPE, 0)
    codes = np.column_stack([code, UNITS[:, 0]])
    assert recognition.accuracy(codes, SHAPE, COMBINED) == 1


HALF = recognition.random_half(len(GRID))
ONE = recognition.Split(SHAPE == 0, SHAPE == 1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: recognition.accuracy(UNITS, SHAPE[:5], HALF), "one for each code"),
        (lambda: recognition.accuracy(UNITS, SHAPE / 2, HALF), "float64"),
        (lambda: recognition.accuracy(UNITS * np.nan, SHAPE, HALF), "finite"),
        (lambda: recognition.accuracy(SHAPE + 0.0, SHAPE, HALF), r"\(n, latents\)"),
        (lambda: recognition.accuracy(UNITS[:9], SHAPE[:9], HALF), "4608 and 9"),
        (lambda: recognition.accuracy(UNITS, SHAPE, ONE), r"Not learnt: \[1\]"),
        (lambda: recognition.accuracy(UNITS, SHAPE * 0, HALF), "only"),
        (lambda: recognition.accuracy(UNITS, SHAPE, HALF, [True]), "live must be"),
        (lambda: recognition.few_labels(UNITS, SHAPE, 2), "each of the 3 labels"),
        (lambda: recognition.few_labels(UNITS, SHAPE, 4606), "Received: 4606 of 4608"),
        (lambda: recognition.few_labels(UNITS, SHAPE, 2.5), "count must be"),
        (lambda: recognition.few_labels(UNITS, SHAPE, 9, draws=0), "draws must be"),
    ],
)
def test_mistakes_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
