"""The statement of released images."""

from tfrwc.privacy import PixelLaplace


def test_numbers_of_a_statement():
    s = PixelLaplace(scale=51.0).statement((4, 5, 3), delta=1e-6, images_per_patient=7)
    assert s.values_per_image == 60
    assert s.bounds == (0.0, 255.0)
    assert s.per_value_epsilon == 5.0
    assert s.epsilon_for_values(3) == 15.0
    assert s.image_epsilon == 300.0
    assert s.patient_epsilon == 2100.0
    assert s.image_epsilon_delta.delta == 1e-6
    assert s.per_value_epsilon < s.image_epsilon_delta.epsilon < 300
    assert s.image_epsilon_delta.epsilon < s.patient_epsilon_delta.epsilon < 2100
    assert not s.labels_covered
    assert s.numerical_delta == 0
