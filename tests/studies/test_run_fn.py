"""Training by a function of the user."""

import json
import math

import numpy as np
import pytest

from tfrwc import load_recording
from tfrwc.datasets.image_set import ImageSet
from tfrwc.studies import example_sets
from tfrwc.studies.privacy.data import Split, Task
from tfrwc.studies.recipes import planned, train
from tfrwc.studies.settings import Settings

HEAD = """
import json
import keras
import tensorflow as tf
from pathlib import Path

def network(shape, classes):
    return keras.Sequential([
        keras.Input(shape), keras.layers.Rescaling(1 / 255), keras.layers.Flatten(),
        keras.layers.Dense(classes, "softmax")])

def compiled(fn_args):
    model = network(fn_args.image_shape, len(fn_args.class_names))
    model.compile("adam", "sparse_categorical_crossentropy", jit_compile=False)
    return model

def fitted(fn_args, callbacks):
    model = compiled(fn_args)
    x, y = fn_args.read("train")
    model.fit(x, y, epochs=fn_args.epochs, callbacks=callbacks, verbose=0)
    return model

def run_fn(fn_args):
"""
PLAIN = "    return fitted(fn_args, fn_args.callbacks)"


@pytest.fixture
def task(tmp_path):
    rng = np.random.default_rng(0)

    def split(n):
        return Split(rng.integers(0, 256, (n, 4, 4, 1), np.uint8), np.arange(n) % 2)

    made = Task(
        "noise", ("a", "b"), split(40), split(8), split(8), 2, ("That I know.",)
    )
    example_sets.write_task(made, tmp_path / "task")
    return tmp_path / "task"


@pytest.fixture
def trained(tmp_path):
    def train_by(body, examples, **options):
        path = tmp_path / "trainer.py"
        path.write_text(HEAD + body)
        settings = Settings("run_fn", f"{path}:run_fn", 2, **options)
        progress = tmp_path / "progress"
        progress.mkdir(exist_ok=True)
        return train(settings, examples, tmp_path / "r.parquet", progress)

    return train_by


def test_a_network_is_trained_and_recorded(trained, task, tmp_path):
    made = trained(PLAIN, task, seed=3)
    assert len(load_recording(tmp_path / "r.parquet")) == 2
    assert math.isinf(made.statement.guarantee.epsilon)
    facts = made.facts
    assert (facts["recipe"], facts["network"]) == ("run_fn", "trainer.py:run_fn")
    assert (facts["epochs"], facts["seed"], facts["base"]) == (2, 3, None)
    (tmp_path / "r.parquet").unlink()
    again = trained(PLAIN, task, seed=3)
    for one, other in zip(
        made.model.get_weights(), again.model.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(one, other)


def test_what_the_function_receives(trained, task, tmp_path):
    body = """
    counts = {}
    for name, files in (("train", fn_args.train_files), ("eval", fn_args.eval_files)):
        records = tf.data.TFRecordDataset(files, "GZIP")
        counts[name] = [sum(1 for _ in records), len(fn_args.read(name)[1])]
    counts["names"] = fn_args.class_names
    counts["shape"] = fn_args.image_shape
    counts["base"] = fn_args.base_model
    Path(fn_args.working_dir, "told.json").write_text(json.dumps(counts))
"""
    trained(body + PLAIN, task)
    told = json.loads((tmp_path / "progress" / "told.json").read_text())
    expected = {"train": [40, 40], "eval": [8, 8], "names": ["a", "b"]}
    assert told == expected | {"shape": [4, 4, 1], "base": None}


def test_where_nothing_is_held_out_the_test_images_are_to_evaluate_on(
    trained, tmp_path
):
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (20, 4, 4, 3), np.uint8), np.arange(20) % 3
    images = ImageSet("noise", "noise", x[:15], y[:15], x[15:], y[15:], ("a", "b", "c"))
    example_sets.write_image_set(images, tmp_path / "set")
    body = "    assert 'Split-test' in fn_args.eval_files[0]\n"
    assert trained(body + PLAIN, tmp_path / "set").model.output_shape == (None, 3)


def test_a_private_training_states_what_it_guarantees(trained, task):
    body = """
    from tfrwc.privacy import make_private, poisson_batches
    x, y = fn_args.read("train")
    model = network(fn_args.image_shape, 2)
    private = make_private(
        model, epsilon=5.0, batch_size=10, epochs=fn_args.epochs, train_size=len(x))
    private.compile("sgd", "sparse_categorical_crossentropy")
    private.fit(poisson_batches(x, y, batch_size=10), epochs=fn_args.epochs,
                callbacks=fn_args.callbacks, verbose=0)
    return private
"""
    made = trained(body, task)
    assert made.statement.kind == "training"
    assert 4.5 < made.statement.guarantee.epsilon <= 5.0
    # Of whose images the task knows.
    assert made.statement.not_promised[0] == "That I know."
    assert "2" in str(made.statement.to_dict()["images_per_patient"])
    assert made.model.output_shape == (None, 2)


@pytest.mark.parametrize(
    ("body", "error", "message"),
    [
        ("    return fitted(fn_args, [])", ValueError, "run_fn recorded nothing. Give"),
        (
            "    fitted(fn_args, fn_args.callbacks)\n"
            "    return keras.Sequential([keras.Input(fn_args.image_shape),\n"
            "        keras.layers.Flatten(), keras.layers.Dense(3),\n"
            "        keras.layers.Dense(2, 'softmax')])",
            ValueError,
            "recorded another model than it returned",
        ),
        ("    pass", ValueError, "run_fn must return a functional .* NoneType"),
        ("    fn_args.serving_model_dir", RuntimeError, "run_fn of .* failed at line"),
        ("    fn_args.read('val')", RuntimeError, "has no split 'val'"),
    ],
)
def test_what_was_not_trained_or_recorded_is_refused(
    body, error, message, trained, task
):
    with pytest.raises(error, match=message):
        trained(body, task)


def test_what_it_will_state_is_not_known_before(task, tmp_path):
    (tmp_path / "trainer.py").touch()
    settings = Settings("run_fn", f"{tmp_path / 'trainer.py'}:run_fn", 2)
    with pytest.raises(ValueError, match="by build and the recipe dp_sgd"):
        planned(settings, task)
