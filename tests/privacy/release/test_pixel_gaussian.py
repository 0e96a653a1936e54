"""Normal noise on every value, by tensorflow-privacy."""

import math

import numpy as np
import pytest

from tfrwc.privacy import PixelGaussian


def test_the_query_of_tensorflow_privacy_clips_sums_and_states_its_event():
    from tfrwc.compat.tensorflow_privacy import KeyedGaussianSumQuery, clipped_sums

    records = np.array([[3.0, 4.0], [0.3, 0.4], [0.6, 0.8]])
    clipped = np.array([[0.6, 0.8], [0.3, 0.4], [0.6, 0.8]])
    assert clipped_sums(records, 1.0) == pytest.approx(clipped)
    query = KeyedGaussianSumQuery(2.0, 3.0, lambda: np.array([1.0, -1.0]))
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
