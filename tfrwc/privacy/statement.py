"""Privacy statements: what is guaranteed, for machines in JSON, for people in words.

>>> import tempfile
>>> from tfrwc.privacy import PixelLaplace
>>> statement = PixelLaplace(scale=255.0).statement((8, 8))
>>> with tempfile.TemporaryDirectory() as folder:
...     print(write_statement(statement, folder))
...     read_statement(folder) == statement
epsilon 48.01, delta 1e-05, for an image
True
"""

import json
import math
import os
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, asdict, dataclass, fields
from types import UnionType
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, get_args, get_origin

from tfrwc._common.files import write_text
from tfrwc._common.html import escaped, paragraphs, table
from tfrwc._common.json_files import read_json
from tfrwc._common.paths import local_path
from tfrwc._common.plain import number, plain
from tfrwc._common.registry import Registry
from tfrwc.privacy.guarantee import EpsilonDelta

if TYPE_CHECKING:
    from tfrwc.privacy.accounting.attacks import Attacks

_NAME = "privacy_statement"

S = TypeVar("S", bound="PrivacyStatement")


@dataclass(frozen=True)
class PrivacyStatement(ABC):
    """What is guaranteed: the base of all statements.

    A subclass is a frozen dataclass that names its `kind`, by which
    `statement_from_dict` finds it again.

    Attributes:
        kind: of statement: ``"release"``, ``"training"`` or ``"none"``.
        unit: what `guarantee` is for one of.
    """

    kind: ClassVar[str]
    unit = "image"

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "kind" in cls.__dict__:
            STATEMENTS.register(cls.kind, cls)

    @property
    @abstractmethod
    def guarantee(self) -> EpsilonDelta:
        """Epsilon and delta of one `unit`; an infinite epsilon where there is none."""

    @abstractmethod
    def explain(self) -> str:
        """The statement as text for a hospital's data officer."""

    def guarantee_of(self, images: int) -> EpsilonDelta:
        """Epsilon and delta of some of the `unit` together.

        Args:
            images: how many; 1 or more.
        """
        # Not at the top: it loads SciPy, and statements are read without.
        from tfrwc.privacy.accounting.bounds import group_guarantee

        return EpsilonDelta(*group_guarantee(*self.guarantee, images))

    def attacks(self, images: int = 1) -> "Attacks":
        """What the best attack on some of the `unit` together can do.

        Args:
            images: how many; 1 or more.
        """
        from tfrwc.privacy.accounting.attacks import of_guarantee

        return of_guarantee(*self.guarantee_of(images))

    def attacks_on_members(self, images: int = 1) -> "Attacks":
        """What the best attack can do that tells members from others in their place.

        Args:
            images: how many are replaced together; 1 or more.
        """
        return self.attacks(images)

    def summary(self) -> str:
        """The guarantee in a few words; ``"none"`` where there is none."""
        epsilon, delta = self.guarantee
        if math.isinf(epsilon):
            return "none"
        unit = with_article(self.unit)
        return f"epsilon {epsilon:.4g}, delta {delta:.2g}, for {unit}"

    def _repr_html_(self) -> str:
        rows = [
            (name, f"{value:.6g}" if isinstance(value, float) else value)
            for name, value in self.to_dict().items()
            if isinstance(value, (str, int, float)) and len(str(value)) <= 60
        ]
        return (
            f"<p><strong>Guarantee: {escaped(self.summary())}.</strong></p>"
            f"{paragraphs(self.explain())}{table(('', 'value'), rows)}"
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON, which has no infinity: it becomes "infinity"."""
        # asdict keeps named tuples, which `plain` would turn into lists.
        values = {
            name: value._asdict() if isinstance(value, EpsilonDelta) else value
            for name, value in asdict(self).items()
        }
        return {"kind": self.kind} | {k: plain(value) for k, value in values.items()}

    def to_json(self) -> str:
        """The statement as JSON text."""
        return json.dumps(self.to_dict(), indent=1)

    @classmethod
    def from_dict(cls: type[S], data: Mapping[str, Any]) -> S:
        """Make the statement that `to_dict` turned into plain data.

        Raises:
            ValueError: if the data lack an attribute, or have one that this version
                does not know, which could limit what the others say.
        """
        types = {field.name: field.type for field in fields(cls)}
        required = {
            field.name
            for field in fields(cls)
            if field.default is MISSING and field.default_factory is MISSING
        }
        values = {name: value for name, value in data.items() if name != "kind"}
        missing = sorted(required - values.keys())
        unknown = sorted(values.keys() - types.keys())
        if missing or unknown:
            raise ValueError(
                f"A privacy statement of the kind {cls.kind!r} has the attributes "
                f"{', '.join(types)}. Missing: {', '.join(missing) or 'none'}; unknown "
                f"to this version: {', '.join(unknown) or 'none'}. Use the version of "
                "tfrwc that wrote it, or write it again."
            )
        attributes = {}
        for name, value in values.items():
            try:
                attributes[name] = _restored(value, types[name])
                _check_range(name, attributes[name])
            except (ValueError, KeyError, TypeError) as error:
                raise ValueError(
                    f"A privacy statement of the kind {cls.kind!r} has an attribute of "
                    f"another type than this version writes: {name}. {error}"
                ) from error
        return cls(**attributes)


STATEMENTS: Registry[type[PrivacyStatement]] = Registry("kind of privacy statement")


def with_article(noun: str) -> str:
    """A noun with "a" or "an".

    >>> with_article("image"), with_article("patient"), with_article("user")
    ('an image', 'a patient', 'a user')
    """
    is_vowel = noun[0].lower() in "aeio"
    return f"{'an' if is_vowel else 'a'} {noun}"


def write_statement(statement: PrivacyStatement, folder: str | os.PathLike[str]) -> str:
    """Write a statement as privacy_statement.json and privacy_statement.txt.

    Args:
        statement: to be written.
        folder: to write into; it must exist.

    Returns:
        The guarantee in a few words, see `PrivacyStatement.summary`.
    """
    folder = local_path(folder, "folder")
    write_text(folder / f"{_NAME}.json", statement.to_json())
    write_text(folder / f"{_NAME}.txt", statement.explain() + "\n")
    return statement.summary()


def read_statement(folder: str | os.PathLike[str]) -> PrivacyStatement:
    """Read the statement that `write_statement` wrote into a folder.

    Raises:
        FileNotFoundError: if there is no privacy_statement.json in it.
        ValueError: if that is not a statement.
    """
    path = local_path(folder, "folder") / f"{_NAME}.json"
    data = read_json(path, "a privacy statement")
    try:
        return statement_from_dict(data)
    except ValueError as error:
        raise ValueError(f"{path} is not a privacy statement: {error}") from error


def statement_from_dict(data: Mapping[str, Any]) -> PrivacyStatement:
    """Make a statement of the kind that plain data say they are of.

    Args:
        data: of `PrivacyStatement.to_dict`, as they also stand in the manifest of a
            saved model and in the metadata of a TFDS data set.

    Raises:
        ValueError: if they are not a statement.
    """
    if not isinstance(data, Mapping):
        raise ValueError(
            f"A statement is an object with a kind. Received: {type(data).__name__}."
        )
    kind = data["kind"] if "kind" in data else _kind_before_it_was_written(data)
    return STATEMENTS[str(kind)].from_dict(data)


def check_parts(parts: Sequence[Mapping[str, Any]]) -> None:
    """Check that there are parts of a composed statement, and that none is composed.

    Args:
        parts: statements as plain data.

    Raises:
        ValueError: if there is none, or one is composed.
    """
    if not parts:
        raise ValueError("A composed statement has one part or more.")
    for part in parts:
        if "parts" in part:
            raise ValueError(
                "The parts of a composed statement are of releases and trainings. "
                f"Received: one of the kind {part.get('kind')!r}. Put its own parts in "
                "its place."
            )


def _kind_before_it_was_written(data: Mapping[str, Any]) -> str:
    """The kind of a statement from before version 0.1.0 was released."""
    if "image_epsilon_delta" in data:
        return "release"
    return "training" if "noise_multiplier" in data else "none"


def _restored(value: Any, field_type: Any) -> Any:
    """A value of plain data as the attribute that it was.

    Raises:
        ValueError, KeyError, TypeError: if it is of another type.
    """
    if field_type is float:
        if value is None:
            raise ValueError("It must be a number. Received: null.")
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError(f"A number without end is a word. Received: {value}.")
        return number(value)
    if field_type is EpsilonDelta:
        if sorted(value) != ["delta", "epsilon"]:
            raise ValueError(f"It has an epsilon and a delta. Received: {value!r}.")
        return EpsilonDelta(number(value["epsilon"]), number(value["delta"]))
    origin, inner = get_origin(field_type), get_args(field_type)
    if origin is UnionType:
        return None if value is None else _restored(value, inner[0])
    if origin is tuple:
        _check_type(value, list)
        if inner[1:] == (...,):
            inner = inner[:1] * len(value)
        restored = [_restored(*pair) for pair in zip(value, inner, strict=True)]
        # Whole numbers stay whole.
        return tuple(
            old if isinstance(old, int) else new
            for new, old in zip(restored, value, strict=True)
        )
    if origin is dict:
        _check_type(value, dict)
        for item in value.values():
            _restored(item, inner[1])
        return value
    if isinstance(field_type, type):
        _check_type(value, field_type)
    return value


def _check_type(value: Any, expected: type) -> None:
    # True is an int to Python.
    if not isinstance(value, expected) or (isinstance(value, bool) and expected is int):
        raise ValueError(f"It must be {expected.__name__}. Received: {value!r:.100}.")


def _check_range(name: str, value: Any) -> None:
    """Check what says how many there are, or how likely something is."""
    if isinstance(value, EpsilonDelta):
        _check_range("epsilon", value.epsilon)
        _check_range("delta", value.delta)
    elif isinstance(value, float) and name.endswith(("epsilon", "delta")):
        most = 1 if name.endswith("delta") else math.inf
        if not 0 <= value <= most:
            raise ValueError(f"It must be 0 to {most}. Received: {value}.")
    elif isinstance(value, int) and not isinstance(value, bool):
        least = 0 if name == "steps" else 1
        if not least <= value < 2**63:
            raise ValueError(f"It must be {least} to 2^63. Received: {value!r:.30}.")
