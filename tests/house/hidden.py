"""Imports written as strings: `import_module`, tables of homes, lazy_loader."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Promise:
    """A name that a module loads from another when it is first asked for it.

    Args:
        module: full name of the module it is loaded from; with ``.*`` at its end, all
            modules of a package.
        attribute: what it is called there; None for the module itself, ``"*"`` for any
            name that is there.
        line: where that is said.
        name: what it is offered as; None where a module is only loaded.
    """

    module: str
    attribute: str | None
    line: int
    name: str | None = None


@dataclass(frozen=True)
class Lazy:
    """What a file imports by strings.

    Args:
        promises: in the order of the file.
        riddles: lines of imports whose module cannot be told from the source.
    """

    promises: tuple[Promise, ...]
    riddles: tuple[int, ...]


def read(tree: ast.Module, package: str, folder: tuple[str, ...]) -> Lazy:
    """Find a file's imports by strings.

    Args:
        tree: of the file.
        package: its package's full name, which ``__name__`` is for an ``__init__``.
        folder: names of the modules beside it, or within it if it is a package.
    """
    reader = _Reader(tree, package, folder)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            reader.read_call(node)
    return Lazy(tuple(dict.fromkeys(reader.promises)), tuple(reader.riddles))


IMPORTERS = ("import_module", "__import__", "resolve_name")

Home = tuple[str | None, str, int]
"""The name that is asked for, or None; the module it is loaded from; the line."""


class _Reader:
    def __init__(self, tree: ast.Module, package: str, folder: tuple[str, ...]) -> None:
        self.package = package
        self.folder = folder
        self.constants = dict(_constants(tree))
        self.in_getattr = {
            id(inner)
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef) and node.name == "__getattr__"
            for inner in ast.walk(node)
        }
        self.imported = dict(_imported(tree))
        self.loads_folder = any(_lists_own_folder(node) for node in ast.walk(tree))
        self.promises: list[Promise] = []
        self.riddles: list[int] = []

    def read_call(self, node: ast.Call) -> None:
        called = _last_name(node.func)
        if called in IMPORTERS and node.args:
            self._import_module(node)
        elif called == "import_modules" and isinstance(node.args[0], ast.Name):
            # A helper that imports all files of the package that it is given.
            package = self.imported.get(node.args[0].id, "")
            self.promises.append(Promise(f"{package}.*", None, node.lineno))
        elif called == "attach" and _is_name(node.args[:1], "__name__"):
            self._attach(node)

    def _import_module(self, node: ast.Call) -> None:
        homes = self._homes(node.args[0], id(node) in self.in_getattr)
        if homes is None:
            self.riddles.append(node.lineno)
            return
        for name, module, line in homes:
            if module.startswith("."):
                level = len(module) - len(module.lstrip("."))
                start = self.package.split(".")
                start = start[: len(start) - level + 1]
                module = ".".join([*start, module[level:]])
            # A table of homes, or a module that is loaded and nothing more.
            taken = name if id(node) in self.in_getattr else None
            whole = name is not None and module == f"{self.package}.{name}"
            self.promises.append(
                Promise(module, None if whole else taken, line, name if taken else None)
            )

    def _homes(self, node: ast.expr, in_getattr: bool) -> list[Home] | None:
        """(name or None, module, line) of all that an expression can stand for."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return [(None, node.value, node.lineno)]
        if isinstance(node, ast.Name):
            return self._named(node, in_getattr)
        if isinstance(node, ast.Subscript):
            return self._homes_of_subscript(node)
        if isinstance(node, ast.JoinedStr):
            return self._joined(node.values, in_getattr)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            return self._joined([node.left, node.right], in_getattr)
        if isinstance(node, ast.FormattedValue):
            return self._homes(node.value, in_getattr)
        if isinstance(node, ast.Attribute) and node.attr == "name":
            return self._whole_folder(node.lineno)
        return None

    def _whole_folder(self, line: int) -> list[Home] | None:
        if not self.loads_folder:
            return None
        return [(None, name, line) for name in self.folder]

    def _named(self, node: ast.Name, in_getattr: bool) -> list[Home] | None:
        if node.id in ("__name__", "__package__"):
            return [(None, self.package, node.lineno)]
        value = self.constants.get(node.id)
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            return [(None, value.value, value.lineno)]
        if in_getattr and node.id == "name":
            # `import_module(f"{__name__}.{name}")` for the modules of the folder.
            listed = self._strings(self.constants.get("__all__"))
            return [(name, name, node.lineno) for name in listed if name in self.folder]
        return self._whole_folder(node.lineno)

    def _homes_of_subscript(self, node: ast.Subscript) -> list[Home] | None:
        table = node.value
        inner = None
        if isinstance(table, ast.Subscript):  # TABLE[name][0]
            inner, table = node.slice, table.value
        if not isinstance(table, ast.Name):
            return None
        entries = self.constants.get(table.id)
        if not isinstance(entries, ast.Dict):
            return None
        homes: list[Home] = []
        for key, value in zip(entries.keys, entries.values, strict=True):
            if isinstance(inner, ast.Constant) and isinstance(value, ast.Tuple):
                value = value.elts[inner.value]  # type: ignore[index]
            if not isinstance(key, ast.Constant) or not isinstance(value, ast.Constant):
                return None
            homes.append((str(key.value), str(value.value), value.lineno))
        return homes

    def _joined(self, parts: list[ast.expr], in_getattr: bool) -> list[Home] | None:
        homes: list[Home] = [(None, "", 0)]
        for part in parts:
            choices = self._homes(part, in_getattr)
            if choices is None:
                return None
            homes = [
                (name or name_before, before + text, line or line_before)
                for name_before, before, line_before in homes
                for name, text, line in choices
            ]
        return homes

    def _attach(self, node: ast.Call) -> None:
        arguments = dict(
            zip(("submodules", "submod_attrs"), node.args[1:], strict=False)
        )
        arguments |= {word.arg: word.value for word in node.keywords if word.arg}
        submodules = self._resolve(arguments.get("submodules"))
        attributes = self._resolve(arguments.get("submod_attrs"))
        for element in _elements(submodules):
            if isinstance(element, ast.Constant):
                module = f"{self.package}.{element.value}"
                self.promises.append(
                    Promise(module, None, element.lineno, str(element.value))
                )
        if attributes is None and "submod_attrs" not in arguments:
            return
        if isinstance(attributes, ast.Call) and self.loads_folder:
            # Computed from the files of the folder: any name of those that decorate.
            self.promises += [
                Promise(f"{self.package}.{name}", "*", node.lineno)
                for name in self.folder
            ]
            return
        if not isinstance(attributes, ast.Dict):
            self.riddles.append(node.lineno)
            return
        for key, value in zip(attributes.keys, attributes.values, strict=True):
            names = self._resolve(value)
            if not isinstance(key, ast.Constant) or not _elements(names):
                self.riddles.append(value.lineno)
                continue
            for element in _elements(names):
                if isinstance(element, ast.Constant):
                    name = str(element.value)
                    module = f"{self.package}.{key.value}"
                    self.promises.append(Promise(module, name, element.lineno, name))

    def _resolve(self, node: ast.expr | None) -> ast.expr | None:
        return self.constants.get(node.id) if isinstance(node, ast.Name) else node

    def _strings(self, node: ast.expr | None) -> list[str]:
        return [
            element.value
            for element in _elements(node)
            if isinstance(element, ast.Constant) and isinstance(element.value, str)
        ]


def _elements(node: ast.expr | None) -> list[ast.expr]:
    return node.elts if isinstance(node, (ast.List, ast.Tuple, ast.Set)) else []


def _constants(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    """Names at the top of a file, and the expressions they are set to."""
    for node in tree.body:
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                if isinstance(target, ast.Name):
                    yield target.id, node.value


def _imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Names that ``from package import name`` binds, and what they stand for."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def _lists_own_folder(node: ast.AST) -> bool:
    """`pkgutil.iter_modules(__path__)`, or the same by the path of the file."""
    return (
        isinstance(node, ast.Call)
        and _last_name(node.func) in ("iter_modules", "glob")
        and any(word in ast.unparse(node) for word in ("__path__", "__file__"))
    )


def _last_name(node: ast.expr) -> str | None:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else None


def _is_name(nodes: list[ast.expr], name: str) -> bool:
    return bool(nodes) and isinstance(nodes[0], ast.Name) and nodes[0].id == name
