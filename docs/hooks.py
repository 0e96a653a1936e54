"""What mkdocs is told beside mkdocs.yml: of files outside docs/ that pages link to.

Links in pages are paths from the page to a file of the repository, so that they can be
followed there too. For the site, README.md, CONTRIBUTING.md, CHANGELOG.md and the
notebooks become pages; other files outside docs/, such as pictures, are copied to
repository/, and links follow.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from posixpath import dirname, join, normpath, relpath

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from notebook_pages import page as page_of_notebook

ROOT = Path(__file__).parent.parent
NOTEBOOKS = {
    f"notebooks/{path.name}": f"notebooks/{path.stem}.md"
    for path in sorted((ROOT / "notebooks").glob("*.ipynb"))
}
PAGES = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changes.md",
    **NOTEBOOKS,
}
"""Files of the repository to the pages that they become."""

_LINK = re.compile(r"(?<=\]\()(?![a-z]+:)([^)\s#]+)")


def in_repository(page: str) -> str:
    """Where the file of a page of the site lies in the repository."""
    places = {uri: name for name, uri in PAGES.items()}
    return places.get(page, f"docs/{page}")


def in_site(file: str) -> str:
    """Where a file of the repository lies in the site."""
    if file in PAGES:
        return PAGES[file]
    inside = file.startswith("docs/")
    return file.removeprefix("docs/") if inside else f"repository/{file}"


def linked(page: str, markdown: str) -> Iterator[str]:
    """Files of the repository that a page of the site links to."""
    for target in _LINK.findall(markdown):
        yield normpath(join(dirname(in_repository(page)), target))


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the files outside docs/ that are pages, or that pages link to."""
    for name, uri in PAGES.items():
        if name in NOTEBOOKS:
            text = page_of_notebook(ROOT / name)
            files.append(File.generated(config, uri, content=text))
        else:
            files.append(File.generated(config, uri, abs_src_path=str(ROOT / name)))
    wanted = {
        file
        for page in files.documentation_pages()
        for file in linked(page.src_uri, page.content_string)
        if not file.startswith("docs/") and file not in PAGES
    }
    for file in sorted(wanted):
        if (ROOT / file).is_file():
            path = str(ROOT / file)
            files.append(File.generated(config, in_site(file), abs_src_path=path))
    return files


def on_page_markdown(
    markdown: str, page: Page, config: MkDocsConfig, files: Files
) -> str:
    """Have links lead to where files lie in the site."""
    folder = dirname(page.file.src_uri)

    def moved(match: re.Match[str]) -> str:
        file = normpath(join(dirname(in_repository(page.file.src_uri)), match[0]))
        return relpath(in_site(file), folder or ".")

    return _LINK.sub(moved, markdown)
