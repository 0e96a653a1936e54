"""What components are made of: sets on disk, blessings, progress, logs."""

import ast
import contextlib
import dataclasses
import inspect
import json
import math
import os

import numpy as np
import pytest

from tfrwc import Recording, components
from tfrwc.components.engine import local
from tfrwc.components.engine.budget import set_budget
from tfrwc.components.engine.progress import progress
from tfrwc.datasets.fingerprint import fingerprint
from tfrwc.privacy import PixelGaussian, ScalarShift
from tfrwc.privacy.sgd.statement import NoPrivacy
from tfrwc.privacy.statement import read_statement, write_statement
from tfrwc.report.tensorboard import write_logs
from tfrwc.studies import blessing, example_sets, reports
from tfrwc.studies.dynamics.images import load_images
from tfrwc.studies.privacy import data as private_data
from tfrwc.studies.privacy.evaluation import KIND_OF_STATEMENT
from tfrwc.studies.recipes import planned, train
from tfrwc.studies.settings import Settings


def test_a_set_can_be_read_back(tmp_path):
    splits = example_sets.generate("digits", "classes", tmp_path, images=100)
    assert splits == ["train", "test"]
    found = example_sets.read_image_set(tmp_path)
    wanted = load_images("digits", 100)
    for name in ("x_train", "y_train", "x_test", "y_test"):
        np.testing.assert_array_equal(getattr(found, name), getattr(wanted, name))
    for name in ("name", "origin", "class_names", "image_shape", "majority_rate"):
        assert getattr(found, name) == getattr(wanted, name)


def test_a_task_can_be_read_back(tmp_path):
    assert example_sets.generate("digits", "two_classes", tmp_path) == [
        *("train", "eval", "test")
    ]
    found, wanted = example_sets.read_task(tmp_path), private_data.load("digits")
    for name in ("train", "held_out", "test"):
        split, original = getattr(found, name), getattr(wanted, name)
        np.testing.assert_array_equal(split.x, original.x)
        np.testing.assert_array_equal(split.y, original.y)
        assert split.patients is None
    assert (found.origin, found.classes) == (wanted.origin, wanted.classes)
    assert found.images_per_patient == 1


def test_x_rays_keep_their_patients(data_dir, tmp_path):
    task = private_data.load("pneumoniamnist", data_dir)
    patients = np.array([f"person{i // 3}" for i in range(len(task.train.y))])
    named = private_data.Split(task.train.x, task.train.y, patients)
    task = private_data.Task(
        task.origin, task.classes, named, task.held_out, task.test, 3
    )
    example_sets.write_task(task, tmp_path)
    found = example_sets.read_task(tmp_path)
    np.testing.assert_array_equal(found.train.patients, patients)
    np.testing.assert_array_equal(found.train.x, task.train.x)
    assert found.images_per_patient == 3


