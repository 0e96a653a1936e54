"""Python that is not in a .py file of its own: examples, notebooks, strings."""

import ast
import doctest
import json
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

from house.names import split
from house.source import Import, Module, Source, module_of_text

FENCE = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)


def blocks(path: Path) -> list[tuple[int, str]]:
    """The Python examples of a Markdown file, each with its first line's number."""
    text = path.read_text(encoding="utf-8")
    return [
        (text.count("\n", 0, match.start(1)) + 1, match[1])
        for match in FENCE.finditer(text)
    ]


def program(path: Path) -> str:
    """The Python examples of a Markdown file as one program, from top to bottom."""
    return "\n".join(code for _, code in blocks(path))


def of_markdown(path: Path, root: Path) -> Iterator[Module]:
    """The Python examples of a Markdown file."""
    for line, code in blocks(path):
        yield module_of_text("\n" * (line - 1) + code, str(path.relative_to(root)))


def of_notebook(path: Path, root: Path) -> Iterator[Module]:
    """The cells of a notebook that are Python; commands of the shell are left out."""
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] != "code":
            continue
        lines = "".join(cell["source"]).splitlines()
        code = "\n".join("" if line[:1] in "%!" else line for line in lines)
        yield module_of_text(code, str(path.relative_to(root)))


def of_strings(module: Module) -> Iterator[Module]:
    """Examples in docstrings, and programs in strings that import the package."""
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
            continue
        if "import" not in node.value:
            continue
        code = node.value
        if ">>>" in code:
            examples = doctest.DocTestParser().get_examples(code)
            code = "".join(example.source for example in examples)
        try:
            yield module_of_text(textwrap.dedent(code), f"{module.file}:{node.lineno}")
        except SyntaxError:
            continue  # prose with the word "import" in it


def dotted(path: Path, source: Source) -> Iterator[Import]:
    """Names such as ``tfrwc.privacy.new_key()`` in the prose of a Markdown file."""
    name = re.compile(rf"`({source.package}(?:\.\w+)+)(?:\(.*?\))?`")
    for at, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        for match in name.finditer(line):
            yield split(source, match[1], at)
