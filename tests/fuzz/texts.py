"""Doors of JSON files: statements of privacy, and manifests of models."""

import json
import shutil
from dataclasses import fields
from pathlib import Path

from privacy.statements import TRAINING

from fuzz.door import Door
from fuzz.mutations import anywhere
from fuzz.trees import json_file
from tfrwc.privacy import PixelLaplace
from tfrwc.privacy.statement import PrivacyStatement, read_statement, write_statement


def training(folder: Path) -> Path:
    write_statement(TRAINING, folder)
    return folder / "privacy_statement.json"


def release(folder: Path) -> Path:
    statement = PixelLaplace(scale=51.0).statement((4, 5), images_per_patient=2)
    write_statement(statement, folder)
    return folder / "privacy_statement.json"


def load(path: Path) -> PrivacyStatement:
    """A statement of which all has been used."""
    statement = read_statement(path.parent)
    assert statement.explain()
    assert statement.summary()
    return statement


def possible(statement: PrivacyStatement, original: PrivacyStatement) -> str:
    """Nothing tells one number from another; a type or a range does."""
    if statement == original:
        return "right"
    epsilon, delta = statement.guarantee
    sound = isinstance(epsilon, float) and epsilon >= 0 and 0 <= delta <= 1
    for field in fields(statement):
        value = getattr(statement, field.name)
        if field.type in (str, int, bool):
            sound = sound and type(value) is field.type
    return "another statement" if sound else "wrong"


STATEMENT = Door(training, load, possible, [*anywhere(), *[json_file()] * 16])
RELEASE = Door(release, load, possible, [*anywhere(), *[json_file()] * 16])


def pushed(folder: Path) -> Path:
    """A model of this repository, as it was pushed."""
    kept = Path(__file__).parents[2] / "saved_models" / "digits-resnet10_tiny"
    shutil.copytree(kept, folder / kept.name)
    return folder / kept.name / "1" / "manifest.json"


def load_manifest(path: Path) -> str:
    """What the manifest says, after the check that it is what was pushed."""
    from tfrwc.models.saved_models import _checked

    return json.dumps(_checked(path.parent, "digits-resnet10_tiny", 1))


def same_text(text: str, original: str) -> str:
    return "right" if json.loads(text) == json.loads(original) else "wrong"


MANIFEST = Door(pushed, load_manifest, same_text, [*anywhere(), *[json_file()] * 16])
