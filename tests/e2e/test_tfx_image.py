"""The image for Kubeflow, as far as it can be tried without Docker."""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

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


RUN = """
import runpy, sys
import tfrwc
assert tfrwc.__file__.startswith(sys.argv[1]), tfrwc.__file__
del sys.argv[1]
module = "tfx.orchestration.kubeflow.v2.container.kubeflow_v2_run_executor"
runpy.run_module(module, run_name="__main__")
"""


@pytest.mark.skipif(
    importlib.util.find_spec("tfx") is None,
    reason="TFX is not installed here: make tfx-check",
)
def test_a_step_runs_as_in_a_container(tmp_path):
    """From the files that are copied, away from the checkout, as Kubeflow starts it."""
    site = tmp_path / "site"
    shutil.copytree(ROOT / "tfrwc", site / "tfrwc")
    uri = tmp_path / "examples"
    kind = {"schemaTitle": "tfx.Examples"}
    parameters = {
        **{"dataset": "digits", "purpose": "classes", "folder": "", "patients": ""},
        **{"images": 40, "size": 0, "images_per_patient": 0},
        "tfrwc_identity": json.dumps({"reads": "unknown "}),
    }
    invocation = {
        "inputs": {
            "parameters": {
                name: {"intValue" if isinstance(value, int) else "stringValue": value}
                for name, value in parameters.items()
            }
        },
        "outputs": {
            "artifacts": {
                "examples": {
                    "artifacts": [{"name": "1", "uri": str(uri), "type": kind}]
                }
            },
            "outputFile": str(tmp_path / "output.json"),
        },
    }
    name = "tfrwc.components.pipelines.tfx.ImageExampleGenExecutor"
    arguments = ["--executor_class_path", name]
    arguments += ["--json_serialized_invocation_args", json.dumps(invocation)]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", RUN, str(site), *arguments],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert list(Path(uri).glob("Split-train/*.gz"))
    made = json.loads((tmp_path / "output.json").read_text())
    [artifact] = made["artifacts"]["examples"]["artifacts"]
    assert artifact["uri"] == str(uri)
