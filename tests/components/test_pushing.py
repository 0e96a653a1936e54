"""Pipelines that push models to one folder."""

import json
from pathlib import Path

import pytest

from tfrwc.components import SavedModelPusher
from tfrwc.components.engine import local
from tfrwc.components.engine.artifacts import Model
from tfrwc.components.engine.component import OutputArtifact, Parameter, component


@component
def Train(model: OutputArtifact[Model], text: Parameter[str]):
    """A folder that looks like a model."""
    served = Path(model.uri) / "Format-Serving"
    served.mkdir()
    (served / "saved_model.pb").write_text(text)
    training = json.dumps({"data": {"name": "none"}})
    (Path(model.uri) / "training.json").write_text(training)


def run(folder, text, name="net"):
    """Run a pipeline in a folder; what it said of its last step, and what is served."""
    models = folder.parent / "models"
    trained = Train(text=text)
    pusher = SavedModelPusher(
        model=trained.outputs["model"], name=name, folder=str(models)
    )
    lines = []
    local.run([trained, pusher], folder / "pipeline", say=lines.append)
    versions = sorted((models / name).iterdir(), key=lambda path: int(path.name))
    return lines[-1], [(path / "saved_model.pb").read_text() for path in versions]


def test_a_pipeline_goes_back_to_a_model_that_it_pushed_before(tmp_path):
    assert run(tmp_path / "a", "one")[1] == ["one"]
    assert run(tmp_path / "a", "two")[1] == ["one", "two"]
    assert run(tmp_path / "a", "one")[1] == ["one", "two", "one"]
    said, served = run(tmp_path / "a", "one")
    assert "taken from the cache" in said
    assert served == ["one", "two", "one"]


def test_two_pipelines_do_not_replace_each_others_models_by_turns(tmp_path):
    run(tmp_path / "a", "one")
    assert run(tmp_path / "b", "two")[1] == ["one", "two"]
    with pytest.raises(ValueError, match="somebody else version 2"):
        run(tmp_path / "a", "one")
    assert "taken from the cache" in run(tmp_path / "b", "two")[0]
    assert run(tmp_path / "a", "one", name="own")[1] == ["one"]
    # What is new is pushed, whoever was there before.
    assert run(tmp_path / "a", "three")[1] == ["one", "two", "three"]
