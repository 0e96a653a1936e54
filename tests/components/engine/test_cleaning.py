"""Old executions are deleted, and nothing that is needed."""

import json
import shutil
from pathlib import Path

import pytest
from components.conformance.components import pipeline
from typer.testing import CliRunner

from tfrwc import cli
from tfrwc.components.engine import local
from tfrwc.components.engine.artifacts import Model, PushedModel
from tfrwc.components.engine.cleaning import clean, kept
from tfrwc.components.engine.component import (
    InputArtifact,
    OutputArtifact,
    Parameter,
    component,
)
from tfrwc.components.engine.ledger import Ledger, lineage
from tfrwc.components.engine.progress import progress


@component
def Ship(
    model: InputArtifact[Model],
    pushed: OutputArtifact[PushedModel],
    ships: Parameter[bool] = True,
):
    (Path(pushed.uri) / "pushed.json").touch()
    pushed.set_int_custom_property("pushed", int(ships))


def steps(rate, ships=True):
    """Generate, Train, Ship."""
    data, trained, *_ = pipeline(rates=(rate,))
    return [data, trained, Ship(model=trained.outputs["model"], ships=ships)]


def ran(made, root):
    lines = []
    local.run(made, root, say=lines.append)
    return [line.split()[1][:-1] for line in lines if "running" in line]


def files(root):
    return sorted(
        path.relative_to(root).as_posix()
        for path in root.rglob("*")
        if path.is_file() and "metadata.sqlite" not in path.name
    )


def test_what_was_superseded_is_deleted_and_the_rest_is_whole(tmp_path):
    for rate in (1.0, 5.0, 2.0):
        ran(pipeline(rates=(1.0, rate)), tmp_path)
    before = lineage(tmp_path)
    gone = clean(tmp_path)
    # With the first rates Train-0 ran once for all.
    expected = ["Train-1", "Evaluate", "Bless", "Push"] * 2
    assert [one.execution.step for one in gone] == expected
    assert [one.bytes > 0 for one in gone] == [True, True, False, True] * 2
    assert ran(pipeline(rates=(1.0, 2.0)), tmp_path) == []
    assert clean(tmp_path) == []
    assert lineage(tmp_path).equals(before)
    assert ran(pipeline(rates=(1.0, 5.0)), tmp_path) == expected[:4]


def test_what_a_pushed_model_was_made_from_stays(tmp_path):
    ran(steps(1.0), tmp_path)
    ran(steps(2.0, ships=False), tmp_path)
    ran(steps(3.0), tmp_path)
    assert [one.why for one in kept(tmp_path)] == [
        "the newest of its step",
        "execution 3 took its outputs",
        "pushed a model",
        *("", ""),
        "the newest of its step",
        "pushed a model",
    ]
    assert [one.execution.id for one in clean(tmp_path)] == [4, 5]
    assert ran(steps(1.0), tmp_path) == []
    assert ran(steps(2.0, ships=False), tmp_path) == ["Train-0", "Ship"]


def test_failed_and_killed_ones_are_deleted(tmp_path):
    flag = tmp_path / "flag"
    flag.touch()
    root = tmp_path / "root"
    with pytest.raises(RuntimeError, match="as asked"):
        ran(pipeline(fails=str(flag)), root)
    ledger = Ledger(root)
    key = ledger.executions[1].key
    killed = root / ledger.begin("Train-0", key).uri("model")
    ledger.close()
    killed.mkdir(parents=True)
    (killed / "half").write_text("of a model")
    assert [one.execution.id for one in clean(root)] == [3]
    assert files(root) == ["Generate/examples/1/numbers.json"]


@component
def Slow(
    model: OutputArtifact[Model],
    rounds: Parameter[int] = 1,
    killed: Parameter[bool] = True,
):
    with progress(model.uri, rounds) as folder:
        (folder / "half").write_text("of what is to be done")
        if killed:
            raise KeyboardInterrupt


