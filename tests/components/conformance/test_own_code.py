"""Networks and trainings of users in a pipeline, on each engine."""

import json
from pathlib import Path

import numpy as np
import pytest
from components.conformance import engines
from PIL import Image

from tfrwc.components import ImageExampleGen, RWCTrainer
from tfrwc.components.engine import local

TRAINER = """
import keras
from {beside} import WIDTH

def run_fn(fn_args):
    x, y = fn_args.read("train")
    layers = [keras.Input(fn_args.image_shape), keras.layers.Flatten(),
              keras.layers.Dense(WIDTH, name="hidden"),
              keras.layers.Dense(len(fn_args.class_names), "softmax")]
    model = keras.Sequential(layers)
    model.compile("sgd", "sparse_categorical_crossentropy", jit_compile=False)
    model.fit(x / 255, y, epochs=fn_args.epochs, callbacks=fn_args.callbacks, verbose=0)
    return model
"""


@pytest.fixture
def sources(tmp_path, monkeypatch):
    """A folder of images, and one of code, which Python finds."""
    rng = np.random.default_rng(0)
    for name in ("a", "b", "c"):
        (tmp_path / "images" / name).mkdir(parents=True)
        for i in range(5):
            pixels = rng.integers(0, 256, (4, 4), np.uint8)
            Image.fromarray(pixels).save(tmp_path / "images" / name / f"{i}.png")
    code = tmp_path / "code"
    code.mkdir()
    monkeypatch.syspath_prepend(code)
    return tmp_path


def written(sources, beside, width=2):
    """The file that trains, and a module beside it."""
    (sources / "code" / f"{beside}.py").write_text(f"WIDTH = {width}")
    path = sources / "code" / "trainer.py"
    path.write_text(TRAINER.format(beside=beside))
    return str(path)


def pipeline(sources, module_file, epochs=1):
    data = ImageExampleGen(dataset=str(sources / "images"), purpose="classes")
    examples = data.outputs["examples"]
    return [data, RWCTrainer(examples=examples, module_file=module_file, epochs=epochs)]


@pytest.mark.parametrize("engine", engines.ENGINES)
def test_a_training_of_ones_own_runs_again_if_its_code_is_other(engine, sources):
    if reason := engines.missing(engine):
        pytest.skip(reason)
    module, root = written(sources, "first_module"), sources / "root"
    ran, uris = engines.run(engine, pipeline(sources, module), root)
    assert ran == ["ImageExampleGen", "RWCTrainer"]
    training = json.loads(
        (Path(uris["RWCTrainer"]["model"]) / "training.json").read_text()
    )
    assert (training["network"], training["epochs"]) == ("trainer.py:run_fn", 1)
    assert (Path(uris["RWCTrainer"]["recording"]) / "recording.parquet").exists()
    statement = Path(uris["RWCTrainer"]["statement"]) / "privacy_statement.txt"
    assert "no guarantee" in statement.read_text()
    assert engines.run(engine, pipeline(sources, module), root)[0] == []
    # Of what it calls, also what lies beside it.
    written(sources, "second_module", 3)
    assert engines.run(engine, pipeline(sources, module), root)[0] == ["RWCTrainer"]
    assert engines.run(engine, pipeline(sources, module), root)[0] == []
    (sources / "code" / "second_module.py").write_text("WIDTH = 2 + 2")
    assert engines.run(engine, pipeline(sources, module), root)[0] == ["RWCTrainer"]


def test_a_failure_is_told_with_the_file_and_the_function(sources):
    path = sources / "code" / "trainer.py"
    path.write_text("def run_fn(fn_args):\n    return 1 / 0\n")
    lines = []
    with pytest.raises(RuntimeError, match=r"run_fn of .*trainer\.py failed at line 2"):
        local.run(pipeline(sources, str(path)), sources / "root", say=lines.append)
    assert "RWCTrainer: failed" in lines[-1]


def test_what_cannot_be_trained_is_refused_when_a_step_is_made(sources):
    [data, _] = pipeline(sources, written(sources, "third_module"))
    options = {"examples": data.outputs["examples"], "epochs": 1}
    wrong = {
        "Give one of network, build and module_file": {},
        "There is no file": {"module_file": str(sources / "none.py")},
        "for the recipe plain": {"recipe": "plain", "network": "resnet"},
        "no module": {"recipe": "plain", "build": "no_such_module:network"},
    }
    for message, arguments in wrong.items():
        with pytest.raises(ValueError, match=message):
            RWCTrainer(**options, **arguments)
