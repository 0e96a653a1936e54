"""What the kinds of faults are called in sentences."""

import pytest

from tfrwc.dynamics.diagnosis.advice import ADVICE
from tfrwc.dynamics.diagnosis.finding import Finding
from tfrwc.dynamics.diagnosis.names import NAMES


def test_every_kind_has_words_for_people():
    assert NAMES.keys() == ADVICE.keys()
    assert not [name for name in NAMES.values() if "_" in name or "lr" in name.split()]


@pytest.mark.parametrize(
    ("kind", "layer", "since", "title"),
    [
        ("lr_too_high", None, 40, "The learning rate is too high from step 40 on"),
        ("dying_relu", "a/kernel", None, "Dying ReLU units in a/kernel"),
        ("wrong_loss", "output", None, "Wrong loss"),
        ("wrong_last_activation", "output", None, "Wrong activation of the last layer"),
    ],
)
def test_a_title_is_in_plain_words(kind, layer, since, title):
    one = Finding(kind, "It is so.", "Mend it.", "likely", layer, since)
    assert one.title == f"{title} (likely)"
