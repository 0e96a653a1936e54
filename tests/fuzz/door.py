"""A door: one way for a file to come in, and what is right to come of it."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

Mutation = Callable[[Path, random.Random], str]
"""Damages the file or folder at a path, and says how."""


@dataclass(frozen=True)
class Door:
    """How a format is read, damaged and judged.

    Attributes:
        make: writes an original into an empty folder, and returns the path (a file or
            a folder in it) that `load` reads.
        load: reads that path; returns all that was read, already computed.
        judge: takes what was read from a damaged copy and from the original. Returns
            ``"right"``, ``"wrong"``, or a word of its own for a change that nobody
            could notice, which is counted apart.
        mutations: what may be done to a copy.
        errors: types that may be raised. The package itself must raise them (not a
            library that it calls), and the message must have the name of the file.
        seconds: after which reading counts as hanging.
        gigabytes: of address space, beyond which memory runs out; None for no limit.
    """

    make: Callable[[Path], Path]
    load: Callable[[Path], Any]
    judge: Callable[[Any, Any], str]
    mutations: Sequence[Mutation]
    errors: tuple[type[Exception], ...] = (ValueError, OSError)
    seconds: float = 20.0
    gigabytes: float | None = 8.0


def find(name: str) -> Door:
    """The door of this name, ``module:ATTRIBUTE``."""
    module, _, attribute = name.partition(":")
    door = getattr(import_module(module), attribute)
    assert isinstance(door, Door), f"{name} is no Door"
    return door
