"""The command `tfrwc`."""

import importlib
import json
import subprocess
import sys

import pytest
from conftest import ROOT

import tfrwc
from tfrwc import cli


@pytest.mark.parametrize(
    ("arguments", "example"),
    [
        ([], "tfrwc study dynamics --out runs/digits"),
        (["study"], "tfrwc study privacy --out runs/private"),
        (["study", "dynamics"], "tfrwc study dynamics --out runs/digits"),
        (["study", "privacy"], "tfrwc study privacy --out runs/x --dataset"),
        (["study", "beta"], "tfrwc study beta --out runs/beta"),
        (["datasets"], "tfrwc datasets --json"),
    ],
)
def test_help_has_an_example(arguments, example, capsys):
    with pytest.raises(SystemExit) as stopped:
        cli.main([*arguments, "--help"])
    assert stopped.value.code == 0
    said = capsys.readouterr().out
    assert example in said
    assert said.startswith(" ".join(["usage: tfrwc", *arguments]))
    assert "python pipelines" not in said


@pytest.mark.parametrize("study", cli.STUDIES)
def test_a_script_is_the_same_study(study):
    name, _ = cli.STUDIES[study]
    module = importlib.import_module(f"tfrwc.commands.{name}")
    done = subprocess.run(
        [sys.executable, str(ROOT / "pipelines" / f"{name}.py"), "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert module.__doc__.strip() in done.stdout
    assert done.stdout.startswith(f"usage: {name}.py")


@pytest.mark.parametrize(
    "arguments", [[], ["study"], ["study", "rwc"], ["runs"], ["datasets", "--jsn"]]
)
def test_what_is_no_command_is_refused(arguments, capsys):
    with pytest.raises(SystemExit) as stopped:
        cli.main(arguments)
    assert stopped.value.code == 2
    assert "usage: tfrwc" in capsys.readouterr().err


def test_version(capsys):
    with pytest.raises(SystemExit):
        cli.main(["--version"])
    assert capsys.readouterr().out == f"tfrwc {tfrwc.__version__}\n"


def test_data_sets_are_listed_with_where_they_are(tmp_path, monkeypatch, capsys):
    (tmp_path / "mnist.npz").touch()
    monkeypatch.setenv("TFRWC_DATA_DIR", str(tmp_path))
    cli.main(["datasets", "--json"])
    sets = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert sets["digits"]["place"] == "needs no file"
    assert sets["digits"]["classes"] == 10
    assert sets["mnist"]["place"] == str(tmp_path / "mnist.npz")
    assert sets["cifar10"]["place"].startswith("not here: cifar10_lossless_subset.npz")
    cli.main(["datasets"])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(sets)
