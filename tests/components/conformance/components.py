"""Components that do little, to hold engines against each other."""

import json
import time
from pathlib import Path

from tfrwc.components.engine.artifacts import (
    Examples,
    Model,
    ModelBlessing,
    ModelEvaluation,
)
from tfrwc.components.engine.component import (
    InputArtifact,
    OutputArtifact,
    Parameter,
    component,
)
from tfrwc.datasets.fingerprint import contents


@component
def Generate(
    examples: OutputArtifact[Examples],
    count: Parameter[int] = 3,
    source: Parameter[str] = "",
):
    examples.split_names = json.dumps(["train"])
    factor = json.loads(Path(source).read_text()) if source else 1
    numbers = [factor * i for i in range(count)]
    (Path(examples.uri) / "numbers.json").write_text(json.dumps(numbers))


@Generate.reads
def _source(source, **_):
    return contents(Path(source)) if source else ""


@component
def Train(
    examples: InputArtifact[Examples],
    model: OutputArtifact[Model],
    rate: Parameter[float],
    base: InputArtifact[Model] = None,
    wait: Parameter[float] = 0.0,
    fails: Parameter[str] = "",
):
    if fails and Path(fails).exists():
        raise RuntimeError("as asked")
    assert examples.split_names == '["train"]'
    total = sum(json.loads((Path(examples.uri) / "numbers.json").read_text()))
    if base is not None:
        total += value_of(base)
    (Path(model.uri) / "half").write_text("written before it is killed")
    time.sleep(wait)
    (Path(model.uri) / "model.json").write_text(json.dumps(total * rate))


@component
def Evaluate(
    models: InputArtifact[list[Model]],
    evaluation: OutputArtifact[ModelEvaluation],
    words: Parameter[str] = "",
):
    found = {"values": [value_of(model) for model in models], "words": words}
    (Path(evaluation.uri) / "evaluation.json").write_text(json.dumps(found))


@component
def Bless(
    evaluation: InputArtifact[ModelEvaluation],
    blessing: OutputArtifact[ModelBlessing],
    at_least: Parameter[float] = 0.0,
):
    text = (Path(evaluation.uri) / "evaluation.json").read_text()
    good = min(json.loads(text)["values"]) >= at_least
    (Path(blessing.uri) / ("BLESSED" if good else "NOT_BLESSED")).touch()
    blessing.set_int_custom_property("blessed", int(good))


@component
def Push(
    model: InputArtifact[Model],
    blessing: InputArtifact[ModelBlessing],
    pushed: OutputArtifact[Model],
):
    good = blessing.get_int_custom_property("blessed")
    value = value_of(model) if good else None
    (Path(pushed.uri) / "model.json").write_text(json.dumps(value))


def value_of(model):
    return json.loads((Path(model.uri) / "model.json").read_text())


def pipeline(
    count=3,
    rates=(1.0, 2.0),
    words="",
    at_least=0.0,
    base=False,
    order=1,
    source="",
    **options,
):
    """Generate, a Train for each rate, Evaluate, Bless, Push."""
    data = Generate(count=count, source=source)
    trained = []
    for i, rate in enumerate(rates):
        start = trained[0].outputs["model"] if base and i else None
        step = Train(
            examples=data.outputs["examples"], rate=rate, base=start, **options
        )
        trained.append(step.with_id(f"Train-{i}"))
    models = [step.outputs["model"] for step in trained]
    evaluated = Evaluate(models=models[::order], words=words)
    blessed = Bless(evaluation=evaluated.outputs["evaluation"], at_least=at_least)
    pushed = Push(model=models[0], blessing=blessed.outputs["blessing"])
    return [data, *trained, evaluated, blessed, pushed]
