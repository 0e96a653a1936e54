"""Steps: their order, and mistakes in them."""

import pytest
from components.conformance.components import Evaluate, Generate, Train

from tfrwc.components.engine import local
from tfrwc.components.engine.step import in_order


def test_long_pipelines_in_any_order(tmp_path):
    data = Generate()
    steps = [Train(examples=data.outputs["examples"], rate=1.0).with_id("0")]
    for i in range(1, 1500):
        base = steps[-1].outputs["model"]
        examples = data.outputs["examples"]
        steps.append(Train(examples=examples, rate=1.0, base=base).with_id(str(i)))
    found = in_order([*steps[::-1], data])
    assert [step.id for step in found] == ["Generate", *map(str, range(1500))]


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