def test_what_is_assumed_of_a_task_is_kept(tmp_path):
    task = private_data.load("digits")
    assert task.may_be_shown
    assumed = dataclasses.replace(task, assumptions=("That it rains.",))
    example_sets.write_task(assumed, tmp_path)
    read = example_sets.read_task(tmp_path)
    assert (read.assumptions, read.may_be_shown) == (("That it rains.",), True)
    about = json.loads((tmp_path / "about.json").read_text())
    for assumptions in ("x", [1], None):
        text = json.dumps(about | {"assumptions": assumptions})
        (tmp_path / "about.json").write_text(text)
        with pytest.raises(ValueError, match="a list of texts as assumptions"):
            example_sets.read_task(tmp_path)
    # Of tasks written before it was known, nothing is shown.
    del about["assumptions"], about["may_be_shown"]
    (tmp_path / "about.json").write_text(json.dumps(about))
    read = example_sets.read_task(tmp_path)
    assert (read.assumptions, read.may_be_shown) == ((), False)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"purpose": "fun"}, "Received: purpose='fun'"),
        ({"purpose": "classes", "images": -1}, "Take 1 image or more"),
        ({"purpose": "classes", "size": 8}, "for classes takes no size"),
        ({"purpose": "two_classes", "images": 8}, "two_classes takes no images"),
        ({"purpose": "public", "folder": "x"}, "public takes no folder"),
    ],
)
def test_what_a_purpose_does_not_take_is_refused(arguments, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        example_sets.generate("digits", uri=tmp_path, **arguments)


def test_what_trainings_plan_to_state(tmp_path):
    """What is private is in `tests/e2e/test_private_pneumonia.py`, held against what is
    stated in the end."""
    example_sets.generate("digits", "two_classes", tmp_path)
    clipped = planned(Settings("clipped", "resnet10_tiny", 1), tmp_path)
    assert math.isinf(clipped.epsilon)
    assert planned(Settings("plain", "resnet10_tiny", 1), tmp_path) == NoPrivacy()
    public = Settings("public", "resnet10_tiny", 0)
    assert planned(public, tmp_path) == NoPrivacy()  # these images are not
    about = json.loads((tmp_path / "about.json").read_text()) | {"name": "mnist"}
    (tmp_path / "about.json").write_text(json.dumps(about))
    assert planned(public, tmp_path) is None
    assert planned(Settings("plain", "resnet10_tiny", 1), tmp_path) == NoPrivacy()


def test_trainings_beyond_a_budget_do_not_begin(tmp_path):
    set_budget(tmp_path, 3.0, 1e-5)
    data = components.ImageExampleGen(dataset="digits", purpose="two_classes")
    options = {"examples": data.outputs["examples"], "network": "resnet10_tiny"}
    trainer, plain = (
        components.RWCTrainer(**options, epochs=1, recipe=recipe, epsilon=epsilon)
        for recipe, epsilon in (("dp_sgd", 3.0), ("plain", 0.0))
    )
    # Its epsilon of 3 is for a greater delta.
    for step, said in ((trainer, "it plans epsilon 3,"), (plain, "no guarantee")):
        with pytest.raises(ValueError, match=f"RWCTrainer is not run: .*{said}"):
            local.run([data, step], tmp_path, say=lambda _: None)
    assert not (tmp_path / "RWCTrainer").exists()


def test_a_base_that_would_not_be_used_is_refused(tmp_path):
    settings = Settings("published", "resnet10_tiny", 2)
    with pytest.raises(ValueError, match="give no base"):
        train(settings, tmp_path, tmp_path / "r.parquet", tmp_path, base=tmp_path)


def test_a_fingerprint_changes_with_the_files(tmp_path):
    folder = tmp_path / "images"
    (folder / "a").mkdir(parents=True)
    (folder / "a" / "1.png").write_bytes(b"one")
    found = {fingerprint(folder)}
    assert found == {fingerprint(folder)}
    os.utime(folder / "a" / "1.png", ns=(0, 10**15))
    found.add(fingerprint(folder))
    (folder / "a" / "2.png").write_bytes(b"")
    found.add(fingerprint(folder))
    (folder / "a" / "2.png").rename(folder / "a" / "3.png")
    found |= {fingerprint(folder), fingerprint(folder / "a" / "1.png")}
    assert len(found) == 5
    with pytest.raises(FileNotFoundError, match="no file or folder"):
        fingerprint(folder / "b")


def killed(output, settings):
    """An execution that is killed when it is half done; what it has kept by then."""
    with contextlib.suppress(KeyboardInterrupt), progress(output, settings) as kept:
        (kept / "half").touch()
        raise KeyboardInterrupt
    return [path.name for path in kept.iterdir()]


def test_progress_outlives_what_was_killed(tmp_path):
    output = tmp_path / "step" / "output" / "1"
    output.mkdir(parents=True)
    killed(output, {"epochs": 3})
    assert killed(output.with_name("2"), {"epochs": 4}) == ["half"]
    with progress(output.with_name("3"), {"epochs": 3}) as again:
        assert (again / "half").exists()
    assert not list(output.parent.glob("progress-*"))


@pytest.mark.parametrize(
    ("made", "kind", "epsilon", "words"),
    [
        (PixelGaussian(255 * 20.0), "local-dp", None, "for an image"),
        (ScalarShift(1.0), "local-dp", math.inf, "none"),
        (None, "non-private", math.inf, "none"),
    ],
)
def test_statements_say_what_they_are_of(made, kind, epsilon, words, tmp_path):
    statement = NoPrivacy() if made is None else made.statement((8, 8), delta=1e-5)
    assert words in write_statement(statement, tmp_path)
    assert read_statement(tmp_path) == statement
    text = (tmp_path / "privacy_statement.txt").read_text()
    assert text == statement.explain() + "\n"
    assert KIND_OF_STATEMENT[statement.kind] == kind
    assert statement.guarantee.epsilon == (
        statement.image_epsilon_delta.epsilon if epsilon is None else epsilon
    )


def evaluated(folder, low=0.8, epsilon=3.0, advantage=(0.1, 0.5)):
    auc = {"value": 0.9, "low": low, "high": 0.95}
    attack_low, bound = advantage
    row = {"value": 0.6, "low": attack_low, "bound": bound}
    found = {"test": {"auc": auc}, "epsilon": epsilon, "data": {"origin": "numbers"}}
    found["membership"] = {"advantage": row}
    (folder / "evaluation.json").write_text(json.dumps(found))
    return folder


@pytest.mark.parametrize(
    ("found", "epsilon_at_most", "words"),
    [
        ({}, 10.0, []),
        ({}, math.inf, []),
        ({"low": 0.5}, 10.0, ["auc is 0.900 (95 % interval 0.500"]),
        ({"low": None}, 10.0, ["auc is 0.900"]),
        ({"epsilon": 11.0}, 10.0, ["epsilon of an image is 11, above 10"]),
        ({"epsilon": "infinity"}, 10.0, ["epsilon of an image is inf"]),
        ({"epsilon": "infinity"}, math.inf, []),
        ({"advantage": (0.55, 0.5)}, 10.0, ["advantage of 0.600, above the 0.500"]),
        ({"advantage": (0.55, None)}, 10.0, []),
        ({"low": 0.1, "epsilon": 99.0}, 1.0, ["auc is", "epsilon of"]),
    ],
)
def test_a_model_is_blessed_or_said_why_not(found, epsilon_at_most, words, tmp_path):
    folder = evaluated(tmp_path, **found)
    reasons = blessing.objections(folder, "auc", 0.5, epsilon_at_most)
    assert len(reasons) == len(words)
    for reason, expected in zip(reasons, words, strict=True):
        assert expected in reason
    blessing.write_blessing(reasons, tmp_path)
    assert blessing.is_blessed(tmp_path) == (not words)
    assert (tmp_path / "NOT_BLESSED").exists() == bool(words)


def test_measures_that_were_not_taken_are_named(tmp_path):
    with pytest.raises(ValueError, match=r"no measure 'f1'. Choose one of auc"):
        blessing.objections(evaluated(tmp_path), "f1", 0.5, math.inf)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (("fast", "resnet18", 3), "no recipe 'fast'. Choose one of published"),
        (("dp_sgd", "resnet18", 3), "dp_sgd needs a finite epsilon above 0"),
        (("plain", "resnet18", 3, 0, 3.0), "and no other takes one"),
        (("plain", "resnet", 3), "no network 'resnet' for the recipe plain. Choose"),
        (("plain", "resnet18", 0), "epochs must be 1 or more"),
        (("public", "resnet18", 3), "the recipe public has its own"),
        (("plain", "resnet18", 3, 0, 0.0, 0.1), "for the recipe published alone"),
        (("published", "resnet18", 3, 0, 0.0, -1.0), "is 0 or above"),
    ],
)
def test_settings_are_checked_when_made(settings, message):
    with pytest.raises(ValueError, match=message):
        Settings(*settings)


