"""Small pieces of HTML for notebooks, without style of their own.

Colours are those of the notebook, so that they are legible in a dark one too.

>>> table(("layer", "change"), [("a/kernel", "3 %")])
'<table><thead><tr><th scope="col">layer</th><th scope="col">change</th></tr></thead>\
<tbody><tr><th scope="row">a/kernel</th><td>3 %</td></tr></tbody></table>'
"""

import html
from collections.abc import Iterable, Sequence


def escaped(text: object) -> str:
    """A text that HTML shows as it is."""
    return html.escape(str(text))


def paragraphs(text: str) -> str:
    """A text whose paragraphs are parted by empty lines."""
    return "".join(f"<p>{escaped(part)}</p>" for part in text.split("\n\n"))


def table(heads: Sequence[str], rows: Sequence[Sequence[object]], left: int = 0) -> str:
    """A table whose first column names its rows.

    Args:
        heads: of the columns.
        rows: of texts or numbers.
        left: how many rows are not shown, which is said below.
    """
    if not rows:
        return ""
    head = "".join(f'<th scope="col">{escaped(word)}</th>' for word in heads)
    body = "".join(
        f'<tr><th scope="row">{escaped(first)}</th>'
        + "".join(f"<td>{escaped(cell)}</td>" for cell in rest)
        + "</tr>"
        for first, *rest in rows
    )
    more = f"<p>and {left:,} more rows</p>" if left > 0 else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"


def notes(sentences: Iterable[str]) -> str:
    """A list of what is not certain; nothing if all is."""
    return items("Not certain", sentences)


def items(head: str, sentences: Iterable[str]) -> str:
    """A list of sentences below a head; nothing if there are none.

    >>> items("What is wrong", ["It stands."])
    '<p>What is wrong:</p><ul><li>It stands.</li></ul>'
    """
    listed = "".join(f"<li>{escaped(sentence)}</li>" for sentence in sentences)
    return f"<p>{escaped(head)}:</p><ul>{listed}</ul>" if listed else ""
