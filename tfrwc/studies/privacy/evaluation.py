"""Test and attack one trained network, and put beside it what is guaranteed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tfrwc._common.files import replacing, write_text
from tfrwc._common.json_files import read_object
from tfrwc._common.npz import read_npz
from tfrwc._common.plain import plain
from tfrwc.privacy import membership_inference
from tfrwc.privacy.statement import PrivacyStatement
from tfrwc.recording.names import display_names
from tfrwc.recording.recording import Recording
from tfrwc.studies.privacy.arms import KINDS
from tfrwc.studies.privacy.data import Task
from tfrwc.studies.privacy.runs import members_of, predictions
from tfrwc.studies.privacy.scores import majority, with_intervals

Facts = dict[str, Any]
Predictions = dict[str, np.ndarray]
EVALUATION = "evaluation.json"
# One of `KINDS`, by the kind of the privacy statement.
KIND_OF_STATEMENT = {"none": KINDS[0], "release": KINDS[1], "training": KINDS[2]}
PREDICTIONS = "predictions.npz"


def evaluate(
    model: Callable[[np.ndarray], Any],
    training: Facts,
    task: Task,
    recording: Recording,
    statement: PrivacyStatement,
    released: Task | None = None,
) -> tuple[Facts, Predictions]:
    """Evaluate a run.

    Args:
        model: a function of images (n, height, width, 1) to probabilities (n, 2), such
            as a Keras model.
        training: what is known of its training, plain data.
        task: a `tfrwc.studies.privacy.data.Task`.
        recording: of the training.
        statement: privacy statement of the training images, or of the training.
        released: the task with released images, if it was trained on those.

    Returns:
        facts: plain data, for evaluation.json.
        predictions: of `tfrwc.studies.privacy.runs.predictions`.
    """
    kind = KIND_OF_STATEMENT[statement.kind]
    epsilon, delta = statement.guarantee
    answers = predictions(model, task, released)
    layers = recording.layers
    facts = {
        "kind": kind,
        "epsilon": epsilon,
        "delta": delta,
        "statement": statement.to_dict(),
        "explanation": statement.explain(),
        "training": training,
        "data": about(task),
        "test": with_intervals(answers["test"], answers["test_label"]),
        "membership": membership(statement, answers, task),
        "layers": layers[["depth", "size"]]
        .assign(name=display_names(layers))
        .to_dict("list"),
        "change": recording.values("l1_ratio").T,
    }
    if kind == KINDS[0]:
        facts |= dict.fromkeys(("delta", "statement", "explanation"))
    return plain(facts), answers


def write(arm: str, facts: Facts, predictions: Predictions, folder: str) -> None:
    """Write evaluation.json and predictions.npz.

    Args:
        arm: name of the way of training.
        facts, predictions: of `evaluate`.
        folder: which is there.
    """
    with replacing(Path(folder) / PREDICTIONS) as file:
        np.savez(file, **predictions)
    text = json.dumps({"arm": arm} | facts, indent=1)
    write_text(Path(folder) / EVALUATION, text)


def read_facts(folder: str) -> Facts:
    """Facts, with the arm, as `write` wrote them.

    Raises:
        ValueError: if the file is damaged, or holds something else.
        OSError: if it is missing.
    """
    types = {"test": dict, "membership": dict, "data": dict}
    return read_object(Path(folder) / EVALUATION, "an evaluation", types)


def read(folder: str) -> tuple[Facts, Predictions]:
    """Facts, with the arm, and predictions, as `write` wrote them.

    Raises:
        ValueError, OSError: as `read_facts`.
    """
    return read_facts(folder), read_npz(Path(folder) / PREDICTIONS)


def about(task: Task) -> Facts:
    """What a task consists of, as plain data."""
    return {
        "origin": task.origin,
        "classes": list(task.classes),
        "image_shape": list(task.shape),
        "training_images": len(task.train.y),
        "held_out_images": len(task.held_out.y),
        "test_images": len(task.test.y),
        "training_majority": majority(task.train.y),
        "majority": majority(task.test.y),
        "images_per_patient": task.images_per_patient,
        "assumptions": list(task.assumptions),
    }


def membership(
    statement: PrivacyStatement, predictions: Predictions, task: Task
) -> Facts:
    """Attack one run by its loss: the advantage and the AUC, as plain data.

    With them, how many images come and go together: the most of one patient.
    """
    chosen = members_of(task)
    groups, together = None, 1
    if task.train.patients is not None:
        groups = (task.train.patients[chosen], task.held_out.patients)
        counts = (np.unique(group, return_counts=True)[1].max() for group in groups)
        together = int(max(counts))
    result = membership_inference(
        *(_two_columns(predictions[name]) for name in ("members", "held_out")),
        labels=(predictions["members_label"], predictions["held_out_label"]),
        groups=groups,
        attacks="threshold",
        guarantee=statement,
    )
    return {
        measure: {
            name: getattr(result.get("threshold", measure), name)
            for name in ("value", "low", "high", "null_low", "null_high", "bound")
        }
        for measure in ("advantage", "auc")
    } | {"images_together": together}


def _two_columns(p):
    p = np.asarray(p, np.float64)
    return np.column_stack([1 - p, p])