def test_a_report_needs_what_it_is_made_of(tmp_path):
    with pytest.raises(ValueError, match=r"no report 'x'. Choose from: .*learning"):
        reports.write_report("x", "{}", tmp_path)
    with pytest.raises(ValueError, match=r"learning_dynamics needs trends"):
        reports.write_report("learning_dynamics", "{}", tmp_path, trends=None)


def test_logs_are_read_by_tensorboard(tmp_path):
    import tensorflow as tf
    from tensorboard.backend.event_processing.event_accumulator import (
        EventAccumulator,
    )

    layers = table_of_layers(2)
    recording = Recording(layers, ("l1_ratio",))
    for step in (1, 2, 3):
        values, flags = [[step, math.nan]], [[0, 0]]
        recording.append(step * 10, step, values, flags, {"loss": 1 / step})
    write_logs(recording, tmp_path)
    found = EventAccumulator(str(tmp_path)).Reload()
    tensors = {
        tag: [
            (event.step, float(tf.make_ndarray(event.tensor_proto))) for event in events
        ]
        for tag in found.Tags()["tensors"]
        if (events := found.Tensors(tag))
    }
    assert tensors == {
        "loss": [(10, 1.0), (20, 0.5), (30, pytest.approx(1 / 3))],
        "layer change of Dense/layer0/kernel": [(10, 1.0), (20, 2.0), (30, 3.0)],
    }


def table_of_layers(count):
    import pandas as pd

    return pd.DataFrame(
        {
            "name": [f"layer{i}/kernel" for i in range(count)],
            "path": "",
            "kind": "Dense",
            "shape": [(2, 2)] * count,
            "size": 4,
            "depth": range(count),
        }
    )


@pytest.mark.parametrize("name", components.__all__)
def test_components_are_small(name):
    """Their bodies call the library, and do no more."""
    tree = ast.parse(inspect.getsource(getattr(components, name).function))
    [function] = tree.body
    statements = [
        node
        for node in ast.walk(function)
        if isinstance(node, ast.stmt)
        and not isinstance(node, (ast.FunctionDef, ast.Import, ast.ImportFrom))
    ]
    assert ast.get_docstring(function)
    assert len(statements) <= 15
