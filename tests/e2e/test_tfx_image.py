"""The recipe of the image for Kubeflow."""

import re

from conftest import ROOT

DOCKERFILE = ROOT / "pipelines" / "tfx" / "Dockerfile"


def installed(text):
    """What a recipe has uv install, in its order."""
    found = re.findall(r"uv pip install (.*?)(?: && .*)?$", text, re.MULTILINE)
    beside = {"--quiet", "--system", "--no-cache", "--compile-bytecode", "--python"}
    return [
        " ".join(
            w for w in one.split() if w not in beside and not w.startswith(".venv")
        )
        for one in found
    ]


def test_it_has_what_the_checks_ran_with():
    checked = installed((ROOT / "Makefile").read_text())
    assert checked[0] == "--requirement pipelines/tfx/requirements.txt"
    assert installed(DOCKERFILE.read_text()) == [*checked, "--no-deps ."]


def test_what_it_copies_is_there_and_enough_to_install():
    text = DOCKERFILE.read_text()
    copied = " ".join(re.findall(r"^COPY (.*) \S+$", text, re.MULTILINE)).split()
    assert all((ROOT / name).exists() for name in copied)
    read = re.findall(r'ROOT / "([\w.]+)"', (ROOT / "setup.py").read_text())
    assert set(read) <= set(copied)


def test_it_holds_no_key_but_where_it_is():
    text = DOCKERFILE.read_text()
    [place] = re.findall(r"^ARG KEY_PLACE=(.*)$", text, re.MULTILINE)
    assert place.startswith("file:/")
    assert "ENV TFRWC_PRIVACY_KEY=$KEY_PLACE" in text
