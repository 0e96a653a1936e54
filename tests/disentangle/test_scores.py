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
