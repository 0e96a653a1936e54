"""Checks README.md, CONTRIBUTING.md and all pages in docs/: `make docs`.

    python docs/check.py

Links and pictures lead to files and headings that exist; Python examples compile; files
and tests that are named in text or commands exist. Names of the package in examples are
checked by `tests/test_architecture.py`.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from house import texts  # noqa: E402

LINK = re.compile(r"\]\(([^)\s]+)\)")
NAMED = re.compile(
    r"(?<![\w./-])((?:pipelines|benchmarks|docs|examples|notebooks|tests|tfrwc)/"
    r"[\w./-]+\.(?:py|json|md|svg|png|ipynb|txt))"
)
TEST = re.compile(r"`(?:tests/)?([\w/]+\.py)::(\w+)`")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def pages() -> list[Path]:
    """The Markdown files that readers are led to."""
    return [
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        *sorted((ROOT / "docs").rglob("*.md")),
    ]


def anchors(page: Path) -> set[str]:
    """What links to the headings of a page end in, as GitHub makes them."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    words = (re.sub(r"[^\w\- ]", "", heading) for heading in HEADING.findall(text))
    return {heading.strip().lower().replace(" ", "-") for heading in words}


def broken_links(page: Path) -> Iterator[str]:
    """Links of a page to files or headings that are not there."""
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        name, _, anchor = target.partition("#")
        path = page.parent / name if name else page
        if not path.exists():
            yield f"{page.relative_to(ROOT)}: there is no file {target}"
        elif anchor and anchor not in anchors(path):
            yield f"{page.relative_to(ROOT)}: there is no heading {target}"


def missing_files(page: Path) -> Iterator[str]:
    """Files of the repository that a page names and that are not there.

    CONTRIBUTING.md names files that its readers will write; they are left out.
    """
    text = page.read_text(encoding="utf-8")
    new = set(re.findall(r"One file,\s`([^`]+)`", text))
    for name in sorted(set(NAMED.findall(text)) - new):
        if not (ROOT / name).exists():
            yield f"{page.relative_to(ROOT)}: there is no file {name}"


def missing_tests(page: Path) -> Iterator[str]:
    """Tests that a page names, by files in `tests`, and that are not there."""
    for name, function in TEST.findall(page.read_text(encoding="utf-8")):
        path = ROOT / "tests" / name
        code = path.read_text(encoding="utf-8") if path.is_file() else ""
        if f"\ndef {function}(" not in code:
            yield f"{page.relative_to(ROOT)}: there is no test {name}::{function}"


def broken_examples(page: Path) -> Iterator[str]:
    """Python examples of a page that do not compile."""
    for line, code in texts.blocks(page):
        try:
            compile(code, str(page), "exec")
        except SyntaxError as error:
            yield f"{page.relative_to(ROOT)}:{line + (error.lineno or 1) - 1}: {error}"


def faults() -> list[str]:
    """All that is wrong with the pages."""
    return [
        fault
        for page in pages()
        for check in (broken_links, missing_files, missing_tests, broken_examples)
        for fault in check(page)
    ]


if __name__ == "__main__":
    complaints = faults()
    print("\n".join(complaints) or f"{len(pages())} pages are sound")
    sys.exit(bool(complaints))
