"""What is asked of Kubeflow: the recipe of the image, and the machines of steps."""

import importlib
import importlib.util
import math
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT
from e2e import dockerfile

from tfrwc import components
from tfrwc.privacy import insecure_test_key
from tfrwc.privacy.keys import KEY_VARIABLE

DOCKERFILE = ROOT / "pipelines" / "tfx" / "Dockerfile"


KEY = insecure_test_key("image").hex()
COMPILE = """
import sys
sys.path.insert(0, sys.argv[1])
import configs, kubeflow_v2_runner
from tfrwc.components.pipelines import beta, dynamics
from tfrwc.components.pipelines.tfx import nodes
from tfrwc.studies.beta.trial import Trial as Beta
from tfrwc.studies.dynamics.trial import Trial as Dynamics
from tfrwc.studies.privacy.trial import Trial as Privacy
from tfx import v1 as tfx
out = sys.argv[2]
small = {"model": "resnet10_tiny", "seeds": (0,)}
configs.SERVING_ROOT = out + "/saved_models"
kubeflow_v2_runner.compile_pipeline(out + "/privacy.json", Privacy(
    **small, epochs=1, epsilons=(8.0,), mechanisms=("shift_1",)))
for name, steps in (
    ("dynamics", dynamics.steps(Dynamics(**small, epochs=2, images=100))),
    ("beta", beta.steps(Beta(epochs=2, seeds=(0,)), out)[:1]),
):
    kubeflow_v2_runner.write(tfx.dsl.Pipeline(
        pipeline_name=name, pipeline_root=out, components=list(nodes(steps).values())
    ), f"{out}/{name}.json")
"""


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


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    """What the recipe installs: a working directory, and the variables there."""
    folder = tmp_path_factory.mktemp("image")
    place = folder / "key"
    place.write_text(KEY)
    text = DOCKERFILE.read_text()
    return dockerfile.build(text, ROOT, folder, KEY_PLACE=f"file:{place}")


@pytest.mark.slow
@pytest.mark.skipif(
    importlib.util.find_spec("tfx") is None
    or f"FROM python:3.{sys.version_info.minor}-" not in DOCKERFILE.read_text(),
    reason="TFX is not installed here with the Python of the image: make tfx-check",
)
@pytest.mark.timeout(3600)
def test_each_component_runs_in_what_the_recipe_installs(image, tmp_path):
    work, variables = image
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", COMPILE, DOCKERFILE.parent, tmp_path],
        check=True,
        env=os.environ | {KEY_VARIABLE: KEY},
    )
    specifications = [tmp_path / f"{n}.json" for n in ("privacy", "dynamics", "beta")]
    script = (Path(__file__).parent / "kubeflow.py").read_text()
    done = subprocess.run(
        ["python", "-W", "ignore", "-c", script, tmp_path / "ran", *specifications],
        capture_output=True,
        text=True,
        cwd=work,
        env=variables,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert KEY not in done.stdout + done.stderr
    ran = re.findall(
        r"^ran tfrwc\.components\.pipelines\.tfx\.(\w+)Executor$",
        done.stdout,
        re.MULTILINE,
    )
    assert set(ran) == set(components.__all__)
    [report] = (tmp_path / "ran" / "privacy").glob("ReportGen/report/report.html")
    assert report.read_text().startswith("<!doctype html>")
    # The environment is not that of here, and the sources are not beside it.
    assert not (work / "tfrwc").exists()
    [installed_here] = work.parent.parent.glob("venv/lib/python*/site-packages/tfrwc")
    assert (installed_here / "py.typed").exists()
