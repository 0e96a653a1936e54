"""The runner for one machine, with components that do little."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from components.conformance.components import Generate, Train, pipeline
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tfrwc.components.engine import local
from tfrwc.components.engine.artifacts import Examples, Model
from tfrwc.components.engine.component import (
    InputArtifact,
    OutputArtifact,
    Parameter,
    component,
)

TESTS = Path(__file__).parents[2]


def ran(steps, root):
    """Which steps run, and are not taken from the cache."""
    lines = []
    made = local.run(steps, root, say=lines.append)
    return [line.split()[1][:-1] for line in lines if "running" in line], made


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    parents=st.lists(st.lists(st.integers(0, 5), max_size=3), min_size=1, max_size=6),
    changed=st.integers(0, 5),
)
def test_in_any_graph_descendants_are_repeated_and_nothing_else(
    tmp_path_factory, parents, changed
):
    # Step i takes the outputs of some steps before it.
    parents = [
        sorted({p % i for p in chosen}) if i else [] for i, chosen in enumerate(parents)
    ]
    changed %= len(parents)

    def steps(rate):
        data = Generate()
        made = []
        for i, chosen in enumerate(parents):
            models = [made[p].outputs["model"] for p in chosen]
            factor = rate if i == changed else 1.0
            made.append(
                Mix(
                    examples=data.outputs["examples"],
                    models=models or [made_first(data)],
                    rate=factor,
                ).with_id(str(i))
            )
        first = made_first(data).step
        return [*reversed(made), first, data]

    starts = {}

    def made_first(data):
        if data not in starts:
            starts[data] = Train(examples=data.outputs["examples"], rate=1.0)
        return starts[data].outputs["model"]

    root = tmp_path_factory.mktemp("graph")
    assert len(ran(steps(1.0), root)[0]) == len(parents) + 2
    expected = {changed}
    for i, chosen in enumerate(parents):
        if expected & set(chosen):
            expected.add(i)
    assert set(ran(steps(2.0), root)[0]) == {str(i) for i in expected}


@component
def Mix(
    examples: InputArtifact[Examples],
    models: InputArtifact[list[Model]],
    model: OutputArtifact[Model],
    rate: Parameter[float],
):
    found = [json.loads((Path(m.uri) / "model.json").read_text()) for m in models]
    (Path(model.uri) / "model.json").write_text(json.dumps(sum(found) * rate))


def test_a_failed_step_is_not_taken_for_finished(tmp_path):
    flag = tmp_path / "flag"
    flag.touch()
    steps = pipeline(fails=str(flag))
    lines = []
    with pytest.raises(RuntimeError, match="as asked"):
        local.run(steps, tmp_path / "root", say=lines.append)
    assert "Train-0: failed, RuntimeError('as asked')" in lines[-1]
    flag.unlink()
    repeated, _ = ran(pipeline(fails=str(flag)), tmp_path / "root")
    assert repeated == ["Train-0", "Train-1", "Evaluate", "Bless", "Push"]
    folders = list((tmp_path / "root" / "Train-0" / "model").iterdir())
    assert len(folders) == 1  # that of the failed execution is gone


KILLED = """
import sys
sys.path.insert(0, sys.argv[1])
from components.engine.test_local import local, pipeline
local.run(pipeline(wait=60.0), sys.argv[2])
"""


def test_a_killed_step_is_run_again_and_no_other(tmp_path):
    half = tmp_path / "Train-0" / "model" / "2" / "half"
    command = [sys.executable, "-c", KILLED, TESTS, tmp_path]
    with subprocess.Popen(command) as process:
        while not half.exists():
            assert process.poll() is None
            time.sleep(0.05)
        with pytest.raises(OSError, match="Another process is running a pipeline"):
            local.run(pipeline(), tmp_path, say=lambda text: None)
        process.kill()
    repeated, _ = ran(pipeline(), tmp_path)
    assert repeated == ["Train-0", "Train-1", "Evaluate", "Bless", "Push"]
    assert not half.exists()


def test_a_folder_can_be_moved(tmp_path):
    ran(pipeline(), tmp_path / "here")
    (tmp_path / "here").rename(tmp_path / "there")
    repeated, made = ran(pipeline(), tmp_path / "there")
    assert repeated == []
    assert "there" in made["Evaluate"]["evaluation"].uri
    assert made["Bless"]["blessing"].get_int_custom_property("blessed") == 1


def test_a_component_with_other_outputs_is_another(tmp_path):
    def first(examples):
        Path(examples.uri, "numbers.json").write_text("[1]")

    def second(examples, model):
        first(examples)

    first.__annotations__ = {"examples": OutputArtifact[Examples]}
    second.__annotations__ = first.__annotations__ | {"model": OutputArtifact[Model]}
    first.__name__ = second.__name__ = "Source"
    assert ran([component(first)()], tmp_path)[0] == ["Source"]
    again, made = ran([component(second)()], tmp_path)
    assert again == ["Source"]
    assert set(made["Source"]) == {"examples", "model"}


@pytest.mark.parametrize("change", ["{}", None])
def test_an_output_that_was_altered_is_made_again(tmp_path, change):
    _, made = ran(pipeline(), tmp_path)
    file = Path(made["Train-1"]["model"].uri) / "model.json"
    (file.parent / ".hidden").write_text("of some program")
    assert ran(pipeline(), tmp_path)[0] == []
    file.unlink() if change is None else file.write_text(change)
    repeated, again = ran(pipeline(), tmp_path)
    assert repeated == ["Train-1", "Evaluate", "Bless", "Push"]
    assert again["Train-1"]["model"].uri != made["Train-1"]["model"].uri
    assert ran(pipeline(), tmp_path)[0] == []


@component
def Deliver(model: OutputArtifact[Model], to: Parameter[str]):
    (Path(model.uri) / "model.json").write_text("1")
    Path(to).touch()


@Deliver.leaves
def _delivered(model, to):
    assert (Path(model.uri) / "model.json").exists()
    return "" if Path(to).exists() else f"delivered {to}, which is gone"


def test_what_a_step_left_elsewhere_is_made_again(tmp_path):
    place, root = tmp_path / "delivered", tmp_path / "root"
    assert ran([Deliver(to=str(place))], root)[0] == ["Deliver"]
    assert ran([Deliver(to=str(place))], root)[0] == []
    place.unlink()
    lines = []
    local.run([Deliver(to=str(place))], root, say=lines.append)
    assert f"execution 1 delivered {place}, which is gone" in lines[0]
    assert place.exists()
    assert ran([Deliver(to=str(place))], root)[0] == []
