"""Examples in docstrings, shown as code in the reference: for mkdocstrings."""

import re
from typing import Any

import griffe

_EXAMPLE = re.compile(r"^>>> .*(?:\n(?!\s*$).*)*", re.MULTILINE)
_DIRECTIVE = re.compile(r" *# doctest: .*$", re.MULTILINE)


def fenced(docstring: str) -> str:
    """A docstring with its doctests between fences, without their directives."""
    return _EXAMPLE.sub(
        lambda example: f"```pycon\n{_DIRECTIVE.sub('', example[0])}\n```", docstring
    )


class FencedExamples(griffe.Extension):
    """Has mkdocstrings read docstrings by `fenced`."""

    def on_instance(self, *, obj: griffe.Object, **kwargs: Any) -> None:
        """Change the docstring of an object that was read."""
        if obj.docstring:
            obj.docstring.value = fenced(obj.docstring.value)
