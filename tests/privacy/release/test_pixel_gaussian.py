"""Normal noise on every value, by tensorflow-privacy."""

import math

import numpy as np
import pytest
import scipy.signal

from tfrwc.privacy import PixelGaussian


def test_the_query_of_tensorflow_privacy_clips_sums_and_states_its_event():
    from tfrwc.compat.tensorflow_privacy import KeyedGaussianSumQuery

    query = KeyedGaussianSumQuery(2.0, 3.0, lambda: np.array([3.0, -3.0]))
    state = query.initial_global_state()
    params = query.derive_sample_params(state)
    sums = query.initial_sample_state(np.zeros(2, np.float32))
    for record in ((3.0, 4.0), (0.0, 1.0)):
        sums = query.accumulate_record(params, sums, np.array(record, np.float32))
    result, _, event = query.get_noised_result(sums, state)
    assert np.asarray(result) == pytest.approx([1.2 + 3, 1.6 + 1 - 3])
    assert event.noise_multiplier == 1.5


def test_normal_noise_has_no_pure_epsilon():
    s = PixelGaussian(sigma=1000.0).statement((8, 8), delta=1e-5)
    assert s.per_value_epsilon == s.image_epsilon == math.inf
    assert 0 < s.per_value_epsilon_delta.epsilon < s.image_epsilon_delta.epsilon < 11
    assert s.method[1] == "analytic Gaussian"


def delta_of(probabilities, losses, epsilon):
    return probabilities @ np.maximum(0, -np.expm1(epsilon - losses))


@pytest.mark.parametrize("delta", [1e-2, 1e-5, 1e-9])
@pytest.mark.parametrize("values", [1, 3])
@pytest.mark.parametrize("sigma", [40.0, 70.0, 255.0, 3000.0])
def test_the_discrete_noise_keeps_what_is_stated(sigma, values, delta):
    """Against sums over the discrete distribution itself, of one value and of three.

    Three values that change alike tell as much as their sum does.
    """
    mechanism = PixelGaussian(sigma)
    grid = mechanism._grid()
    shape = (1, values)
    stated = mechanism.statement(shape, delta=delta).image_epsilon_delta.epsilon
    s = sigma / grid.step
    k = np.arange(-int(12 * s), int(12 * s) + 1)
    one = np.exp(-(k**2) / (2 * s**2))
    one /= one.sum()
    total = one
    for _ in range(values - 1):
        total = scipy.signal.fftconvolve(total, one).clip(0)
    sums = np.arange(len(total)) - len(total) // 2
    losses = grid.steps * (2 * sums + values * grid.steps) / (2 * s**2)
    got = delta_of(total, losses, stated)
    assert got <= delta * (1 + 1e-6)
    # And is not far above: less noise by a thousandth costs more.
    assert delta_of(total, losses, stated * 0.998) > delta or stated == 0
