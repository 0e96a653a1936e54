"""Mechanisms made for a budget."""

import pytest

from tfrwc.privacy import (
    DPSVD,
    DPPix,
    PixelGaussian,
    PixelLaplace,
    RandomizedResponse,
    ScalarShift,
)

LONG = (1e-3, 0.7, 30.0, 1e3, 1e4)


@pytest.mark.parametrize("delta", [None, 1e-5])
@pytest.mark.parametrize("per", ["value", "image", "patient"])
@pytest.mark.parametrize(
    "cls", [PixelLaplace, PixelGaussian, RandomizedResponse, DPPix]
)
def test_budgets_are_used_up_and_kept(cls, per, delta):
    more = {RandomizedResponse: {"levels": 4}, DPPix: {"cell": 4, "m": 3}}.get(cls, {})
    budget = {"shape": (6, 6), "delta": delta, "images_per_patient": 2}
    if cls is PixelGaussian and delta is None:
        with pytest.raises(ValueError, match="give a delta"):
            cls.for_budget(3.0, per, **budget)
        return
    mechanism = cls.for_budget(3.0, per=per, **budget, **more)
    s = mechanism.statement((6, 6), delta=delta or 1e-5, images_per_patient=2)
    pure, approximate = {
        "value": (s.per_value_epsilon, s.per_value_epsilon_delta),
        "image": (s.image_epsilon, s.image_epsilon_delta),
        "patient": (s.patient_epsilon, s.patient_epsilon_delta),
    }[per]
    got = approximate.epsilon if delta else pure
    assert 3 * 0.999 <= got <= 3 * (1 + 1e-9)


# Of the others, accounts take minutes together.
BUDGETS = [1e5, *(pytest.param(e, marks=pytest.mark.slow) for e in LONG)]
PARAMETERS = {
    PixelLaplace: [{}, {"bounds": (0, 1)}],
    PixelGaussian: [{}, {"bounds": (0, 4095)}],
    RandomizedResponse: [{"levels": 2}, {"levels": 256}],
    DPPix: [{"cell": 1, "m": 1}, {"cell": 4, "m": 16, "bounds": (-1, 1)}],
}


@pytest.mark.parametrize("epsilon", BUDGETS)
@pytest.mark.parametrize(
    ("cls", "parameters"),
    [(cls, options) for cls, each in PARAMETERS.items() for options in each],
)
def test_budgets_of_any_size_are_kept(cls, parameters, epsilon):
    """The noise is the least: the budget is used up, and never exceeded."""
    for per in ("value", "image", "patient"):
        for delta in (None, 1e-5):
            if cls is PixelGaussian and delta is None:
                continue
            mechanism = cls.for_budget(
                epsilon, per, shape=(6, 5), delta=delta, images_per_patient=2,
                **parameters,
            )  # fmt: skip
            s = mechanism.statement((6, 5), delta or 1e-5, images_per_patient=2)
            pure, approximate = {
                "value": (s.per_value_epsilon, s.per_value_epsilon_delta),
                "image": (s.image_epsilon, s.image_epsilon_delta),
                "patient": (s.patient_epsilon, s.patient_epsilon_delta),
            }[per]
            got = approximate.epsilon if delta else pure
            assert 0.999 * epsilon <= got <= epsilon


def test_budgets_that_ask_for_less_noise_than_there_is_are_refused():
    for cls, (parameters, _) in PARAMETERS.items():
        for delta in (None, 1e-5):
            with pytest.raises(ValueError, match=r"no noise|give a delta"):
                cls.for_budget(1e40, per="value", delta=delta, **parameters)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: PixelLaplace.for_budget("4", per="value"), "Received: '4'"),
        (lambda: PixelGaussian.for_budget(4, per="value"), "give a delta"),
        (
            lambda: PixelLaplace.for_budget(
                4, per="patient", shape=(8, 8), images_per_patient=2.7
            ),
            "whole number of 1 or more. Received: 2.7",
        ),
        (lambda: PixelLaplace.for_budget(1.0), "an epsilon alone says nothing"),
        (lambda: PixelLaplace.for_budget(1.0, per="pixel"), "per='pixel'"),
        (lambda: PixelLaplace.for_budget(-1.0, per="value"), "above 0 and finite"),
        (lambda: PixelLaplace.for_budget(1.0, per="image"), "Give shape="),
        (
            lambda: PixelLaplace.for_budget(1.0, per="patient", shape=(8, 8)),
            "needs images_per_patient",
        ),
        (lambda: PixelLaplace.for_budget(1.0, per="value", delta=1.0), "below 1"),
        (lambda: ScalarShift.for_budget(1.0, per="image"), "ScalarShift has no"),
        (lambda: DPSVD.for_budget(1.0, per="image", k=4), "DPSVD has no guarantee"),
    ],
)
def test_budgets_that_say_too_little_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
