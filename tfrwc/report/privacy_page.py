"""One page on a privacy statement, to be read, completed and signed.

>>> import tempfile
>>> from pathlib import Path
>>> from tfrwc.privacy import PixelGaussian
>>> statement = PixelGaussian(9000.0).statement((8, 8))
>>> with tempfile.TemporaryDirectory() as folder:
...     write_privacy_page(statement, Path(folder) / "page.html").name
'page.html'
"""

import hashlib
import math
import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from tfrwc._common.files import write_text
from tfrwc._common.paths import local_path
from tfrwc._version import __version__
from tfrwc.privacy.accounting.attacks import Attacks, of_guarantee
from tfrwc.privacy.composed import ComposedStatement
from tfrwc.privacy.composed_training import ComposedTraining
from tfrwc.privacy.composition import compose
from tfrwc.privacy.guarantee import EpsilonDelta
from tfrwc.privacy.release.statement import Statement
from tfrwc.privacy.sgd.sentences import of_fixed_batches
from tfrwc.privacy.sgd.statement import TrainingStatement
from tfrwc.privacy.statement import PrivacyStatement, with_article
from tfrwc.report.page import rendered

_TEMPLATE = Path(__file__).with_name("privacy_page.html.jinja")
# What no statement can know, and somebody must.
_ON_TRUST = (
    f"tfrwc {__version__} ran as it was published, and nobody kept its random numbers.",
    "Nothing else was made of these data than what is listed under “Spent before”.",
)
_OF_UNITS = (
    "All images of {one} were given under one name, and no two share a name.",
    "No {unit} has more images than stated: {images}.",
)


class Row(NamedTuple):
    """How much is guaranteed to whom.

    Attributes:
        who: is protected.
        guarantee: epsilon and delta.
        attacks: the best that there are.
        is_of_noise: whether these are what the noise allows, and not what any
            mechanism with this epsilon and delta does.
    """

    who: str
    guarantee: EpsilonDelta
    attacks: Attacks
    is_of_noise: bool


def write_privacy_page(
    statement: PrivacyStatement,
    path: str | os.PathLike[str],
    before: Iterable[PrivacyStatement] = (),
) -> Path:
    """Write a page that says what is guaranteed, with lines for names and signatures.

    It is one HTML file that needs no other, and prints on one sheet of A4 (a long list
    of what was spent before or of what is on trust takes a second).

    Args:
        statement: of a training, of released images, or of several together.
        path: of the page; its folder is made.
        before: statements of what was made of the same data before.

    Returns:
        Path of the page.

    Raises:
        TypeError, ValueError: if what was made before cannot be composed with it.
    """
    path, before = local_path(path, "path"), list(before)
    together = compose([*before, statement]) if before else None
    text = rendered(
        _TEMPLATE,
        statement=statement,
        digest=hashlib.sha256(statement.to_json().encode()).hexdigest(),
        what=_what(statement),
        who=_who(statement),
        against=_against(statement),
        rows=rows_of(statement),
        assumed=[*_assumed(statement), *_ON_TRUST],
        not_covered=getattr(statement, "not_promised", ()),
        before=before,
        together=rows_of(together) if together else [],
        is_none=math.isinf(statement.guarantee.epsilon),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, text)
    return path


def rows_of(statement: PrivacyStatement) -> list[Row]:
    """What is guaranteed to one unit, and to a patient with several images."""
    one = with_article(statement.unit)
    rows = [_row(f"{one}, {_change(statement)}", statement.guarantee, statement, 1)]
    images = getattr(statement, "images_per_patient", 1)
    if images > 1:
        of_patient = statement.guarantee_of(images)
        if isinstance(statement, (Statement, ComposedStatement)):
            of_patient = statement.patient_epsilon_delta
        elif isinstance(statement, (TrainingStatement, ComposedTraining)):
            of_patient = EpsilonDelta(statement.patient_epsilon, statement.delta)
        who = f"a patient with {images} images, all {_change(statement)}"
        rows.append(_row(who, of_patient, statement, images))
    return rows


def _row(
    who: str, guarantee: EpsilonDelta, statement: PrivacyStatement, images: int
) -> Row:
    any_mechanism, of_noise = of_guarantee(*guarantee), statement.attacks(images)
    is_of_noise = of_noise.advantage < any_mechanism.advantage - 1e-6
    return Row(who, guarantee, of_noise if is_of_noise else any_mechanism, is_of_noise)


def _is_training(statement: PrivacyStatement) -> bool:
    return isinstance(statement, (TrainingStatement, ComposedTraining))


def _change(statement: PrivacyStatement) -> str:
    return "there or not" if _is_training(statement) else "replaced by any other"


def _what(statement: PrivacyStatement) -> str:
    if isinstance(statement, TrainingStatement):
        return (
            f"A model that was trained on {statement.train_size:,} {statement.unit}s, "
            f"in {statement.steps:,} steps with noise."
        )
    if isinstance(statement, Statement):
        size = " x ".join(map(str, statement.image_shape))
        return f"Images of {size}, released with noise by {statement.mechanism}."
    if isinstance(statement, (ComposedTraining, ComposedStatement)):
        return f"{len(statement.parts)} uses of the same data, all together."
    return "A model that was trained without privacy."


def _who(statement: PrivacyStatement) -> str:
    if statement.unit == "image":
        return "every image that was used, whatever it shows"
    return f"every {statement.unit} of whom data were used, with all of them"


def _against(statement: PrivacyStatement) -> str:
    one = with_article(statement.unit)
    if _is_training(statement):
        return (
            "whoever has what was trained, with all its weights, knows all other data, "
            f"and wants to tell whether {one} was among them."
        )
    return (
        "whoever has what was released, knows all other data, and wants to tell which "
        f"of two candidates {one} was."
    )


def _assumed(statement: PrivacyStatement) -> list[str]:
    """What a statement takes on trust, beside what every one does."""
    unit, images = statement.unit, getattr(statement, "images_per_patient", 1)
    texts = list(getattr(statement, "rests_on", ()))
    if _is_training(statement) and getattr(statement, "sampling", "") == "fixed":
        texts.append(of_fixed_batches(statement.epsilon_without_sampling))
    if unit != "image":
        texts.append(_OF_UNITS[0].format(one=with_article(unit)))
    elif images > 1:
        texts.append(_OF_UNITS[1].format(unit="patient", images=images))
    if not _is_training(statement):
        texts.append("The secret key of the noise is known to nobody else.")
    return texts
