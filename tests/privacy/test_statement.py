"""Statements as data, as files, and as older versions wrote them."""

import json
import math
import shutil
from math import inf, nan
from pathlib import Path

import pytest
from conftest import ROOT
from privacy.release.cases import ALL
from privacy.statements import TRAINING

from tfrwc.privacy import Statement, TrainingStatement, compose
from tfrwc.privacy.sgd.statement import NoPrivacy
from tfrwc.privacy.statement import (
    STATEMENTS,
    read_statement,
    statement_from_dict,
    write_statement,
)

OLD = Path(__file__).parent / "old_statements"
CASES = {type(m).__name__: m.statement((8, 8), images_per_patient=2) for m in ALL}
CASES |= {"training": TRAINING, "none": NoPrivacy()}
CASES |= {"composed": compose([CASES["PixelLaplace"], TRAINING])}
CASES |= {"trainings": compose([TRAINING, TRAINING])}


@pytest.fixture(params=CASES)
def statement(request):
    return CASES[request.param]


def test_a_statement_survives_json(statement):
    data = json.loads(statement.to_json())
    assert data == statement.to_dict()
    assert data["kind"] == statement.kind
    again = statement_from_dict(data)
    assert again == statement
    assert again.to_json() == statement.to_json()


def test_a_statement_survives_its_files(statement, tmp_path):
    summary = write_statement(statement, tmp_path)
    assert read_statement(tmp_path) == statement
    text = (tmp_path / "privacy_statement.txt").read_text()
    assert text == statement.explain() + "\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "privacy_statement.json",
        "privacy_statement.txt",
    ]
    epsilon, delta = statement.guarantee
    if math.isinf(epsilon):
        assert summary == "none"
    else:
        assert summary == f"epsilon {epsilon:.4g}, delta {delta:.2g}, for an image"


def test_every_kind_of_statement_is_tried():
    assert {statement.kind for statement in CASES.values()} == set(STATEMENTS)


@pytest.mark.parametrize(
    ("file", "cls", "epsilon"),
    [
        ("release", Statement, 1.5549816915322048),
        ("release_without_guarantee", Statement, math.inf),
        ("training", TrainingStatement, 3.0),
        ("none", NoPrivacy, math.inf),
    ],
)
def test_statements_without_a_kind_are_read(file, cls, epsilon, tmp_path):
    """As they were written before statements named their kind."""
    shutil.copy(OLD / f"{file}.json", tmp_path / "privacy_statement.json")
    statement = read_statement(tmp_path)
    assert type(statement) is cls
    assert statement.guarantee.epsilon == epsilon
    old = json.loads((OLD / f"{file}.json").read_text())
    data = statement.to_dict()
    assert {name: data[name] for name in old} == old
    # What statements did not have then says nothing.
    assert not any(data[name] for name in data.keys() - old.keys() - {"kind", "unit"})


def test_an_old_statement_says_what_precision_adds_to_it(tmp_path):
    """A distance eta to an (epsilon, delta) mechanism adds (1 + e^epsilon) eta."""
    shutil.copy(OLD / "release.json", tmp_path / "privacy_statement.json")
    statement = read_statement(tmp_path)
    eta = statement.numerical_delta
    assert eta == 1.4834450334788585e-10
    image = eta * (1 + math.exp(1.5549816915322048))
    patient = 2 * eta * (1 + math.exp(2.2883865646518635))
    assert f"{image:.1g} for an image and {patient:.1g} for a patient" in (
        statement.explain()
    )
    assert "adds nothing" in CASES["PixelGaussian"].explain()


def test_the_statement_of_a_pushed_model_is_read():
    path = ROOT / "saved_models" / "private-digits" / "1" / "manifest.json"
    privacy = json.loads(path.read_text())["privacy"]
    statement = statement_from_dict(privacy["statement"])
    assert isinstance(statement, TrainingStatement)
    assert 2.9 < statement.guarantee.epsilon <= 3
    assert statement.explain() == privacy["explanation"]


def without(name):
    return {k: v for k, v in TRAINING.to_dict().items() if k != name}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"kind": "oath"}, "no kind of privacy statement 'oath'. Choose from: release"),
        ({"kind": None}, "no kind of privacy statement 'None'"),
        ([], "an object with a kind. Received: list"),
        (without("epsilon"), "Missing: epsilon; unknown to this version: none"),
        (TRAINING.to_dict() | {"rest": 1}, "unknown to this version: rest"),
        (TRAINING.to_dict() | {"epsilon": "3"}, "Received: '3'"),
        (
            CASES["PixelLaplace"].to_dict() | {"image_epsilon_delta": 3.0},
            "an attribute of another type",
        ),
        (CASES["PixelLaplace"].to_dict() | {"values_per_image": -1}, "Received: -1"),
        (CASES["PixelLaplace"].to_dict() | {"values_per_image": 3}, "have not 3"),
        (CASES["PixelLaplace"].to_dict() | {"image_shape": []}, "have not"),
        (CASES["PixelLaplace"].to_dict() | {"parameters": {"scale": nan}}, "nan"),
        (TRAINING.to_dict() | {"images_per_patient": 10**400}, "1 to 2"),
        (TRAINING.to_dict() | {"clip": inf}, "without end is a word"),
        (TRAINING.to_dict() | {"account": [["infinity", 0.1, 20]]}, "A stage has"),
        (TRAINING.to_dict() | {"account": [["x", 0.1, 20]]}, "another type"),
        (
            compose([TRAINING, TRAINING]).to_dict()
            | {"parts": [compose([TRAINING, TRAINING]).to_dict()]},
            "are of releases and trainings. Received: one of the kind",
        ),
        (
            compose([TRAINING, CASES["PixelLaplace"]]).to_dict()
            | {"parts": [compose([TRAINING, CASES["PixelLaplace"]]).to_dict()]},
            "are of releases and trainings. Received: one of the kind",
        ),
    ],
)
def test_data_that_are_no_statement_are_refused(data, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        statement_from_dict(data)
    (tmp_path / "privacy_statement.json").write_text(json.dumps(data))
    with pytest.raises(ValueError, match=r"privacy_statement\.json is not a privacy"):
        read_statement(tmp_path)


def test_a_statement_shows_itself(statement):
    page = statement._repr_html_()
    assert f"Guarantee: {statement.summary()}." in page
    assert page.count("<table>") == 1
    assert page.count("<p>") == 1 + len(statement.explain().split("\n\n"))
    assert "kind" in page
    assert len(page) < 8000
