"""The trial of the study of β."""

import pytest

from tfrwc.studies.beta.trial import Trial


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"dataset": "digits"}, "no dataset 'digits'. Choose one of sprites"),
        ({"encoder": "deep"}, "Choose one of linear, dense, conv"),
        ({"worlds": ("moon",)}, "Choose one of tanh"),
        ({"epochs": 1}, "epochs must be a whole number of 2 or more"),
        ({"seeds": ()}, "different seeds"),
        ({"seeds": (1, 1)}, "different seeds"),
    ],
)
def test_trials_are_checked_when_made(settings, message):
    with pytest.raises(ValueError, match=message):
        Trial(**settings)
