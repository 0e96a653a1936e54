"""Mechanisms of users: what is refused, and that figures and studies know them."""

from dataclasses import dataclass

import numpy as np
import pytest
from privacy.release.cases import KEY, pictures

from tfrwc.privacy import PixelLaplace, register
from tfrwc.privacy.release import NoGuarantee, catalogue
from tfrwc.privacy.release.registry import MARKERS


@dataclass(frozen=True)
class Threshold(NoGuarantee):
    level: float

    def _perturb(self, images, words):
        return np.where(images < self.level, 0.0, 255.0)


class Bare(NoGuarantee):
    def _perturb(self, images, words):
        return images * 1.0


@dataclass
class Mutable:
    level: float


TAKEN = {item.style.marker for item in catalogue.MECHANISMS.values()}
FREE = [marker for marker in MARKERS if marker not in TAKEN]
GOOD = {
    "budgets": {"threshold_128": lambda shape: Threshold(128)},
    "colour": "#010203",
    "marker": FREE[0],
    "noise": "none: black or white",
    "guarantee": "none",
}


@pytest.fixture
def threshold():
    register(Threshold, **GOOD)
    yield
    catalogue.unregister("Threshold")


def test_a_mechanism_of_ones_own_is_known_by_name(threshold):
    assert catalogue.standard_names()[-1] == "threshold_128"
    mechanism = catalogue.standard_mechanism("threshold_128", (7, 8))
    released = mechanism.privatize(pictures(), KEY)
    assert set(np.unique(released)) == {0, 255}
    assert mechanism.statement((7, 8)).mechanism == "Threshold"
    assert catalogue.style_of("Threshold") == ("#010203", FREE[0])
    assert catalogue.table()[-1][0] == "Threshold(level)"


def test_a_rank_says_where_a_mechanism_stands():
    register(Threshold, **GOOD, rank=15)
    try:
        names = list(catalogue.standard_names())
        assert names.index("threshold_128") == 1 + names.index("laplace_value_16")
    finally:
        catalogue.unregister("Threshold")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"marker": "s"},
            f"needs a marker of its own .* Choose from: {' '.join(FREE)}.*: 's'",
        ),
        ({"marker": "o"}, "Received: 'o'"),
        ({"marker": ""}, "Received: ''"),
        ({"marker": None}, "Received: None"),
        ({"colour": "#0072b2"}, "PixelLaplace has the colour #0072b2 already"),
        (
            {"colour": "teal"},
            "a colour in figures, such as '#44AA99'. Received: 'teal'",
        ),
        ({"colour": None}, "Received: None"),
        ({"budgets": {}}, "needs one budget or more"),
        ({"budgets": {"dppix_4": None}}, "already a budget 'dppix_4', of DPPix"),
        ({"budgets": {"Threshold 1": None}}, "small letters.* Received: 'Threshold 1'"),
    ],
)
def test_what_would_fail_later_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        register(Threshold, **GOOD | options)
    assert "Threshold" not in catalogue.MECHANISMS


def test_a_name_is_given_once(threshold):
    with pytest.raises(ValueError, match="already a mechanism 'Threshold'"):
        register(Threshold, **GOOD)


@pytest.mark.parametrize("mechanism", [Bare, Mutable, "PixelLaplace"])
def test_only_frozen_dataclasses_are_mechanisms(mechanism):
    """A repr without all parameters would draw the same noise for others."""
    with pytest.raises(TypeError, match="frozen=True"):
        register(mechanism, **GOOD)


def test_a_subclass_needs_the_decorator_of_its_own():
    class Louder(PixelLaplace):
        pass

    with pytest.raises(TypeError, match="frozen=True"):
        register(Louder, **GOOD)
