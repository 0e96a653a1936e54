"""Components and the runner for one machine, with components that do little."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from components.conformance.components import Evaluate, Generate, Train, pipeline
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
from tfrwc.components.engine.ledger import Ledger, lineage
from tfrwc.components.engine.step import in_order

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


def test_long_pipelines_in_any_order(tmp_path):
    data = Generate()
    steps = [Train(examples=data.outputs["examples"], rate=1.0).with_id("0")]
    for i in range(1, 1500):
        base = steps[-1].outputs["model"]
        examples = data.outputs["examples"]
        steps.append(Train(examples=examples, rate=1.0, base=base).with_id(str(i)))
    found = in_order([*steps[::-1], data])
    assert [step.id for step in found] == ["Generate", *map(str, range(1500))]


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


def test_a_ledger_that_is_lost_or_damaged_is_told(tmp_path):
    ran(pipeline(), tmp_path)
    kept = (tmp_path / "metadata.sqlite").read_bytes()
    (tmp_path / "metadata.sqlite").write_bytes(b"no database" * 100)
    with pytest.raises(OSError, match="cannot be used"):
        local.run(pipeline(), tmp_path)
    (tmp_path / "metadata.sqlite").unlink()
    for _ in range(2):
        with pytest.raises(OSError, match="holds outputs of Generate, but"):
            local.run(pipeline(), tmp_path)
    (tmp_path / "metadata.sqlite").write_bytes(kept)
    assert ran(pipeline(), tmp_path)[0] == []


def test_lineage_of_any_folder_and_not_while_a_pipeline_runs(tmp_path):
    folder = tmp_path / "a ?#%20b"
    ran(pipeline(), folder)
    assert len(lineage(folder)) == 6
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]
    ledger = Ledger(folder)
    with pytest.raises(OSError, match="If a pipeline is running there, wait"):
        lineage(folder)
    ledger.close()


def test_lineage_says_what_was_made_from_what(tmp_path):
    ran(pipeline(), tmp_path)
    table = lineage(tmp_path).set_index("step")
    assert table.index.tolist() == [
        *("Generate", "Train-0", "Train-1", "Evaluate", "Bless", "Push")
    ]
    assert table["type"].tolist() == [
        *("Examples", "Model", "Model", "ModelEvaluation", "ModelBlessing", "Model")
    ]
    made_from = table.loc["Evaluate", "made_from"]
    assert made_from == table.loc[["Train-0", "Train-1"], "artifact"].tolist()
    assert json.loads(table.loc["Train-1", "parameters"])["rate"] == 2
    with pytest.raises(FileNotFoundError, match="No pipeline ran"):
        lineage(tmp_path / "elsewhere")


def test_wrong_steps_are_named_before_anything_runs(tmp_path):
    data = Generate()
    examples = data.outputs["examples"]
    with pytest.raises(TypeError, match="takes a list of Model"):
        Evaluate(models=[examples])
    with pytest.raises(TypeError, match="rate of Train is of type float"):
        Train(examples=examples, rate="1")
    with pytest.raises(ValueError, match="rate of Train must be finite"):
        Train(examples=examples, rate=float("inf"))
    with pytest.raises(TypeError, match="Missing: rate; unknown: rat"):
        Train(examples=examples, rat=1.0)
    with pytest.raises(TypeError, match="takes a list of Model"):
        Evaluate(models=[])
    with pytest.raises(TypeError, match="count of Generate is of type int"):
        Generate(count=True)
    with pytest.raises(TypeError, match="models of Evaluate takes a list of Model"):
        Evaluate(models=None)
    assert Train(examples=examples, rate=1.0, base=None).inputs.keys() == {"examples"}
    with pytest.raises(ValueError, match="must fit into 64 bits"):
        Generate(count=2**63)
    for name in ("", "a/b", "../up", ".hidden", 3):
        with pytest.raises(ValueError, match="A step's id has letters"):
            Generate().with_id(name)
    twice = [Generate(), Generate()]
    with pytest.raises(ValueError, match="steps are called Generate"):
        local.run(twice, tmp_path / "root")
    alone = Train(examples=examples, rate=1.0)
    with pytest.raises(ValueError, match="Generate is missing"):
        local.run([alone], tmp_path / "root")
    assert not (tmp_path / "root").exists()


def test_a_function_without_annotations_is_no_component():
    with pytest.raises(TypeError, match="Annotate the argument 'x' of Bad"):

        @component
        def Bad(x):
            pass

    for wrong, message in (
        (lambda *x: None, "by keyword. Bad has the argument"),
        (lambda x="1": None, "x of Bad is of type int"),
    ):
        wrong.__name__ = "Bad"
        wrong.__annotations__["x"] = Parameter[int]
        with pytest.raises(TypeError, match=message):
            component(wrong)

    def Listed(m, m_0):
        pass

    one, many = InputArtifact[Model], InputArtifact[list[Model]]
    Listed.__annotations__ = {"m": many, "m_0": one}
    with pytest.raises(TypeError, match="an element of that list"):
        component(Listed)
    Listed.__annotations__["m_0"] = OutputArtifact[Model]
    Listed.__defaults__ = (None,)
    with pytest.raises(TypeError, match="an output has none"):
        component(Listed)
    with pytest.raises(TypeError, match="Received: <class 'int'>"):
        InputArtifact[int]
    with pytest.raises(TypeError, match="A parameter is an int"):
        Parameter[list]


def test_properties_are_those_of_the_type():
    model = Examples("somewhere")
    assert (model.split_names, model.span) == ("", 0)
    with pytest.raises(TypeError, match="span of Examples is of type int"):
        model.span = "1"
    with pytest.raises(AttributeError, match="has no property 'speed'"):
        model.speed = 1
    with pytest.raises(AttributeError):
        _ = model.speed
    model.set_int_custom_property("speed", 3)
    assert model.get_int_custom_property("speed") == 3
    assert model.get_int_custom_property("other") == 0
