"""What is asked of Kubeflow: the recipe of the image, and the machines of steps."""

import importlib
import math
import re
import subprocess

import pytest
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
    make = ["make", "--just-print", "tfx-check", "TFX=1.16", "TFX_PYTHON=python3.10"]
    done = subprocess.run(make, cwd=ROOT, capture_output=True, text=True, check=True)
    checked = installed(done.stdout)
    assert checked[0] == "--requirement pipelines/tfx/requirements.txt"
    accelerated = '"$TENSORFLOW" --constraint pipelines/tfx/requirements.txt'
    assert installed(DOCKERFILE.read_text()) == [*checked, accelerated, "--no-deps ."]


def test_what_it_copies_is_there_and_enough_to_install():
    text = DOCKERFILE.read_text()
    copied = " ".join(re.findall(r"^COPY (.*) \S+$", text, re.MULTILINE)).split()
    assert all((ROOT / name).exists() for name in copied)
    read = re.findall(r'ROOT / "([\w.]+)"', (ROOT / "setup.py").read_text())
    assert set(read) <= set(copied)


def test_a_container_takes_keras_3_whatever_tfx_brings():
    lines = DOCKERFILE.read_text().splitlines()
    assert "ENV TF_USE_LEGACY_KERAS=0" in lines


def test_it_holds_no_key_but_where_it_is():
    text = DOCKERFILE.read_text()
    [place] = re.findall(r"^ARG KEY_PLACE=(.*)$", text, re.MULTILINE)
    assert place.startswith("file:/")
    assert "ENV TFRWC_PRIVACY_KEY=$KEY_PLACE" in text
    # Which the recipe names as such a place.
    installs = (DOCKERFILE.parent / "requirements.txt").read_text()
    assert "google-cloud-secret-manager==" in installs


@pytest.fixture
def resources(monkeypatch):
    """The module of the pipeline for TFX."""
    monkeypatch.syspath_prepend(DOCKERFILE.parent)
    return importlib.import_module("resources")


@pytest.mark.parametrize(
    "wrong",
    [
        *({"cpu": value} for value in (0, -1, math.nan, math.inf, "4", True)),
        *({"memory": value} for value in (0, "16G")),
        *({"accelerators": value} for value in (0, 1.5, "1")),
    ],
)
def test_what_no_machine_can_have_is_refused(resources, wrong):
    [name] = wrong
    with pytest.raises(ValueError, match=f"{name} must be"):
        resources.Resources(**{"cpu": 4, "memory": 16} | wrong)


class RWCTrainer:
    """A component of TFX, as far as it is asked here."""

    def __init__(self, name):
        self.id, self.has = name, None

    def with_platform_config(self, specification):
        self.has = specification


def test_a_step_has_what_is_said_of_it_or_of_its_component(resources, monkeypatch):
    monkeypatch.setattr(resources.Resources, "specification", lambda self: self.cpu)
    one, other = RWCTrainer("RWCTrainer-1"), RWCTrainer("RWCTrainer-2")

    def provide(**cpu):
        machines = {
            name.replace("_", "-"): resources.Resources(number, 16)
            for name, number in cpu.items()
        }
        resources.provide([one, other], machines)
        return one.has, other.has

    assert provide() == (None, None)
    assert provide(RWCTrainer=4) == (4, 4)
    assert provide(RWCTrainer_2=8, RWCTrainer=4) == (4, 8)
    with pytest.raises(
        ValueError, match=r"is called Trainer\. There are: RWCTrainer, "
    ):
        provide(Trainer=4, RWCTrainer=4)
