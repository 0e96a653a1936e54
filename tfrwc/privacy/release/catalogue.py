"""Standard mechanisms: at budgets from strong privacy to images that show something.

>>> standard_names()[:3]
('laplace_value_1', 'laplace_value_4', 'laplace_value_16')
>>> standard_mechanism("laplace_value_4", (64, 64))
PixelLaplace(scale=63.75)
>>> style_of("PixelLaplace")
Style(colour='#0072B2', marker='s')

Each module of this folder registers the mechanism in it when it is imported, which is
done here; see `register` for mechanisms of one's own.
"""

import pkgutil
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from tfrwc.privacy.release.mechanism import Mechanism
from tfrwc.privacy.release.registry import (
    DELTA,
    MECHANISMS,
    Factory,
    RegisteredMechanism,
    Style,
    register,
    unregister,
)

__all__ = [
    "DELTA",
    "MECHANISMS",
    "Style",
    "register",
    "standard_mechanism",
    "standard_mechanisms",
    "standard_names",
    "style_of",
    "table",
    "unregister",
]

for _module in pkgutil.iter_modules([str(Path(__file__).parent)]):
    if _module.name != "catalogue":
        import_module(f"{__package__}.{_module.name}")


def standard_names() -> tuple[str, ...]:
    """Names of the standard mechanisms, the more private first in each kind.

    The numbers in a name are the budget: per value, per image with `DELTA`, or the
    mechanism's own. Nothing is computed.
    """
    return tuple(_factories())


def standard_mechanism(name: str, shape: Sequence[int]) -> Mechanism:
    """Make a standard mechanism for images of a shape.

    Args:
        name: one of `standard_names()`.
        shape: (height, width), at least 8 each, or (height, width, channels).

    Raises:
        ValueError: if there is none of this name.
    """
    factories = _factories()
    if name not in factories:
        raise ValueError(
            f"There is no release {name}. Choose from {', '.join(factories)}."
        )
    return factories[name](shape)


def standard_mechanisms(shape: Sequence[int]) -> dict[str, Mechanism]:
    """All standard mechanisms by name, which takes about a second.

    Args:
        shape: as of `standard_mechanism`.
    """
    return {name: make(shape) for name, make in _factories().items()}


def style_of(name: str) -> Style:
    """Colour and marker of a mechanism in figures.

    Args:
        name: of its class, as in `Statement.mechanism`.

    Raises:
        ValueError: if no mechanism of this name is registered.
    """
    return MECHANISMS[name].style


def table() -> list[tuple[str, str, str]]:
    """Rows (mechanism with its parameters, noise, guarantee) for the documentation."""
    return [
        (
            f"{item.mechanism.__name__}({', '.join(item.mechanism.parameter_names())})",
            item.noise,
            item.guarantee,
        )
        for item in _in_order()
    ]


def _in_order() -> list[RegisteredMechanism]:
    return sorted(MECHANISMS.values(), key=lambda item: item.rank)


def _factories() -> dict[str, Factory]:
    return {name: make for m in _in_order() for name, make in m.budgets.items()}
