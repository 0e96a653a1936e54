"""Files that add something of their own by being there: figures, claims, reports."""

import importlib
import pkgutil
from types import ModuleType


def import_modules(package: ModuleType) -> None:
    """Import every module in the folder of a package, in the order of their names.

    What they register is then known, and a new file is all that something new needs.
    """
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")
