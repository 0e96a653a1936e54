"""Trials: what a study runs, with each option written once.

A study's trial is a frozen dataclass whose fields are made by `option`, with a default
and a line of help. The options of its command line are those fields:

>>> from dataclasses import dataclass
>>> @dataclass(frozen=True)
... class Tasting(Trial):
...     cake: str = option("plum", "tasted", choices=lambda: ("plum", "nut"))
...     seeds: tuple[int, ...] = option((0, 1), "a cake for each", WHOLE_NUMBERS)
...
...     @property
...     def name(self):
...         return f"{self.cake} cake"
>>> import argparse
>>> parser = argparse.ArgumentParser()
>>> add_options(parser, Tasting)
>>> trial = from_options(Tasting, parser.parse_args(["--seeds", "2,3"]))
>>> trial
Tasting(cake='plum', seeds=(2, 3))
>>> Tasting.from_json(trial.to_json()) == trial
True
>>> Tasting("stone")
Traceback (most recent call last):
...
ValueError: There is no cake 'stone'. Choose one of plum, nut.
"""

import argparse
import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any, TypeVar

from tfrwc._common.checks import random_seed
from tfrwc._common.plain import number, plain

T = TypeVar("T", bound="Trial")
_METADATA = "option"


@dataclass(frozen=True)
class Kind:
    """A kind of values: how they are read from a command line, and from JSON."""

    parse: Callable[[str], Any]
    read: Callable[[Any], Any]


def whole_numbers(text: str) -> tuple[int, ...]:
    """Whole numbers separated by commas."""
    return tuple(int(part) for part in text.split(","))


def numbers(text: str) -> tuple[float, ...]:
    """Numbers separated by commas, of which one may be inf."""
    return tuple(float(part) for part in text.split(","))


def names(text: str) -> tuple[str, ...]:
    """Names separated by commas."""
    return tuple(text.split(","))


TEXT = Kind(str, str)
WHOLE = Kind(int, int)
NUMBER = Kind(float, number)
NAMES = Kind(names, tuple)
WHOLE_NUMBERS = Kind(whole_numbers, tuple)
NUMBERS = Kind(numbers, lambda values: tuple(map(number, values)))


@dataclass(frozen=True)
class _Option:
    help: str
    kind: Kind
    choices: Callable[[], Collection[str]] | None
    noun: str | None


def option(
    default: Any,
    help: str,
    kind: Kind = TEXT,
    *,
    choices: Callable[[], Collection[str]] | None = None,
    noun: str | None = None,
) -> Any:
    """A field of a trial.

    Args:
        default: its value where none is given.
        help: a line for ``--help``, to which the default is added if it has none.
        kind: how it is read.
        choices: gives the names that it, or each of its values, must be one of. It is
            called when a trial is made: ``--help`` shall not wait for TensorFlow.
        noun: what one of the choices is called in a message, if not as the field.
    """
    about = _Option(help, kind, choices, noun)
    return field(default=default, metadata={_METADATA: about})


@dataclass(frozen=True)
class Trial:
    """What a study runs; the base of each study's own."""

    def __post_init__(self) -> None:
        for one in fields(self):
            about, value = one.metadata[_METADATA], getattr(self, one.name)
            if about.choices is None:
                continue
            choices = about.choices()
            for choice in value if isinstance(value, tuple) else (value,):
                if choice not in choices:
                    raise ValueError(
                        f"There is no {about.noun or one.name} {choice!r}. Choose one "
                        f"of {', '.join(choices)}."
                    )

    @property
    def name(self) -> str:
        """The name of the model that is pushed."""
        raise NotImplementedError

    def settings(self) -> dict[str, Any]:
        """All that the trial was run with, as plain data for results.json."""
        return plain(asdict(self))

    def to_json(self) -> str:
        """The trial as text, for `from_json`."""
        return json.dumps(plain(asdict(self)))

    @classmethod
    def from_json(cls: type[T], text: str) -> T:
        """The trial of a text of `to_json`."""
        values = json.loads(text)
        kinds = {one.name: one.metadata[_METADATA].kind for one in fields(cls)}
        return cls(
            **{
                name: None if value is None else kinds[name].read(value)
                for name, value in values.items()
            }
        )


def add_options(parser: argparse.ArgumentParser, trial: type[Trial]) -> None:
    """Add an option to a command line for each field of a trial."""
    for one in fields(trial):
        about = one.metadata[_METADATA]
        parser.add_argument(
            f"--{one.name.replace('_', '-')}",
            type=about.kind.parse,
            default=argparse.SUPPRESS,
            help=about.help
            if "default" in about.help
            else about.help + _default(one.default),
        )


def from_options(trial: type[T], options: argparse.Namespace) -> T:
    """The trial that a command line asks for; what it does not name is as by default.

    Raises:
        ValueError: if there is no such trial.
    """
    asked = vars(options)
    return trial(
        **{one.name: asked[one.name] for one in fields(trial) if one.name in asked}
    )


def networks() -> tuple[str, ...]:
    """Names of all networks; see `tfrwc.models`."""
    from tfrwc import models

    return models.NAMES


def network(default: str) -> Any:
    """The option of a network, one of `tfrwc.models.NAMES`."""
    return option(
        default,
        "resnet18, resnet34, vgg19, alexnet, efficientnetb4, resnet18_narrow, "
        "resnet34_narrow, vgg19_narrow, alexnet_narrow or resnet10_tiny",
        choices=networks,
        noun="network",
    )


def check_seeds(seeds: Sequence[int], bits: int) -> None:
    """Raise a ValueError unless there are seeds, all different, of so many bits."""
    whole = all(random_seed(seed) < 2**bits for seed in seeds)
    if not seeds or not whole or len(set(seeds)) < len(seeds):
        raise ValueError(
            f"A trial needs one or more different seeds in 0..2**{bits} - 1. "
            f"Received: {tuple(seeds)}."
        )


def _default(value: Any) -> str:
    if value is None:
        return ""
    values = value if isinstance(value, tuple) else (value,)
    shown = (f"{one:g}" if isinstance(one, float) else str(one) for one in values)
    return f"; default: {','.join(shown)}"
