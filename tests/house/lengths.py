"""Files and functions that have grown too long to read."""

import ast
from collections.abc import Iterator
from pathlib import Path

FILE_LINES = 400
FUNCTION_LINES = 60


def too_long(path: Path, root: Path) -> Iterator[str]:
    """The file if it has more than 400 lines, and its functions of more than 60.

    A function is counted from its ``def`` to its end, without its docstring: what is
    said about it does not make it harder to read.

    Yields:
        A fault in words.
    """
    text = path.read_text(encoding="utf-8")
    file = path.relative_to(root)
    lines = text.count("\n")
    if lines > FILE_LINES:
        yield f"{file}: {lines} lines, more than {FILE_LINES}"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            lines = _length(node) - _docstring_length(node)
            if lines > FUNCTION_LINES:
                yield (
                    f"{file}:{node.lineno}: {node.name} has {lines} lines, more than "
                    f"{FUNCTION_LINES}"
                )


def _length(node: ast.stmt) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def _docstring_length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return 0 if ast.get_docstring(node) is None else _length(node.body[0])
