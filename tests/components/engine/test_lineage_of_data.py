"""Whose data outputs tell of: through copies, models, and other files of one set."""

import json
from pathlib import Path

import pytest
from privacy.statements import TRAINING

from tfrwc.components.engine import local
from tfrwc.components.engine.artifacts import Examples, Model, TfrwcPrivacyStatement
from tfrwc.components.engine.budget import left, set_budget
from tfrwc.components.engine.charges import Charge, charges
from tfrwc.components.engine.component import (
    InputArtifact,
    OutputArtifact,
    Parameter,
    component,
)
from tfrwc.privacy import EpsilonDelta, PixelGaussian, compose, write_statement
from tfrwc.privacy.sgd.account.stating import planned_statement
from tfrwc.privacy.sgd.settings import TrainingSettings
from tfrwc.privacy.sgd.statement import NoPrivacy

DELTA = 1e-5
SETTINGS = {"train_size": 1000, "batch_size": 100, "epochs": 2, "noise_multiplier": 1.5}
PRIVATE = planned_statement(TrainingSettings(**SETTINGS).calibrated())
STATEMENTS = {"private": PRIVATE, "bare": NoPrivacy()}


@component
def Images(
    examples: OutputArtifact[Examples],
    about: Parameter[str] = "",
    pixels: Parameter[str] = "pixels",
) -> None:
    """Images, and what is known of them."""
    (Path(examples.uri) / "Split-train").mkdir()
    Path(examples.uri, "Split-train", "images.gz").write_text(pixels)
    Path(examples.uri, "about.json").write_text(json.dumps(about))


@component
def Crop(
    examples: InputArtifact[Examples],
    cropped: OutputArtifact[Examples],
    side: Parameter[int],
) -> None:
    """Part of each image."""
    Path(cropped.uri, "images.txt").write_text(f"{side}")


@component
def Fit(
    examples: InputArtifact[Examples],
    model: OutputArtifact[Model],
    statement: OutputArtifact[TfrwcPrivacyStatement],
    states: Parameter[str] = "private",
    plans: Parameter[str] = "private",
    base: InputArtifact[Model] | None = None,
    number: Parameter[int] = 0,
) -> None:
    """A model, and what is stated of it."""
    Path(model.uri, "weights.txt").write_text(f"{number}")
    write_statement(STATEMENTS[states], statement.uri)


@Fit.plans
def _plan(plans, **_):
    return STATEMENTS[plans]


@component
def FitQuietly(examples: InputArtifact[Examples], model: OutputArtifact[Model]) -> None:
    """A model of which nothing is stated."""


def fit(data, output="examples", **options):
    number = options.get("number", 0)
    return Fit(examples=data.outputs[output], **options).with_id(f"Fit-{number}")


def run(steps, root):
    local.run(steps, root, say=lambda _: None)


def spent(root):
    return [(one.name, len(one.statements), one.bare) for one in charges(root)]


@pytest.fixture
def root(tmp_path):
    """A folder whose budget is for one training."""
    set_budget(tmp_path, 1.1 * compose([PRIVATE], DELTA).guarantee.epsilon, DELTA)
    return tmp_path


def test_what_is_known_beside_makes_no_other_data(root):
    run([data := Images(), fit(data)], root)
    again = Images(about="20 images for each patient").with_id("Again")
    with pytest.raises(ValueError, match=r"would bring Again"):
        run([again, fit(again, number=1)], root)
    other = Images(pixels="of others").with_id("Other")
    run([other, fit(other, number=2)], root)
    assert spent(root) == [("Images", 1, 0), ("Other", 1, 0)]


def test_copies_charge_what_they_were_made_of(root):
    data = Images()
    crops = [
        Crop(examples=data.outputs["examples"], side=side).with_id(f"Crop-{side}")
        for side in (1, 2)
    ]
    run([data, crops[0], fit(crops[0], "cropped")], root)
    assert spent(root) == [("Images", 1, 0)]
    with pytest.raises(ValueError, match=r"Fit-1 is not run: .*would bring Images"):
        run([data, crops[1], fit(crops[1], "cropped", number=1)], root)


def test_a_guarantee_does_not_cover_what_came_with_a_bare_model(tmp_path):
    data, other = Images(), Images(pixels="of others").with_id("Other")
    bare = fit(data, states="bare", plans="bare")
    further = fit(data, base=bare.outputs["model"], number=1)
    last = fit(data, base=further.outputs["model"], number=2)
    elsewhere = fit(other, base=bare.outputs["model"], number=3)
    run([data, other, bare], tmp_path)
    set_budget(tmp_path, 1e6, DELTA)
    with pytest.raises(ValueError, match="goes on from what was made without"):
        run([data, bare, further], tmp_path)
    run([data, other, bare, elsewhere], tmp_path)
    (tmp_path / "budget.json").unlink()
    run([data, bare, further, last], tmp_path)
    assert spent(tmp_path) == [("Images", 0, 3), ("Other", 1, 0)]


def test_a_model_of_which_nothing_is_stated_is_refused(root):
    data = Images()
    quiet = FitQuietly(examples=data.outputs["examples"])
    with pytest.raises(ValueError, match=r"FitQuietly is not run: .*states nothing"):
        run([data, quiet], root)
    crop = Crop(examples=data.outputs["examples"], side=1)
    run([data, crop], root)  # stays with the data


def test_what_states_no_guarantee_against_its_plan_does_not_count(root):
    data = Images()
    with pytest.raises(ValueError, match="and states no guarantee"):
        run([data, fit(data, states="bare")], root)
    assert charges(root) == []
    run([data, fit(data, number=1)], root)


def test_where_patients_are_protected_the_budget_is_that_of_a_patient():
    by_patient = planned_statement(
        TrainingSettings(**SETTINGS, unit="patient").calibrated()
    )
    release = PixelGaussian(255 * 20.0).statement((4, 4), 1e-6, images_per_patient=20)
    uses = (by_patient, release)
    of_patient = compose(uses, DELTA).patient_epsilon_delta.epsilon
    assert of_patient > 1.5 * compose(uses, DELTA).guarantee.epsilon
    rest = left(EpsilonDelta(1e3, DELTA), Charge("Images", "0", uses, 0))
    assert rest == pytest.approx(1e3 - of_patient)


def test_what_cannot_be_added_up_is_said():
    by_user = planned_statement(TrainingSettings(**SETTINGS, unit="user").calibrated())
    charge = Charge("Images", "0", (by_user, TRAINING), 0)
    assert charge.in_words() == (
        "Images (0): uses for one image and one user, which do not add up, in 2 uses"
    )
    with pytest.raises(ValueError, match="cannot be added"):
        charge.together()
