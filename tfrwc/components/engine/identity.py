"""What the outputs of a step depend on, beside its inputs: the key of caches."""

import functools
import hashlib
import json
import secrets
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfrwc._version import __version__
from tfrwc.components.engine.step import Step
from tfrwc.datasets.files import data_files, entries
from tfrwc.datasets.fingerprint import contents

if TYPE_CHECKING:
    from tfrwc.components.engine.component import Component

_ROOT = Path(__file__).parents[2]
UNKNOWN = "unknown "
"""How an identity begins that no other is equal to."""


def unknown() -> str:
    """The identity of something that is not known, so that no cache can have it."""
    return UNKNOWN + secrets.token_hex(16)


def identity(step: Step) -> dict[str, Any]:
    """What tells a step from others, as plain data: equal for two steps only if, with
    the same inputs, the outputs of one can stand for those of the other.

    Returns:
        component: where its function is from.
        tfrwc: the version of this package.
        code: hash of the sources, see `code`.
        reads: what it finds outside its inputs, see `Component.reads`.
        parameters: by name.
        outputs: names of their types, by name.

    Raises:
        Exception: what a component raises if it cannot find what it reads.
    """
    component = step.component
    outputs = {name: kind.TYPE_NAME for name, kind in component.outputs.items()}
    return {
        "component": f"{component.__module__}.{component.name}",
        "tfrwc": __version__,
        "code": component.code,
        "reads": component.outside(**step.parameters),
        "parameters": step.parameters,
        "outputs": outputs,
    }


def check_reads(step: str, component: "Component", parameters: Any, was: str) -> None:
    """Check that what a component reads is still as it was.

    Args:
        step: its name, for the message.
        component: of the step.
        parameters: of the step, by name.
        was: as of `identity`; anything if it was unknown.

    Raises:
        OSError: if it is other.
    """
    now = component.outside(**parameters)
    if now != was and not was.startswith(UNKNOWN):
        raise OSError(
            f"What {step} reads (files, or a secret key) was changed after its "
            f"pipeline was made: it was {was!r}, and is {now!r}. Run it again when "
            "nothing changes it any more."
        )


def code(function: Callable[..., object]) -> str:
    """A hash of the sources that a component may run.

    These are all files of this package, for its parts find one another by names and
    folders, which no reading of imports can follow; and a version by hand would be
    forgotten. A component from elsewhere adds its `sources`. Those that are in no file,
    as in notebooks, are `unknown`.

    Args:
        function: of a component, while its module is imported: later, its file may be
            other than what is run.
    """
    if function.__module__.partition(".")[0] == _ROOT.name:
        return package()
    file = getattr(sys.modules.get(function.__module__), "__file__", None)
    if file is None:
        return unknown()
    return sources(function.__module__, Path(file))


def sources(module: str, file: Path) -> str:
    """A hash of this package and of a module from elsewhere.

    That is all modules of its package; or, if it is in none, its file and those beside
    it. What it calls outside these is not known.

    Args:
        module: its full name; empty for a file that is no module.
        file: of the module.
    """
    top, *below = module.split(".")
    # By its place, as what a package says of its folders depends on who imported it.
    depth = len(below) - (file.stem != "__init__")
    folder = file.parent if depth < 0 else file.parents[depth]
    if depth >= 0 and folder.name != top:
        return unknown()
    found = entries(folder) if depth < 0 else data_files(folder)
    files = [path for path in found if path.suffix == ".py" and path.is_file()]
    return _hash([package(), file.name, *map(contents, files)])


@functools.cache
def package() -> str:
    """A hash of all files of this package."""
    files = [path for path in data_files(_ROOT) if path.suffix != ".pyc"]
    names = [path.relative_to(_ROOT).as_posix() for path in files]
    return _hash([*names, *map(contents, files)])


def _hash(texts: Iterable[str]) -> str:
    return hashlib.sha256(json.dumps(list(texts)).encode()).hexdigest()
