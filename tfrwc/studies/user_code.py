"""Functions of users, which they name by a text: found, and called.

>>> place("json:dumps")[0]
'json'

A text is ``"package.module:function"``, imported as Python finds it, or
``"folder/file.py:function"``, a file that is run anew each time. What goes wrong in
them is told with the function, its file and the line. As always in Python, a module
that was imported stays as it was, whatever becomes of its file.
"""

import contextlib
import importlib
import importlib.util
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tfrwc._common.paths import local_path

_FORMS = (
    'Name a function as "package.module:function", which Python can import from here, '
    'or "folder/file.py:function".'
)


def place(reference: str) -> tuple[str, Path]:
    """Where a function is, without running anything but the packages above it.

    Args:
        reference: as the module's text says.

    Returns:
        The name of its module, empty for a file; and the file.

    Raises:
        ValueError: if the text is of neither form, or there is no such module or file.
    """
    where, _, name = reference.rpartition(":")
    if not where or not name.isidentifier():
        raise ValueError(f"{_FORMS} Received: {reference!r}.")
    if where.endswith(".py"):
        path = local_path(where, "The file of a function")
        if not path.is_file():
            raise ValueError(f"There is no file {path}. {_FORMS}")
        return "", path
    try:
        spec = importlib.util.find_spec(where)
    except (ImportError, ValueError) as error:
        raise ValueError(f"There is no module {where!r} ({error}). {_FORMS}") from error
    if spec is None or spec.origin is None or not Path(spec.origin).is_file():
        raise ValueError(f"There is no module {where!r} with a file. {_FORMS}")
    return where, Path(spec.origin)


def short(reference: str) -> str:
    """A function as it may be published: a file without its folder."""
    where, _, name = reference.rpartition(":")
    return f"{Path(where).name if where.endswith('.py') else where}:{name}"


def load(reference: str) -> Callable[..., Any]:
    """The function that a text names.

    Raises:
        ValueError: as of `place`, or if its module has no such function.
        RuntimeError: if its module cannot be run.
    """
    module, path = place(reference)
    name = reference.rpartition(":")[2]
    with _told(f"{path} could not be imported", path):
        found = importlib.import_module(module) if module else _run(path)
    function = getattr(found, name, None)
    if not callable(function):
        raise ValueError(f"{path} has no function {name!r}. Define it there.")
    made: Callable[..., Any] = function
    return made


def call(reference: str, *arguments: Any) -> Any:
    """What a function returns.

    Raises:
        ValueError, RuntimeError: as of `load`, or if it raises anything.
    """
    function = load(reference)
    path, name = place(reference)[1], reference.rpartition(":")[2]
    with _told(f"The function {name} of {path} failed", path):
        return function(*arguments)


def _run(path: Path) -> Any:
    # Under a name that says which file: classes in it are known to Keras by that.
    name = f"{path.stem}_of_{path.parent.name}".replace(".", "_")
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None  # of a file that is there
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # where dataclasses look for it
    spec.loader.exec_module(module)
    return module


@contextlib.contextmanager
def _told(what: str, path: Path) -> Iterator[None]:
    """Tells any error of the block as one of a user's file."""
    try:
        yield
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        lines = [one.lineno for one in frames if Path(one.filename) == path]
        if isinstance(error, SyntaxError) and error.filename == str(path):
            lines.append(error.lineno)
        at = f" at line {lines[-1]}" if lines else ""
        raise RuntimeError(
            f"{what}{at}: {type(error).__name__}: {error}. Mend it there."
        ) from error
