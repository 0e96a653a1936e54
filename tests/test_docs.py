"""The pages: links, named files and examples (`docs/check.py`)."""

import importlib.util

import pytest
from conftest import ROOT


@pytest.fixture
def check():
    spec = importlib.util.spec_from_file_location("check", ROOT / "docs" / "check.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


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
