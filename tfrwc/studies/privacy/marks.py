"""Which of a study's files may be published, and which are to be kept.

A folder of results holds private images as they are, models that learned them, and
numbers measured on them. PUBLISH_OR_KEEP.txt says so of each; whatever it does not name
is to be kept.
"""

import functools
import math
from collections.abc import Callable, Iterator
from pathlib import Path

from tfrwc._common.files import write_text
from tfrwc._common.json_files import read_object
from tfrwc.models.saved_models import MANIFEST
from tfrwc.privacy.release.statement import Statement
from tfrwc.privacy.sgd.statement import TrainingStatement
from tfrwc.privacy.statement import (
    PrivacyStatement,
    read_statement,
    statement_from_dict,
)
from tfrwc.studies.privacy.answer import STRICT, hides

MARKS, KEEP = "PUBLISH_OR_KEEP.txt", "KEEP.txt"
_NUMBERS = "numbers measured on the private images, without noise"
_REASONS = {
    "report.html": f"no private image is in it, but {_NUMBERS}",
    "results.json": _NUMBERS,
    "figures": f"drawn from {_NUMBERS}; the images in them are public ones",
    "recordings": "how layers changed, also in training without privacy",
    "pipeline": "all that the steps made: it holds the private images as they are",
    MARKS: "says nothing of the images",
}
_OF_OUTPUTS = {
    "examples": "the private images as they are",
    "private": "released images, but several releases of the same ones, of which each "
    "adds its epsilon: publish a set of --build",
    "model": "a model that may have learned private images; what may be published is "
    "in saved_models",
    "model_run": "logs of a training, computed without noise",
    "recording": "how layers changed, also in training without privacy",
    "evaluation": "answers of a model for each private image",
    "report": _NUMBERS,
}
_HEAD = """\
What in this folder may be passed on. It was made from {origin}.

publish: may be passed on, with the statement that belongs to it.
keep:    is not to leave the place where the images themselves are kept.

What is not in this list is to be kept.
"""
_ALL = "Everything in this folder may be passed on."
_PUBLIC = f"""\
{_ALL} It was made from {{origin}}, which are public images of
nobody.
"""

Mark = tuple[bool, str, str]


def write_marks(out: Path, origin: str, may_be_shown: bool) -> None:
    """Write PUBLISH_OR_KEEP.txt, and a warning into what must be kept most.

    Args:
        out: folder of a study, before its steps run or after.
        origin: of the images, in words.
        may_be_shown: whether they are public; then all may be published, unless the
            folder has results of other images.
    """
    out.mkdir(parents=True, exist_ok=True)
    pipeline = out / "pipeline"
    if may_be_shown and _is_only_public(out):
        text = _PUBLIC.format(origin=origin)
        marks: list[Mark] = [
            (True, _shown(path), "made from public images") for path in _contents(out)
        ]
    else:
        if pipeline.is_dir():
            reason = _REASONS["pipeline"]
            write_text(pipeline / KEEP, f"Keep this folder: {reason}.\n")
        text = _HEAD.format(origin=origin)
        marks = [mark for path in _contents(out) for mark in _marks(path)]
    lines = [
        f"{'publish' if publish else 'keep':8} {path}: {reason}"
        for publish, path, reason in marks
    ]
    write_text(out / MARKS, "\n".join([text, *lines]) + "\n")


def _is_only_public(out: Path) -> bool:
    """Whether nothing in a folder is of other images than public ones."""
    if (out / MARKS).exists():
        return (out / MARKS).read_text(encoding="utf-8").startswith(_ALL)
    homes = (out / name for name in ("pipeline", "data", "saved_models"))
    return not any(home.is_dir() and any(home.iterdir()) for home in homes)


def _contents(out: Path) -> list[Path]:
    return sorted({*out.iterdir(), out / MARKS})


def _marks(path: Path) -> Iterator[Mark]:
    """The marks of what lies right below the folder of a private study."""
    if path.name == "saved_models" and path.is_dir():
        yield from _of_models(path)
    elif path.name == "data" and path.is_dir():
        yield from _of_sets(path)
    else:
        reason = _REASONS.get(path.name, "not known to this study")
        yield path.name == MARKS, _shown(path), reason
    if path.name == "pipeline":
        for output in sorted(path.glob("*/*/")):
            reason = _OF_OUTPUTS.get(output.name, "made by a step")
            yield False, f"pipeline/{output.parent.name}/{output.name}/", reason


def _of_models(folder: Path) -> Iterator[Mark]:
    for path in sorted(folder.glob(f"*/*/{MANIFEST}")):
        version = path.parent
        name = f"{folder.name}/{version.parent.name}/{version.name}/"
        yield _of_statement(name, "a model", functools.partial(_in_manifest, path))


def _of_sets(folder: Path) -> Iterator[Mark]:
    for path in sorted(folder.glob("private_pneumonia/*/*/privacy_statement.json")):
        home = path.parent
        name = home.relative_to(folder.parent).as_posix() + "/"
        read = functools.partial(read_statement, home)
        yield _of_statement(name, "released images", read)
    yield False, f"{folder.name}/, whatever else is in it", "not released"


def _in_manifest(path: Path) -> PrivacyStatement:
    types = {"privacy": dict}
    privacy = read_object(path, "the manifest of a model", types)["privacy"]
    return statement_from_dict(privacy.get("statement"))


def _of_statement(name: str, what: str, read: Callable[[], PrivacyStatement]) -> Mark:
    """The mark of what a statement is of: published only if it hides an image."""
    try:
        statement = read()
    except (ValueError, OSError):
        return False, name, f"{what}, whose privacy statement cannot be read"
    publish = isinstance(statement, (Statement, TrainingStatement))
    publish = publish and _is_strict(statement)
    more = "; each further release of the same images adds its epsilon"
    more = more if publish else ""
    return publish, name, f"{what}, {_words(statement)}{more}"


def _is_strict(statement: PrivacyStatement) -> bool:
    # The pipeline asks for the same before it pushes a model, but for rounding.
    return hides(statement.guarantee.epsilon)


def _words(statement: PrivacyStatement) -> str:
    """What is guaranteed, and to whom."""
    if math.isinf(statement.guarantee.epsilon):
        return "with no guarantee for an image"
    words = statement.summary()
    if isinstance(statement, Statement):
        patient = statement.patient_epsilon_delta.epsilon
    elif isinstance(statement, TrainingStatement):
        patient = statement.patient_epsilon
    else:
        return words
    number = statement.images_per_patient
    if number > 1:
        words += f"; epsilon {patient:.4g} for a patient with {number} images"
    if not _is_strict(statement):
        return f"{words}, which hides no image"
    return f"{words}, which hides no patient" if patient > STRICT else words


def _shown(path: Path) -> str:
    return f"{path.name}/" if path.is_dir() else path.name
