"""Python files as syntax trees, and what each of them imports."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from house import hidden


@dataclass(frozen=True)
class Import:
    """One name that a file asks another for.

    Args:
        module: the module's full name.
        name: what is taken from it; None for the module itself.
        line: in the file.
        typing: whether it is there for type checkers alone (`if TYPE_CHECKING`).
        promise: under which name a lazily loaded thing is offered to others, else None.
    """

    module: str
    name: str | None
    line: int
    typing: bool = False
    promise: str | None = None


@dataclass(frozen=True)
class Module:
    """A file of Python, or Python text from another file.

    Args:
        name: full name, such as ``tfrwc.privacy.keys``; of no meaning for a text that
            nobody imports.
        file: where it is, for messages.
        tree: its syntax tree.
        is_package: whether it is an ``__init__.py``.
        folder: names of the modules in its folder, without itself.
    """

    name: str
    file: str
    tree: ast.Module
    is_package: bool = False
    folder: tuple[str, ...] = field(default=(), compare=False)

    @property
    def package(self) -> str:
        """What relative imports of it start from."""
        return self.name if self.is_package else self.name.rpartition(".")[0]

    @cached_property
    def lazy(self) -> hidden.Lazy:
        """What it imports by strings."""
        return hidden.read(self.tree, self.package, self.folder)

    @cached_property
    def plain_imports(self) -> tuple[Import, ...]:
        """Its import statements, wherever in the file they are."""
        return tuple(_statements(self.tree, self.package, typing=False))


def module_of_text(text: str, file: str) -> Module:
    """A piece of Python that is no module, such as an example of the README.

    Raises:
        SyntaxError: if it is no Python.
    """
    return Module(name="", file=file, tree=ast.parse(text))


def _statements(node: ast.AST, package: str, typing: bool) -> Iterator[Import]:
    if isinstance(node, ast.If) and _is_type_checking(node.test):
        for child in node.body:
            yield from _statements(child, package, typing=True)
        for child in node.orelse:
            yield from _statements(child, package, typing)
        return
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield Import(alias.name, None, node.lineno, typing)
    elif isinstance(node, ast.ImportFrom):
        module = absolute(node.module or "", node.level, package)
        for alias in node.names:
            yield Import(module, alias.name, node.lineno, typing)
    for child in ast.iter_child_nodes(node):
        yield from _statements(child, package, typing)


def absolute(module: str, level: int, package: str) -> str:
    """The full name of a module that may be named by leading dots."""
    if not level:
        return module
    parts = package.split(".")
    start = parts[: len(parts) - level + 1]
    return ".".join([*start, module] if module else start)


def _is_type_checking(test: ast.expr) -> bool:
    return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
    )


class Source:
    """All modules of a package.

    Args:
        folder: of the package; its name is the package's.
    """

    def __init__(self, folder: Path) -> None:
        self.package = folder.name
        self.modules: dict[str, Module] = {}
        for path in sorted(folder.rglob("*.py")):
            module = self._read(path, folder.parent)
            self.modules[module.name] = module

    @staticmethod
    def _read(path: Path, root: Path) -> Module:
        parts = path.relative_to(root).with_suffix("").parts
        is_package = parts[-1] == "__init__"
        beside = {
            entry.stem
            for entry in path.parent.iterdir()
            if entry.suffix == ".py" or (entry / "__init__.py").exists()
        }
        if is_package:
            parts = parts[:-1]
        return Module(
            ".".join(parts),
            str(path.relative_to(root)),
            ast.parse(path.read_text(encoding="utf-8"), str(path)),
            is_package,
            tuple(sorted(beside - {"__init__", path.stem})),
        )

    def imports(self, module: Module) -> Iterator[Import]:
        """What a file imports from this package, by statements and by strings."""
        for link in module.plain_imports:
            if self.owns(link.module):
                yield link
        for promise in module.lazy.promises:
            if not self.owns(promise.module):
                continue
            if promise.attribute == "*" and not self._has_decorated(promise.module):
                continue
            for name in self._expand(promise.module):
                if name != module.name:
                    line, offer = promise.line, promise.name
                    yield Import(name, promise.attribute, line, promise=offer)

    def _has_decorated(self, module: str) -> bool:
        """Whether a module has what a face that reads its folder looks for."""
        tree = self.modules[module].tree if module in self.modules else ast.Module([])
        return any(
            isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.decorator_list
            for node in tree.body
        )

    def _expand(self, module: str) -> list[str]:
        """``package.*`` as the modules of that package."""
        package, _, rest = module.rpartition(".")
        if rest != "*" or package not in self.modules:
            return [module]
        return [f"{package}.{name}" for name in self.modules[package].folder]

    def owns(self, module: str) -> bool:
        """Whether a module's name is of this package, be the module there or not."""
        return module == self.package or module.startswith(self.package + ".")

    def target(self, link: Import) -> str:
        """The module that is imported: for ``from a import b``, ``a.b`` or ``a``."""
        inner = f"{link.module}.{link.name}"
        return inner if inner in self.modules else link.module
