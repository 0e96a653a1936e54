"""Steps of pipelines: functions over typed artifacts, run here or on TFX.

>>> from tfrwc.components import ImageExampleGen
>>> from tfrwc.components.engine import local
>>> data = ImageExampleGen(dataset="digits", purpose="classes")
>>> artifacts = local.run([data], "runs/data")  # doctest: +SKIP
>>> artifacts["ImageExampleGen"]["examples"].uri  # doctest: +SKIP

A new component is a new file in this folder, with a function below the decorator
``@component``. The names here are those functions, found by reading the files; a file
is imported when its component is first used.
"""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from tfrwc.components.engine.component import Component

_FUNCTIONS = re.compile(r"^@component\ndef (\w+)\(", re.MULTILINE)


def _components() -> dict[str, list[str]]:
    """Names of the components in each file of this folder."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    texts = {file.stem: file.read_text(encoding="utf-8") for file in files}
    return {stem: _FUNCTIONS.findall(text) for stem, text in texts.items()}


if TYPE_CHECKING:
    __all__: list[str]

    def __getattr__(name: str) -> Component: ...

else:
    __getattr__, __dir__, __all__ = lazy_loader.attach(
        __name__, submod_attrs=_components()
    )
