"""Names that no longer exist where somebody asks for them."""

import ast
from collections.abc import Iterator

from house.source import Import, Module, Source, absolute


class Names:
    """What each module of a package offers.

    Args:
        source: the package.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._offers: dict[str, frozenset[str] | None] = {}

    def offers(self, module: str) -> frozenset[str] | None:
        """All names of a module, or None where they cannot be told from its source."""
        if module not in self._offers:
            self._offers[module] = frozenset()  # where star imports go in a circle
            self._offers[module] = self._read(self._source.modules[module])
        return self._offers[module]

    def _read(self, module: Module) -> frozenset[str] | None:
        names = set(_bound(module.tree.body))
        names |= set(module.folder if module.is_package else ())
        names |= {"__name__", "__doc__", "__file__", "__path__"}
        names |= {promise.name for promise in module.lazy.promises if promise.name}
        for other in _all_of(module):
            more = self.offers(other) if other in self._source.modules else None
            if more is None:
                return None
            names |= more
        answers_itself = "__getattr__" in names and not module.lazy.promises
        return None if answers_itself else frozenset(names)

    def missing(self, module: str, name: str | None) -> str | None:
        """Why ``from module import name`` would fail, or None if it would not."""
        if module not in self._source.modules:
            return f"there is no module {module}"
        if name is None or name == "*" or f"{module}.{name}" in self._source.modules:
            return None
        offers = self.offers(module)
        return None if offers is None or name in offers else f"{module} has no {name!r}"


def _all_of(module: Module) -> Iterator[str]:
    """Modules whose names are all names of this one."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
            yield absolute(node.module or "", node.level, module.package)
    for promise in module.lazy.promises:
        if promise.attribute == "*":
            yield promise.module


def _bound(body: list[ast.stmt]) -> Iterator[str]:
    """Names that statements at the top of a file bind when it runs."""
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias in node.names:
                yield alias.asname or alias.name.split(".")[0]
        elif isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Delete)):
            yield from (
                inner.id
                for inner in ast.walk(node)
                if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store)
            )
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            yield from _bound(node.orelse)
        elif isinstance(node, ast.Expr):
            continue
        else:
            yield from _bound_in_block(node)


def _bound_in_block(node: ast.stmt) -> Iterator[str]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
            yield inner.id
    for blocks in ("body", "orelse", "finalbody"):
        yield from _bound(getattr(node, blocks, []))
    for handler in getattr(node, "handlers", []):
        yield from _bound(handler.body)


def vanished(source: Source, module: Module, names: Names) -> Iterator[str]:
    """What a file or text asks the package for, and does not get.

    That is: names in import statements and in tables of lazy names, attributes of
    imported modules (``theory.mixing`` after ``from tfrwc.disentangle import theory``),
    dotted names in strings (as `monkeypatch.setattr` takes them), and its ``__all__``.

    Yields:
        A fault in words, with file and line.
    """
    links = [
        *source.imports(module),
        *_attributes(source, module),
        *_dotted_strings(source, module),
    ]
    for link in links:
        if link.typing and link.name is not None:
            why = _missing_for_types(source, link, names)
        else:
            why = names.missing(link.module, link.name)
        if why:
            yield f"{module.file}:{link.line}: {why}"
    yield from _missing_of_all(source, module, names)


def _missing_for_types(source: Source, link: Import, names: Names) -> str | None:
    why = names.missing(link.module, link.name)
    home = source.modules.get(link.module)
    if why is None or home is None:
        return why
    types = {link.name or link.module for link in home.plain_imports if link.typing}
    return None if link.name in types else why


def _missing_of_all(source: Source, module: Module, names: Names) -> Iterator[str]:
    if module.name not in source.modules:
        return
    offers = names.offers(module.name)
    for node in module.tree.body:
        if not isinstance(node, ast.Assign) or offers is None:
            continue
        if "__all__" not in [getattr(target, "id", None) for target in node.targets]:
            continue
        for element in getattr(node.value, "elts", []):
            name = getattr(element, "value", None)
            if isinstance(name, str) and name not in offers:
                yield f"{module.file}:{element.lineno}: __all__ promises {name!r}"


def _attributes(source: Source, module: Module) -> Iterator[Import]:
    """Attributes that are taken from imported modules by a dot."""
    bound: dict[str, set[str]] = {}
    for link in module.plain_imports:
        if not source.owns(link.module):
            continue
        if link.name is None:
            bound.setdefault(link.module.split(".")[0], set()).add(source.package)
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ImportFrom):
            parent = absolute(node.module or "", node.level, module.package)
            for alias in node.names:
                name = alias.asname or alias.name
                bound.setdefault(name, set()).add(f"{parent}.{alias.name}")
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.asname:
                    bound.setdefault(alias.asname, set()).add(alias.name)
    rebound = set(_rebound(module.tree))
    modules = {
        name: next(iter(targets))
        for name, targets in bound.items()
        if len(targets) == 1 and name not in rebound
    }
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute):
            yield from _attribute(source, node, modules)


def _attribute(
    source: Source, node: ast.Attribute, modules: dict[str, str]
) -> Iterator[Import]:
    if isinstance(node.value, ast.Name):
        module = modules.get(node.value.id, "")
    else:  # tfrwc.privacy.keys.new_key
        module = ast.unparse(node.value)
        if modules.get(module.split(".")[0]) != source.package:
            return
    if module in source.modules and not node.attr.startswith("__"):
        yield Import(module, node.attr, node.lineno)


def _rebound(tree: ast.Module) -> Iterator[str]:
    """Names that are also bound by something else than an import."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node.name


def _dotted_strings(source: Source, module: Module) -> Iterator[Import]:
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
            continue
        # "package.module:function" is what `pkgutil.resolve_name` takes.
        text = node.value.replace(":", ".", 1)
        words = text.split(".")
        if words[0] != source.package or len(words) < 2:
            continue
        if all(word.isidentifier() for word in words):
            yield split(source, text, node.lineno)


def split(source: Source, dotted: str, line: int) -> Import:
    """The module, and the name in it, that a dotted name is of.

    What follows a name in a module, such as the method of a class, is left out.
    """
    words = dotted.split(".")
    for length in range(len(words), 0, -1):
        module = ".".join(words[:length])
        if module in source.modules:
            name = words[length] if length < len(words) else None
            return Import(module, name, line)
    return Import(dotted, None, line)