def test_what_a_killed_one_could_go_on_from_is_deleted(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        ran([Slow()], tmp_path)
    [one] = kept(tmp_path)
    assert (one.state, one.files, one.bytes > 0) == ("killed", 1, True)
    [gone] = clean(tmp_path)
    assert gone == one
    assert not files(tmp_path)
    # Not that of another step, nor of one that is complete.
    ran([Slow(killed=False)], tmp_path)
    with pytest.raises(KeyboardInterrupt):
        ran([Slow(rounds=2).with_id("Other")], tmp_path)
    assert [one.execution.step for one in clean(tmp_path)] == ["Other"]
    assert ran([Slow(killed=False)], tmp_path) == []


def test_who_runs_and_who_was_killed(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        ran([Slow()], tmp_path)
    assert [one.state for one in kept(tmp_path)] == ["killed"]
    ledger = Ledger(tmp_path)
    assert [one.state for one in kept(tmp_path)] == ["running"]
    ledger.close()
    command = ["pipeline", "ls", str(tmp_path)]
    listed = CliRunner().invoke(cli.app, command, prog_name="tfrwc").output
    assert "killed" in listed


def test_a_clean_that_was_killed_is_gone_on_with(tmp_path, monkeypatch):
    from tfrwc.components.engine import cleaning

    for rate in (1.0, 2.0):
        ran(pipeline(rates=(rate,)), tmp_path)

    def killed(path):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(cleaning.shutil, "rmtree", killed)
        with pytest.raises(KeyboardInterrupt):
            clean(tmp_path)
    assert [one.execution.id for one in clean(tmp_path)] == [2, 3, 4, 5]
    assert ran(pipeline(rates=(2.0,)), tmp_path) == []


def test_links_that_lead_outside_are_refused(tmp_path):
    root, outside = tmp_path / "root", tmp_path / "outside"
    for rate in (1.0, 2.0):
        ran(pipeline(rates=(rate,)), root)
    (root / "Train-0" / "model").rename(outside)
    (root / "Train-0" / "model").symlink_to(outside)
    before = files(outside)
    with pytest.raises(OSError, match=r"leads to .*outside"):
        clean(root)
    assert files(outside) == before


def test_a_link_within_the_folder_is_deleted_and_not_followed(tmp_path):
    for rate in (1.0, 2.0):
        ran(pipeline(rates=(rate,)), tmp_path)
    first, last = (tmp_path / f"Train-0/model/{i}" for i in (2, 6))
    shutil.rmtree(first)
    first.symlink_to(last)
    assert [one.execution.id for one in clean(tmp_path)][:1] == [2]
    assert not first.is_symlink()
    assert ran(pipeline(rates=(2.0,)), tmp_path) == []


def test_the_command(tmp_path):
    def call(*arguments):
        words = ["pipeline", *map(str, arguments)]
        return CliRunner().invoke(cli.app, words, prog_name="tfrwc")

    none = call("ls", tmp_path / "none")
    assert none.exit_code == 1
    assert "No pipeline ran in" in none.output
    assert not (tmp_path / "none").exists()
    assert call("clean", tmp_path / "none").exit_code == 1
    assert not (tmp_path / "none").exists()
    for rate in (1.0, 2.0):
        ran(pipeline(rates=(rate,)), tmp_path)
    listed = call("ls", tmp_path).output
    assert len(listed.splitlines()) == 9
    assert "Train-0  (not needed)" in listed
    before = files(tmp_path)
    tried = call("clean", tmp_path, "--dry-run").output
    assert "4 executions, " in tried
    assert "would be deleted" in tried
    assert files(tmp_path) == before
    rows = json.loads(call("clean", tmp_path, "--dry-run", "--json").output)
    assert json.loads(call("clean", tmp_path, "--json").output) == rows
    assert [row["execution"] for row in rows] == [2, 3, 4, 5]
    assert len(files(tmp_path)) == len(before) - 5
    ledger = Ledger(tmp_path)
    busy = call("clean", tmp_path)
    ledger.close()
    assert busy.exit_code == 1
    assert "Another process is running a pipeline" in busy.output
    assert call("ls", tmp_path).exit_code == 0
