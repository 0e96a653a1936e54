"""Errors and warnings of commands as plain lines, JSON, and options that take lists."""

import functools
import json
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

import typer
from typer.core import TyperCommand

from tfrwc._common.plain import plain
from tfrwc.compat.extras import MissingPackageError

F = TypeVar("F", bound=Callable[..., None])

_OURS = (ValueError, TypeError, OSError, MissingPackageError, NotImplementedError)


def plain_errors(command: F) -> F:
    """A command that says what went wrong in one line, and ends with 1.

    Warnings become such lines too. What is no error of ours keeps its traceback.
    """

    @functools.wraps(command)
    def told(*arguments: Any, **options: Any) -> None:
        with warnings.catch_warnings():
            warnings.showwarning = _tell
            try:
                command(*arguments, **options)
            except BrokenPipeError:  # `| head` has read enough; Click ends quietly
                raise
            except _OURS as error:
                _say(str(error))
                raise typer.Exit(1) from error

    return told  # type: ignore[return-value]


def print_json(data: Any) -> None:
    """Print plain data as JSON."""
    typer.echo(json.dumps(plain(data), indent=1, ensure_ascii=False))


def _tell(message: Warning | str, *_: Any, **__: Any) -> None:
    _say(f"warning: {message}")


def _say(text: str) -> None:
    typer.echo(f"tfrwc: {' '.join(text.split())}", err=True)


class ListedOptions(TyperCommand):
    """A command whose ``--against`` takes all words up to the next option.

    A shell makes several words of ``--against other*.parquet``.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return super().parse_args(ctx, spread(args))


def spread(words: list[str], option: str = "--against") -> list[str]:
    """Repeat an option before each of the words that follow it.

    >>> spread(["a", "--against", "b", "c", "--out", "d"])
    ['a', '--against', 'b', '--against', 'c', '--out', 'd']
    """
    said: list[str] = []
    within, count = False, 0
    for word in words:
        if word.startswith("-"):
            within, count = word == option, 0
        elif within:
            said += [option] if count else []
            count += 1
        said.append(word)
    return said
