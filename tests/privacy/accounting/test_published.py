"""The account of DP-SGD against numbers that others published."""

import pytest

from tfrwc.privacy.accounting.sgd import group, sampled_gaussian

# Of microsoft/prv_accountant, listed in opacus/tests/prv_accountant.py, at a delta of
# 1e-6: upper ends of intervals of half-width 0.01. (noise, rate, steps): epsilon
PRV = {
    (0.8, 0.001, 100): 0.27040,
    (1.5, 0.001, 100): 0.03937,
    (3.0, 0.001, 100): 0.02152,
    (0.8, 0.05, 100): 6.74105,
    (1.5, 0.05, 100): 1.95385,
    (3.0, 0.05, 100): 0.76793,
    (0.8, 0.2, 100): 24.33366,
    (2.0, 0.2, 100): 5.67206,
    (3.0, 0.2, 100): 3.38122,
    (0.8, 0.001, 1000): 0.47777,
    (3.0, 0.001, 1000): 0.04762,
    (0.8, 0.05, 1000): 19.52584,
    (2.0, 0.05, 1000): 4.17280,
    (0.8, 0.001, 20_000): 1.29601,
    (3.0, 0.001, 20_000): 0.19403,
    (0.8, 0.05, 20_000): 140.65521,
    (3.0, 0.05, 20_000): 13.96111,
    (0.8, 0.001, 50_000): 2.03451,
    (0.8, 0.05, 50_000): 291.38433,
    (3.0, 0.05, 50_000): 24.94201,
    (0.8, 0.001, 100_000): 2.92462,
    (1.5, 0.001, 100_000): 1.01529,
    (3.0, 0.001, 100_000): 0.44367,
}


@pytest.mark.parametrize(("case", "published"), PRV.items())
def test_private_random_variables(case, published):
    epsilon = sampled_gaussian(*case, 1e-6).epsilon
    true = published - 0.01  # give or take 0.01
    assert true - 0.011 <= epsilon <= true + 0.011 + 1e-3 * true


# (noise, rate, steps, delta, epsilon)
TIGHT = {
    # google/differential-privacy, dp_accounting/pld/accountant_test.py; in the second
    # case the sensitivity is 6.
    "smallest noise": (0.67379294682, 0.01, 1, 1e-5, 1.0),
    "smallest noise of 25": (3.20956502598 / 6, 0.001, 25, 1e-5, 1.0),
    # dp_accounting/pld/pld_privacy_accountant_test.py
    "three steps": (0.5, 0.2, 3, 0.15594, 1.0),
    # tensorflow/privacy, analysis/compute_dp_sgd_privacy_test.py; in the last two
    # microbatches double the sensitivity.
    "1.2 epochs": (0.7, 0.01, 120, 1e-5, 2.4612381),
    "5 epochs": (1.0, 64 / 10_000, 782, 1e-6, 1.199),
    "5 epochs, each example once": (1.0, 1.0, 5, 1e-6, 12.595),
}


@pytest.mark.parametrize("case", TIGHT)
def test_loss_distributions_of_others(case):
    *arguments, published = TIGHT[case]
    assert sampled_gaussian(*arguments).epsilon == pytest.approx(published, rel=2e-3)


# By moments or Rényi divergences, which is above what is tight.
# (noise, rate, steps, delta, epsilon)
LOOSE = {
    # Abadi et al., arXiv:1607.00133, section 5.1
    "moments accountant": (4.0, 0.01, 10_000, 1e-5, 1.26),
    # pytorch/opacus, opacus/tests/accountants_test.py
    "opacus": (1.5, 0.04, 2250, 1e-5, 7.32911117143),
    # tensorflow/privacy, analysis/compute_dp_sgd_privacy_test.py
    "tutorial 0": (1.3, 150 / 60_000, 6000, 1e-5, 0.7242234026109595),
    "tutorial 1": (1.0, 100 / 100_000, 30_000, 1e-7, 1.4154988495444845),
    "tutorial 2": (0.1, 1024 / 1e8, 976_563, 1e-7, 5907982.31138195),
}


@pytest.mark.parametrize("case", LOOSE)
def test_renyi_accountants_of_others(case):
    *arguments, published = LOOSE[case]
    assert sampled_gaussian(*arguments).epsilon < published


@pytest.mark.parametrize(("size", "expected"), [(1, 3), (2, 6.72), (3, 11), (5, 20.9)])
def test_groups(size, expected):
    """By dp-accounting's mixture of Gaussians."""
    epsilon = group(size, 1.21735, 256 / 4708, 152, 2.1e-5).epsilon
    assert epsilon == pytest.approx(expected, rel=3e-3)


@pytest.mark.parametrize("size", [2, 5, 31])
def test_groups_by_another_accountant(size):
    from dp_accounting.pld import privacy_loss_distribution as pld
    from scipy.stats import binom

    counts = range(size + 1)
    loss = pld.from_mixture_gaussian_mechanism(
        4.0,
        list(counts),
        binom.pmf(counts, size, 0.02).tolist(),
        value_discretization_interval=1e-3,
    ).self_compose(100)
    epsilon = group(size, 4.0, 0.02, 100, 1e-6).epsilon
    assert epsilon == pytest.approx(loss.get_epsilon_for_delta(1e-6), rel=5e-3)
