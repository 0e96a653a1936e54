"""One battery for all engines: same outputs, same decisions about the cache."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from components.conformance import engines
from components.conformance.cases import ALL, CASES, REST, TRAINING
from components.conformance.components import Train, pipeline

from tfrwc.components.engine import identity

TESTS = Path(__file__).parents[2]


@pytest.fixture(params=engines.ENGINES)
def engine(request):
    if reason := engines.missing(request.param):
        pytest.skip(reason)
    return request.param


def contents(uri):
    """Text of all files, by name relative to the folder."""
    uri = Path(uri)
    return {
        path.relative_to(uri).as_posix(): path.read_text()
        for path in uri.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("case", CASES)
def test_case(case, engine, tmp_path):
    for stage in CASES[case]:
        ran, uris = engines.run(engine, pipeline(**stage.settings), tmp_path)
        assert sorted(ran) == sorted(stage.runs)
        assert set(uris) == {step.id for step in pipeline(**stage.settings)}
        found = json.loads(contents(uris["Evaluate"]["evaluation"])["evaluation.json"])
        assert found["values"] == list(stage.values)
        assert found["words"] == stage.settings.get("words", "")
        blessed = contents(uris["Bless"]["blessing"])
        assert blessed == {"NOT_BLESSED" if stage.pushed is None else "BLESSED": ""}
        pushed = json.loads(contents(uris["Push"]["pushed"])["model.json"])
        assert pushed == stage.pushed


def test_outputs_lie_where_tfx_has_them(engine, tmp_path):
    _, uris = engines.run(engine, pipeline(), tmp_path)
    for step, outputs in uris.items():
        for name, uri in outputs.items():
            *root, node, key, execution = Path(uri).parts
            assert Path(*root) == tmp_path.resolve()
            assert (node, key) == (step, name)
            assert execution.isdecimal()


def test_a_failed_step_is_not_taken_for_finished(engine, tmp_path):
    flag = tmp_path / "flag"
    flag.touch()
    with pytest.raises(RuntimeError, match="as asked"):
        engines.run(engine, pipeline(fails=str(flag)), tmp_path / "root")
    flag.unlink()
    ran, _ = engines.run(engine, pipeline(fails=str(flag)), tmp_path / "root")
    assert sorted(ran) == sorted((*TRAINING, *REST))


KILLED = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from components.conformance import engines
from components.conformance.components import pipeline
engines.run(sys.argv[2], pipeline(wait=float(sys.argv[4])), Path(sys.argv[3]))
"""


def test_a_killed_step_is_run_again_and_no_other(engine, tmp_path):
    wait = 1.5
    command = [sys.executable, "-c", KILLED, TESTS, engine, tmp_path, str(wait)]
    with subprocess.Popen(list(map(str, command))) as process:
        while not list(tmp_path.glob("Train-0/model/*/half")):
            assert process.poll() is None
            time.sleep(0.02)
        process.kill()
    assert not list(tmp_path.glob("Train-0/model/*/model.json"))
    ran, _ = engines.run(engine, pipeline(wait=wait), tmp_path)
    assert sorted(ran) == sorted((*TRAINING, *REST))


KILLED_ANYWHERE = """
import sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from components.conformance import engines
from components.conformance.components import pipeline
steps = pipeline()
for step in steps:
    if step.id == sys.argv[3]:
        def stuck(body=step.component.function, **arguments):
            body(**arguments)
            Path(sys.argv[4]).touch()
            time.sleep(60)
        step.component.function = stuck
engines.run("local", steps, Path(sys.argv[2]))
"""


@pytest.mark.parametrize("killed", ["Generate", "Evaluate", "Bless", "Push"])
def test_a_step_killed_before_it_is_entered_runs_again(killed, tmp_path):
    root, flag = tmp_path / "root", tmp_path / "flag"
    command = [sys.executable, "-c", KILLED_ANYWHERE, TESTS, root, killed, flag]
    with subprocess.Popen(list(map(str, command))) as process:
        while not flag.exists():
            assert process.poll() is None
            time.sleep(0.02)
        process.kill()
    ran, _ = engines.run("local", pipeline(), root)
    assert ran == list(ALL[ALL.index(killed) :])


def test_outputs_that_are_gone_are_made_again(engine, tmp_path):
    _, uris = engines.run(engine, pipeline(), tmp_path)
    shutil.rmtree(uris["Train-1"]["model"])
    ran, _ = engines.run(engine, pipeline(), tmp_path)
    assert sorted(ran) == sorted(("Train-1", *REST))
    assert sorted(ALL) == sorted(step.id for step in pipeline())


def values(uris):
    text = (Path(uris["Evaluate"]["evaluation"]) / "evaluation.json").read_text()
    return json.loads(text)["values"]


def test_a_file_that_is_read_counts_by_its_contents(engine, tmp_path):
    source, ran, found = tmp_path / "factor.json", [], []
    for factor in (1, 1, 2, 2):
        source.write_text(str(factor))
        os.utime(source, ns=(0, 10**18))
        again, uris = engines.run(
            engine, pipeline(source=str(source)), tmp_path / "root"
        )
        ran.append(sorted(again))
        found.append(values(uris))
    assert ran == [sorted(ALL), [], sorted(ALL), []]
    assert found == [[3, 6], [3, 6], [6, 12], [6, 12]]


def test_other_code_of_a_component(engine, tmp_path, monkeypatch):
    engines.run(engine, pipeline(), tmp_path)
    monkeypatch.setattr(Train, "code", "other")
    for expected in (sorted((*TRAINING, *REST)), []):
        ran, _ = engines.run(engine, pipeline(), tmp_path)
        assert sorted(ran) == expected


def test_another_version_of_the_package(engine, tmp_path, monkeypatch):
    engines.run(engine, pipeline(), tmp_path)
    monkeypatch.setattr(identity, "__version__", "100.0")
    for expected in (sorted(ALL), []):
        ran, _ = engines.run(engine, pipeline(), tmp_path)
        assert sorted(ran) == expected


def test_an_altered_output_is_never_passed_on(engine, tmp_path):
    _, uris = engines.run(engine, pipeline(), tmp_path)
    file = Path(uris["Train-0"]["model"]) / "model.json"
    file.write_text("4.0")  # as long as it was
    if engine == "tfx":  # which takes what is there, so that who gets it has to look
        with pytest.raises(OSError, match="was altered after it was made"):
            engines.run(engine, pipeline(at_least=-1.0), tmp_path)
        shutil.rmtree(file.parent)
    ran, uris = engines.run(engine, pipeline(at_least=-1.0), tmp_path)
    assert sorted(ran) == sorted(("Train-0", *REST))
    assert values(uris) == [3, 6]
