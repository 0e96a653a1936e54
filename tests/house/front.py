"""The public front: each package's `__init__`, and the modules behind its public names.

PYTHONPATH=tests python -m house.front    # prints their files, for mypy
"""

import ast
from pathlib import Path

from house.source import Module, Source


def front(source: Source) -> list[str]:
    """The files that public names are read from, in order of their names.

    Args:
        source: the package. Public is what an ``__init__`` lists in ``__all__``, or
            promises to load when it is asked for.

    Returns:
        Files, as seen from the folder that the package is in.
    """
    files = set()
    for module in source.modules.values():
        if not module.is_package:
            continue
        files.add(module.file)
        names = public_names(module)
        for link in source.imports(module):
            target = source.modules.get(source.target(link))
            if target and (link.promise or link.name in names):
                files.add(target.file)
    return sorted(files)


def public_names(module: Module) -> set[str]:
    """What a module lists in ``__all__``."""
    return {
        element.value
        for node in module.tree.body
        if isinstance(node, ast.Assign)
        and any(getattr(target, "id", None) == "__all__" for target in node.targets)
        for element in getattr(node.value, "elts", [])
        if isinstance(element, ast.Constant)
    }


if __name__ == "__main__":
    print(*front(Source(Path(__file__).parents[2] / "tfrwc")), sep="\n")
