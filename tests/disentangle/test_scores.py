"""Scores on representations with known answers."""

import numpy as np
import pytest
from sklearn.metrics import mutual_info_score

from tfrwc.disentangle import scores

N, K, VALUES = 4000, 3, 5
FACTORS = np.random.default_rng(0).integers(0, VALUES, (N, K))
ROTATION = np.linalg.qr(np.random.default_rng(3).normal(size=(K, K)))[0]
NOISE = np.random.default_rng(1).normal(size=(N, 4))
CENTRED = FACTORS - FACTORS.mean(axis=0)
CASES = {
    "perfect": CENTRED,
    "permuted": CENTRED[:, [2, 0, 1]] * [3.0, -1.0, 0.2] + 7,
    "with dead latents": np.column_stack([CENTRED, np.zeros((N, 2))]),
    "rotated": CENTRED @ ROTATION,
    "constant": np.zeros((N, 4)),
    "noise": NOISE,
}
ALL = {
    "mig": scores.mig,
    "modularity": scores.modularity,
    "sap": scores.sap,
    "dci": lambda c, f: scores.dci(c, f).disentanglement,
    "beta_vae": lambda c, f: scores.beta_vae(c, f, votes=600),
    "factor_vae": lambda c, f: scores.factor_vae(c, f, votes=600),
}
# The same on fewer points and votes, of live latents.
ONE = {
    "mig": scores.mig,
    "modularity": scores.modularity,
    "sap": lambda c, f, **o: scores.sap(c[:500], f[:500], **o),
    "dci": lambda c, f, **o: scores.dci(c[:200], f[:200], **o).disentanglement,
    "beta_vae": lambda c, f, **o: scores.beta_vae(c, f, votes=100, **o),
    "factor_vae": lambda c, f, **o: scores.factor_vae(c, f, votes=100, **o),
}
# Least and greatest score of each case. A linear SVM with five balanced classes on one
# latent cannot name the middle ones, so a perfect SAP is below 1.
GOOD, CHANCE = (0.97, 1.0), (0.0, 0.5)
EXPECTED = {
    "mig": {"good": GOOD, "rotated": (0, 0.5), "constant": (0, 0), "noise": (0, 0.02)},
    "modularity": {
        "good": GOOD,
        "rotated": (0.2, 0.95),
        "constant": (0, 0),
        "noise": (0, 1),
    },
    "sap": {
        "good": (0.2, 0.8),
        "rotated": (0, 0.25),
        "constant": (0, 0),
        "noise": (0, 0.05),
    },
    "dci": {"good": GOOD, "rotated": (0, 0.7), "constant": (0, 0), "noise": (0, 0.3)},
    "beta_vae": {
        "good": GOOD,
        "rotated": (0.8, 1),
        "constant": CHANCE,
        "noise": CHANCE,
    },
    "factor_vae": {
        "good": GOOD,
        "rotated": (0.4, 0.99),
        "constant": (0, 0),
        "noise": CHANCE,
    },
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("score", ALL)
def test_known_answers(score, case):
    good = case in ("perfect", "permuted", "with dead latents")
    low, high = EXPECTED[score]["good" if good else case]
    assert low - 1e-9 <= ALL[score](CASES[case], FACTORS) <= high + 1e-9


def test_mig_by_hand():
    """Two factors in one latent, one of them in a second."""
    codes = np.column_stack([FACTORS[:, 0] * VALUES + FACTORS[:, 1], FACTORS[:, 1]])
    factors = FACTORS[:, :2]
    entropy = [mutual_info_score(f, f) for f in factors.T]
    # Twenty bins of width 1.2 over 25 values.
    first = np.minimum(codes[:, 0] / 1.2, 19).astype(int)
    gaps = [
        mutual_info_score(first, factors[:, 0])
        - mutual_info_score(codes[:, 1], factors[:, 0]),
        entropy[1] - mutual_info_score(first, factors[:, 1]),
    ]
    expected = np.mean([g / h for g, h in zip(gaps, entropy, strict=True)])
    assert scores.mig(codes, factors) == pytest.approx(expected, abs=1e-6)


def test_dci_tells_completeness_from_disentanglement():
    """Each factor in two latents of its own: disentangled, and not complete."""
    rng = np.random.default_rng(0)
    coin = rng.integers(0, 2, (N, 2))
    factors = FACTORS[:, :2] % 2
    codes = np.column_stack([factors ^ coin, coin])
    found = scores.dci(codes, factors)
    assert found.disentanglement > 0.9
    assert found.completeness < 0.8
    assert found.informativeness > 0.99
    assert found.importance.sum(axis=0) == pytest.approx([1, 1])


def test_modularity_of_a_latent_that_knows_two_factors_alike():
    codes = (FACTORS[:, :1] + FACTORS[:, 1:2]) * 1.0
    assert scores.modularity(codes, FACTORS[:, :2]) < 0.1


@pytest.mark.parametrize("score", ALL)
def test_one_latent_and_one_factor(score):
    found = ALL[score](CENTRED[:, :1], FACTORS[:, :1])
    assert 0.5 < found <= 1


DEAD = np.column_stack([CENTRED, 0.01 * NOISE])
LIVE = np.array([True] * K + [False] * 4)


@pytest.mark.parametrize("score", ALL)
def test_dead_latents_do_not_count(score):
    """Where they are said to be dead: the score is that of the live ones alone."""
    alone = ONE[score](CENTRED, FACTORS)
    assert ONE[score](DEAD, FACTORS, live=LIVE) == alone
    assert ONE[score](DEAD[:, ::-1], FACTORS, live=LIVE[::-1].tolist()) == (
        pytest.approx(alone, abs=1e-9)
    )
    assert ONE[score](CENTRED, FACTORS, live=np.ones(K, bool)) == alone
    none = ONE[score](DEAD, FACTORS, live=np.zeros(7, bool))
    # Votes of what knows nothing are right by chance.
    most = 1.5 / K if score in ("beta_vae", "factor_vae") else 0
    assert 0 <= none <= most


def test_one_latent_is_no_better_for_being_alone():
    """What is right by chance counts for nothing, however few latents there are."""
    rng = np.random.default_rng(1)
    factors = rng.integers(0, 2, (2000, 2))
    for noise in (rng.normal(size=(2000, 1)), np.zeros((2000, 1))):
        assert abs(scores.sap(noise, factors)) < 0.06
    assert scores.sap(factors[:, :1], factors) == pytest.approx(0.25, abs=0.05)


@pytest.mark.parametrize("low", [1.0, -3e100, 0.0])
def test_a_latent_that_varies_by_rounding_alone_knows_nothing(low):
    rng = np.random.default_rng(2)
    factors = rng.integers(0, 2, (500, 2))
    code = np.where(factors[:, :1] > 0, np.nextafter(low, np.inf), low)
    assert scores.mig(code, factors) == 0


@pytest.mark.parametrize("score", ALL)
@pytest.mark.parametrize(
    ("codes", "factors", "message"),
    [
        (CENTRED, FACTORS[:, :0], "There must be a factor"),
        (CENTRED * 1e200, FACTORS, "at most 1e\\+150"),
        (CENTRED + 1j, FACTORS, "complex"),
    ],
)
def test_what_has_no_score_is_refused(score, codes, factors, message):
    with pytest.raises(ValueError, match=message):
        ONE[score](codes, factors)


@pytest.mark.parametrize("score", [scores.beta_vae, scores.factor_vae])
@pytest.mark.parametrize("options", [{"votes": 1}, {"batch": 0}, {"batch": 2.5}])
def test_votes_and_batches_that_are_none_are_refused(score, options):
    [name] = options
    with pytest.raises(ValueError, match=name):
        score(CENTRED, FACTORS, **options)


def test_dead_latents_count_where_nothing_is_said():
    """Modularity takes the mean over latents, also of those that know but noise."""
    assert scores.modularity(DEAD, FACTORS) < 0.9
    assert scores.modularity(DEAD, FACTORS, LIVE) == pytest.approx(1, abs=1e-3)


def test_live_latents():
    """Those whose deviation is not below 0.05, where the prior has 1."""
    scale = np.array([1.0, 0.06, 0.049, 0.0])
    units = (NOISE - NOISE.mean(axis=0)) / NOISE.std(axis=0)
    assert scores.live_latents(units * scale).tolist() == [True, True, False, False]
    assert scores.live_latents(units * scale + 5, least=0.5).sum() == 1
    for wrong in (units[0], units * np.nan):
        with pytest.raises(ValueError, match="codes must be finite numbers"):
            scores.live_latents(wrong)


def test_importance_has_a_row_for_each_latent():
    found = scores.dci(DEAD[:300], FACTORS[:300], live=LIVE)
    assert found.importance.shape == (7, K)
    assert (found.importance[K:] == 0).all()
    assert found.importance.sum(axis=0) == pytest.approx(np.ones(K))


def test_beta_vae_minds_scales_unless_they_are_made_equal():
    """A small latent hardly counts in a regression that is regularised."""
    small = CENTRED * [1, 1, 1e-3] + 0.0
    plain = scores.beta_vae(small[:, 2:], FACTORS, votes=600)
    standard = scores.beta_vae(small[:, 2:], FACTORS, votes=600, standardise=True)
    full = scores.beta_vae(CENTRED[:, 2:], FACTORS, votes=600, standardise=True)
    assert standard == full
    assert plain < standard - 0.05


@pytest.mark.parametrize("live", [[True] * 2, [1] * K, np.ones((K, 1), bool), 0.05])
@pytest.mark.parametrize("score", ALL)
def test_wrong_masks_are_named(score, live):
    with pytest.raises(ValueError, match="live must be a bool for each of the 3"):
        ONE[score](CENTRED, FACTORS, live=live)


@pytest.mark.parametrize(
    ("codes", "factors", "message"),
    [
        (CENTRED[:5], FACTORS, r"\(5, 3\) and \(4000, 3\)"),
        (CENTRED, FACTORS / 2, "whole numbers. Received: float64"),
        (CENTRED * np.nan, FACTORS, "finite"),
        (CENTRED, FACTORS * [1, 0, 1], r"Constant: \[1\]"),
    ],
)
def test_mistakes_are_named(codes, factors, message):
    with pytest.raises(ValueError, match=message):
        scores.mig(codes, factors)


def test_factors_without_repeated_values_are_refused_where_they_must_repeat():
    with pytest.raises(ValueError, match="No two points share a value of factor 0"):
        scores.factor_vae(CENTRED[:50, :1], np.arange(50)[:, None])
