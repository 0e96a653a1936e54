"""The pages: links, named files, examples (`docs/check.py`), and their site."""

import importlib.util
import re
import shutil
import subprocess
import sys

import pytest
from conftest import ROOT


def script(name):
    """A script in docs/, as a module."""
    path = ROOT / "docs" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def check():
    return script("check")


def test_the_pages_are_sound(check):
    assert not check.faults()


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[a](gone.md)", "page.md: there is no file gone.md"),
        ("![a](gone.png)", "page.md: there is no file gone.png"),
        ("# One\n[a](#two)", "page.md: there is no heading #two"),
        ("python pipelines/gone.py", "page.md: there is no file pipelines/gone.py"),
        ("`gone.py::test_a`", "page.md: there is no test gone.py::test_a"),
        ("```python\na = (\n```", "page.md:2: '(' was never closed (page.md, line 1)"),
    ],
)
def test_faults_are_found(check, tmp_path, monkeypatch, text, fault):
    monkeypatch.setattr(check, "ROOT", tmp_path)
    for name in ("README.md", "CONTRIBUTING.md"):
        (tmp_path / name).write_text("# Sound\n[a](https://example.com) [b](#sound)\n")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "page.md").write_text(text)
    (complaint,) = check.faults()
    assert complaint.removeprefix("docs/").replace(f"{tmp_path}/docs/", "") == fault


def test_the_readme_is_short():
    assert (ROOT / "README.md").read_text().count("\n") <= 150


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of the site, built with warnings as errors."""
    folder = tmp_path_factory.mktemp("site")
    done = build_site(ROOT, folder)
    assert done.returncode == 0, done.stderr
    return folder


def build_site(source, folder):
    pytest.importorskip("mkdocs")
    # Not with --quiet, of which warnings are no errors.
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir"]
    return subprocess.run(
        [*command, str(folder)], cwd=source, capture_output=True, text=True
    )


def test_broken_links_break_the_site(tmp_path):
    for name in ("mkdocs.yml", "README.md", "CONTRIBUTING.md", "CHANGELOG.md"):
        (tmp_path / name).write_text((ROOT / name).read_text())
    for name in ("docs", "tfrwc", "benchmarks", "examples", "notebooks"):
        ignore = shutil.ignore_patterns("__pycache__", "*.npz")
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignore)
    with open(tmp_path / "README.md", "a") as file:
        file.write("\n[a](gone.png) [b](docs/quickstart.md#gone)\n")
    done = build_site(tmp_path, tmp_path / "site")
    assert done.returncode
    assert "repository/gone.png" in done.stderr
    assert "does not contain an anchor '#gone'" in done.stderr


def test_the_site_has_all_pages_and_what_they_link_to(site):
    pages = {"/".join(page.parent.parts) for page in relative(site, "index.html")}
    sources = (ROOT / "docs").rglob("*.md")
    names = {str(p.relative_to(ROOT / "docs").with_suffix("")) for p in sources}
    notebooks = {f"notebooks/{p.stem}" for p in (ROOT / "notebooks").glob("*.ipynb")}
    assert pages == names | notebooks | {"", "contributing", "changes"}
    front = (site / "index.html").read_text()
    picture = "repository/benchmarks/learning_dynamics_digits/trends.png"
    assert f'src="{picture}"' in front
    assert (site / picture).read_bytes() == (
        ROOT / picture.removeprefix("repository/")
    ).read_bytes()
    assert 'href="guides/record/#trainings-that-are-over"' in front


def test_a_notebook_is_a_page_with_its_pictures(site):
    page = (site / "notebooks" / "your_own_model" / "index.html").read_text()
    assert page.count('src="data:image/png;base64,') >= 3
    assert 'href="../compare_two_runs/"' in page
    assert 'href="../../guides/record/"' in page


def relative(folder, name):
    return [path.relative_to(folder) for path in folder.rglob(name)]


def test_the_site_asks_no_other_server_to_be_read(site):
    loaded = re.compile(
        r"<(?:script|img|iframe)[^>]* src=[\"']?(?:https?:)?//[^>]*>"
        r"|<link[^>]* rel=[\"']?(?:stylesheet|preconnect|icon)[^>]* "
        r"href=[\"']?(?:https?:)?//[^>]*>"
    )
    for page in site.rglob("*.html"):
        assert not loaded.findall(page.read_text()), page


def test_examples_in_docstrings_are_shown_as_code():
    pytest.importorskip("griffe")
    docstring = "One more:\n\n>>> 1 + 1  # doctest: +SKIP\n2\n\nSo it is."
    shown = "One more:\n\n```pycon\n>>> 1 + 1\n2\n```\n\nSo it is."
    assert script("docstrings").fenced(docstring) == shown


PACKAGES = (
    *("", ".recording", ".answers", ".answers.plot", ".answers.page"),
    *(".dynamics", ".privacy", ".disentangle", ".datasets"),
)


@pytest.mark.parametrize("package", [f"tfrwc{name}" for name in (*PACKAGES, ".models")])
def test_the_reference_has_every_public_name(package):
    reference = "\n".join(p.read_text() for p in (ROOT / "docs" / "api").glob("*.md"))
    described = set(re.findall(r"^::: tfrwc\S*\.(\w+)$", reference, re.MULTILINE))
    folder = ROOT / package.replace(".", "/")
    modules = {path.stem for path in folder.iterdir()}
    names = set(importlib.import_module(package).__all__)
    assert names - modules - {"__version__"} <= described
