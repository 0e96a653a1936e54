"""The wheel and the sdist, in fresh environments; slow, and by the package index."""

import json
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from conftest import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
MEGABYTES_WITH_JAX = 900


def call(*command, **options):
    """What a command printed; it runs without this checkout in its path."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    environment |= options.pop("env", {})
    done = subprocess.run(
        [*map(str, command)], capture_output=True, text=True, env=environment, **options
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def fresh(folder, *packages):
    """An environment with packages, without compiled bytecode; its bin folder."""
    call(sys.executable, "-m", "venv", folder)
    pip = [folder / "bin" / "pip", "install", "--quiet", "--no-compile"]
    call(*pip, *packages)
    return folder / "bin"


def megabytes(folder):
    """Size of what was installed, without pip itself and without bytecode."""
    files = [
        path
        for path in folder.rglob("*")
        if path.is_file()
        and "__pycache__" not in path.parts
        and not path.relative_to(folder).parts[0].startswith("pip")
    ]
    return sum(path.stat().st_size for path in files) / 2**20


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The sdist, and the wheel made from it."""
    folder = tmp_path_factory.mktemp("dist")
    call(sys.executable, "-m", "build", "--outdir", folder, ROOT)
    (sdist,), (wheel,) = folder.glob("*.tar.gz"), folder.glob("*.whl")
    return sdist, wheel


def tracked(folder):
    """Files of the package under version control, or all where there is none."""
    done = subprocess.run(
        ["git", "ls-files", folder], cwd=ROOT, capture_output=True, text=True
    )
    names = done.stdout.splitlines()
    if not names:
        found = (ROOT / folder).rglob("*")
        names = [
            str(path.relative_to(ROOT))
            for path in found
            if path.is_file() and "__pycache__" not in path.parts
        ]
    return set(names)


def test_both_are_complete(built):
    sdist, wheel = built
    call(sys.executable, "-m", "twine", "check", "--strict", sdist, wheel)
    assert len(tracked("tfrwc")) > 100
    with zipfile.ZipFile(wheel) as file:
        assert tracked("tfrwc") <= set(file.namelist())
    with tarfile.open(sdist) as file:
        names = {str(Path(*Path(name).parts[1:])) for name in file.getnames()}
    others = {"LICENSE", "README.md", "CHANGELOG.md", "pyproject.toml", "setup.py"}
    assert tracked("tfrwc") | tracked("tests") | others <= names


def test_the_base_with_jax(built, tmp_path):
    """Small, without TensorFlow, and enough to record and analyse."""
    binaries = fresh(tmp_path / "venv", built[1], "jax")
    (site,) = (tmp_path / "venv" / "lib").glob("python3*/site-packages")
    assert not (site / "tensorflow").exists()
    assert megabytes(site) < MEGABYTES_WITH_JAX
    jobs = tmp_path / "jobs"
    jobs.mkdir()
    for name in ("base_job.py", "missing.py"):
        (jobs / name).write_text((ROOT / "tests" / name).read_text())
    printed = call(
        binaries / "python",
        jobs / "base_job.py",
        cwd=tmp_path,
        env={"KERAS_BACKEND": "jax"},
    )
    assert printed.strip() == "[]"
    assert call(binaries / "tfrwc", "--version").startswith("tfrwc ")


def test_the_studies_from_the_wheel(built, tmp_path):
    binaries = fresh(tmp_path / "venv", f"{built[1]}[all]")
    call(binaries / "pip", "install", "--no-deps", "tensorflow-privacy")
    small = ["--model", "resnet10_tiny", "--epochs", "2", "--seeds", "0"]
    out = tmp_path / "digits"
    call(binaries / "tfrwc", "study", "dynamics", "--out", out, *small, cwd=tmp_path)
    results = json.loads((out / "results.json").read_text())
    assert results["findings"]
    assert (out / "report.html").stat().st_size > 10_000
    assert list((out / "recordings").glob("*.parquet"))
    small = [*small[:4], "--seeds", "0", "--epsilons", "8", "--mechanisms", "none"]
    out = tmp_path / "private"
    call(binaries / "tfrwc", "study", "privacy", "--out", out, *small, cwd=tmp_path)
    results = json.loads((out / "results.json").read_text())
    assert results["training"]["findings"]


def test_the_example_with_an_own_network_from_the_wheel(built, tmp_path):
    """It needs no more than it says, and runs by one command."""
    binaries = fresh(tmp_path / "venv", f"{built[1]}[privacy]")
    call(binaries / "pip", "install", "--no-deps", "tensorflow-privacy")
    example = tmp_path / "own_network.py"
    example.write_text((ROOT / "examples" / "own_network.py").read_text())
    printed = call(binaries / "python", example, cwd=tmp_path)
    assert "SavedModelPusher: done" in printed
    assert list((tmp_path / "own_run" / "saved_models").glob("own/1/model.keras"))
