"""Notebooks as pages of the site: their text, code, and the outputs that they keep."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def page(path: Path) -> str:
    """A notebook as Markdown, its pictures in it.

    Args:
        path: of the notebook, with outputs.
    """
    parts = []
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(source)
        else:
            parts += [f"```python\n{source}\n```", *map(_output, cell["outputs"])]
    return "\n\n".join(parts) + "\n"


def _output(output: dict[str, Any]) -> str:
    data = output.get("data", {"text/plain": output.get("text", "")})
    if "text/html" in data:
        # Without blank lines, at which Markdown would end the piece of HTML.
        return f"<div>\n{''.join(_lines(data['text/html']))}</div>"
    if "image/png" in data:
        picture = "".join(data["image/png"]).replace("\n", "")
        source = f"data:image/png;base64,{picture}"
        return f'<img alt="What the cell above draws" src="{source}">'
    return f"```text\n{''.join(data['text/plain']).rstrip()}\n```"


def _lines(html: list[str]) -> Iterator[str]:
    for line in "".join(html).splitlines():
        if line.strip():
            yield f"{line.strip()}\n"
