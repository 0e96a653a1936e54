"""The mechanisms by name, with budgets to release by and how figures show them.

A mechanism of one's own, which the studies then know by the names of its budgets:

>>> import numpy as np
>>> from tfrwc.privacy.release import NoGuarantee, catalogue
>>> @dataclass(frozen=True)
... class Threshold(NoGuarantee):
...     level: float
...
...     def _perturb(self, images, words):
...         return np.where(images < self.level, 0.0, 255.0)
>>> catalogue.register(
...     Threshold,
...     budgets={"threshold_128": lambda shape: Threshold(128)},
...     title="black and white",
...     number="above level",
...     colour="#6699CC",
...     marker="8",
...     noise="none: black or white",
...     guarantee="none",
... )
>>> catalogue.standard_mechanism("threshold_128", (8, 8))
Threshold(level=128.0)
>>> catalogue.style_of("Threshold").marker
'8'
>>> catalogue.unregister("Threshold")
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from tfrwc._common.registry import Registry
from tfrwc.privacy.release.mechanism import Mechanism, NoGuarantee

Factory: TypeAlias = Callable[[Sequence[int]], Mechanism]

DELTA = 1e-5  # of all standard budgets

# Matplotlib's markers that can be hollow, but the circle: it is DP-SGD's.
MARKERS = ("s", "D", "v", "^", "P", "*", "X", "<", ">", "p", "h", "d", "H", "8")
_COLOUR = re.compile("#[0-9A-Fa-f]{6}")
# Names are also those of TFDS configurations and of pipeline steps.
_BUDGET = re.compile("[a-z][a-z0-9_]*")


class Style(NamedTuple):
    """How figures show a mechanism.

    Attributes:
        colour: hexadecimal, such as ``"#0072B2"``.
        marker: one of `MARKERS`.
    """

    colour: str
    marker: str


@dataclass(frozen=True)
class RegisteredMechanism:
    """What `register` was told of a mechanism; see there."""

    mechanism: type[Mechanism]
    budgets: Mapping[str, Factory]
    title: str | None
    number: str
    style: Style
    noise: str
    guarantee: str
    rank: int


MECHANISMS: Registry[RegisteredMechanism] = Registry("mechanism")


def register(
    mechanism: type[Mechanism],
    *,
    budgets: Mapping[str, Factory],
    colour: str,
    marker: str,
    noise: str,
    guarantee: str,
    title: str | None = None,
    number: str | None = None,
    rank: int = 1000,
) -> None:
    """Add a mechanism to those that studies, data sets and figures know by name.

    Args:
        mechanism: a frozen dataclass.
        budgets: by name of the budget, a function that makes the mechanism for images
            of a shape, (height, width) or (height, width, channels); the more private
            first. It is not called before the mechanism is asked for.
        colour: in figures, hexadecimal.
        marker: in figures, one of `MARKERS` that no other mechanism has.
        noise: what is noised, in a few words, for the table in the documentation.
        guarantee: what is guaranteed, in a few words, for the same table.
        title: what pages and figures call it, such as ``"Laplace noise"``; None to
            call it as its class, and its budgets by their names.
        number: what the number at the end of the names of its budgets is; None for an
            epsilon, which of a mechanism without a guarantee is only claimed.
        rank: place among the mechanisms, the lowest first.

    Raises:
        TypeError: if the class itself is not a frozen dataclass: its repr keys the
            noise, and so must have all parameters.
        ValueError: if there are no budgets, if a name is malformed or taken, or if
            the colour or the marker is missing or belongs to another mechanism.
    """
    _check_class(mechanism)
    name = mechanism.__name__
    others = {key: item for key, item in MECHANISMS.items() if key != name}
    _check_budgets(name, budgets, others)
    _check_style(name, colour, marker, others)
    style = Style(colour, marker)
    claimed = issubclass(mechanism, NoGuarantee)
    number = number or ("claimed epsilon" if claimed else "epsilon")
    MECHANISMS.register(
        name,
        RegisteredMechanism(
            mechanism,
            dict(budgets),
            title,
            number,
            style,
            noise,
            guarantee,
            rank,
        ),
    )


def unregister(name: str) -> None:
    """Remove a mechanism, for example at the end of a test.

    Args:
        name: of its class.

    Raises:
        ValueError: if there is none of this name.
    """
    MECHANISMS.unregister(name)


def _check_class(mechanism: object) -> None:
    own_attributes = vars(mechanism) if isinstance(mechanism, type) else {}
    parameters = own_attributes.get("__dataclass_params__")
    if (
        not isinstance(mechanism, type)
        or not issubclass(mechanism, Mechanism)
        or not getattr(parameters, "frozen", False)
    ):
        raise TypeError(
            "A mechanism is a subclass of Mechanism with @dataclass(frozen=True): its "
            f"repr, which has all parameters, keys the noise. Received: {mechanism!r}."
        )


def _check_budgets(
    name: str,
    budgets: Mapping[str, Factory],
    others: Mapping[str, RegisteredMechanism],
) -> None:
    if not budgets:
        raise ValueError(f"{name} needs one budget or more to be released by.")
    owners = {budget: key for key, item in others.items() for budget in item.budgets}
    for budget in budgets:
        if not _BUDGET.fullmatch(budget):
            raise ValueError(
                "The name of a budget has small letters, digits and _, and begins with "
                f"a letter. Received: {budget!r}."
            )
        if budget in owners:
            raise ValueError(
                f"There is already a budget {budget!r}, of {owners[budget]}. Choose "
                "another name."
            )


def _check_style(
    name: str, colour: str, marker: str, others: Mapping[str, RegisteredMechanism]
) -> None:
    free = [m for m in MARKERS if m not in {o.style.marker for o in others.values()}]
    if marker not in free:
        raise ValueError(
            f"{name} needs a marker of its own in figures. Choose from: "
            f"{' '.join(free)}. Received: {marker!r}."
        )
    if not isinstance(colour, str) or not _COLOUR.fullmatch(colour):
        raise ValueError(
            f"{name} needs a colour in figures, such as '#44AA99'. Received: "
            f"{colour!r}."
        )
    for other, item in others.items():
        if item.style.colour.lower() == colour.lower():
            raise ValueError(
                f"{other} has the colour {colour} already. Choose another one for "
                f"{name}."
            )
