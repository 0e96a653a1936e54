"""Trained models in worlds with known answers."""

import numpy as np
import pytest

from tfrwc.disentangle import theory
from tfrwc.studies.beta import worlds


@pytest.mark.parametrize("cosine", worlds.COSINES)
def test_the_best_beta_of_trained_encoders_is_the_exact_one(cosine):
    """Within 5 %, with the true decoder; in practice within 1 %."""
    found = worlds.true_decoder(cosine, (0, 1), 30, None)
    optimum = found["optimum"]
    assert optimum["exact"] == theory.optimal_beta(theory.mixing(cosine), 0.5).beta
    assert optimum["relative_error"] < 0.05
    assert optimum["low"] < optimum["trained"] < optimum["high"]
    reference = dict(
        zip(found["reference"]["beta"], found["reference"]["log_q"], strict=True)
    )
    for row in found["trained"]:
        # Below the optimum q is narrow, and magnifies what is left of the errors.
        if row["beta"] >= optimum["exact"]:
            assert row["log_q"] == pytest.approx(reference[row["beta"]], abs=0.01)


def test_errors_of_means():
    exact = [
        {"beta": beta, "objective": -4.0, "rate": rate, "distortion": 2.0}
        for beta, rate in ((0.25, 9.0), (0.5, 1.0), (8.0, 0.01), (16.0, 0.0))
    ]
    trained = [
        row | {"seed": seed, "rate": rate, "objective": -4.4 + seed}
        for row, rates in zip(
            exact, ([5, 6], [0.9, 1.2], [0.008, 0.013], [0.1, 0.3]), strict=True
        )
        for seed, rate in enumerate(rates)
    ]
    found = worlds.errors_of_means(exact, trained)
    # Means 1.05 and 0.0105; at 0.25 and where the rate is 0 there is none.
    assert found == pytest.approx({"objective": 0.025, "rate": 0.05, "distortion": 0})


def test_samples_have_the_covariance_asked_for():
    A = theory.mixing(0.6, n=5)
    x = worlds._matched(A)
    np.testing.assert_allclose(
        np.cov(x.T, bias=True), A @ A.T + 0.25 * np.eye(5), atol=1e-5
    )
    np.testing.assert_allclose(x.mean(axis=0), 0, atol=1e-6)


def test_the_peak_between_the_points():
    betas = 2.0 ** np.arange(-2, 5.5, 0.5)
    best = np.array([0.9, 1.3, 7.0])
    values = -((np.log(betas)[:, None] - np.log(best)) ** 2)
    np.testing.assert_allclose(worlds.peak(betas, values), best, rtol=2e-3)


@pytest.mark.parametrize(
    ("of_seeds", "of_blocks"), [(0.02, 0), (0.02, 0.02), (0, 0.02)]
)
@pytest.mark.parametrize("seeds", [3, 5])
def test_the_interval_holds_the_truth_as_often_as_it_says(seeds, of_seeds, of_blocks):
    """Noise of seeds, of held-out data, and of both; 150 repeats of each.

    At 95 %, below 89 % has a chance of 0.2 %.
    """
    betas = 2.0 ** np.arange(-2, 5.5, 0.5)
    truth = -0.1 * (np.log(betas) - np.log(1.5)) ** 2
    rng = np.random.default_rng(0)
    held = []
    for _ in range(150):
        tilt = 0.002 * rng.normal(size=(1, seeds, 64))
        tilt += of_seeds * rng.normal(size=(1, seeds, 1))
        tilt += of_blocks * rng.normal(size=(1, 1, 64))
        blocks = truth[:, None, None] + tilt * np.log(betas)[:, None, None]
        found = worlds._Inference(betas, [], blocks).optimum(1.5)
        held.append(found["contains_exact"])
    assert np.mean(held) >= 0.89


def test_one_seed_has_no_interval_and_a_lost_model_no_peak():
    betas = 2.0 ** np.arange(-2, 5.5, 0.5)
    blocks = -(np.log(betas)[:, None, None] ** 2) + np.zeros((len(betas), 1, 64))
    found = worlds._Inference(betas, [], blocks).optimum(1.0)
    assert found["trained"] == pytest.approx(1, rel=2e-3)
    assert np.isnan([found["low"], found["high"]]).all()
    assert not found["contains_exact"]
    blocks[3] = np.nan
    assert np.isnan(worlds._Inference(betas, [], blocks).optimum(1.0)["trained"])
