"""Test and attack one trained network, and put beside it what is guaranteed."""

import json
import math
from pathlib import Path

import numpy as np

from tfrwc._common.plain import plain
from tfrwc.privacy import membership_inference
from tfrwc.privacy.accounting.bounds import group_guarantee
from tfrwc.studies.privacy.arms import KINDS
from tfrwc.studies.privacy.runs import members_of, predictions
from tfrwc.studies.privacy.scores import majority, with_intervals

EVALUATION = "evaluation.json"
# One of `KINDS`, by the kind of the privacy statement.
KIND_OF_STATEMENT = {"none": KINDS[0], "release": KINDS[1], "training": KINDS[2]}
_PREDICTIONS = "predictions.npz"


def evaluate(model, training, task, recording, statement, released=None) -> tuple:
    """Evaluate a run.

    Args:
        model: of Keras, with the outputs of two classes.
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
    found = predictions(model, task, released)
    layers = recording.layers
    facts = {
        "kind": kind,
        "epsilon": epsilon,
        "delta": delta,
        "statement": statement.to_dict(),
        "explanation": statement.explain(),
        "training": training,
        "data": about(task),
        "test": with_intervals(found["test"], found["test_label"]),
        "membership": membership(kind, epsilon, delta, found, task),
        "layers": layers[["name", "depth", "size"]].to_dict("list"),
        "change": recording.values("l1_ratio").T,
    }
    if kind == KINDS[0]:
        facts |= dict.fromkeys(("epsilon", "delta", "statement", "explanation"))
    return plain(facts), found


def write(arm, facts, predictions, folder):
    """Write evaluation.json and predictions.npz.

    Args:
        arm: name of the way of training.
        facts, predictions: of `evaluate`.
        folder: which is there.
    """
    folder = Path(folder)
    np.savez(folder / _PREDICTIONS, **predictions)
    (folder / EVALUATION).write_text(json.dumps({"arm": arm} | facts, indent=1))


def read(folder) -> tuple:
    """Facts, with the arm, and predictions, as `write` wrote them."""
    folder = Path(folder)
    with np.load(folder / _PREDICTIONS) as predictions:
        return json.loads((folder / EVALUATION).read_text()), dict(predictions)


def about(task) -> dict:
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
    }


def membership(kind, epsilon, delta, predictions, task) -> dict:
    """Attack one run by its loss: the advantage and the AUC, as plain data."""
    chosen = members_of(task)
    guarantee = None
    if kind != KINDS[0] and math.isfinite(epsilon):
        guarantee = (epsilon, delta)
        if kind == "dp-sgd":  # which is for one image there or not
            guarantee = group_guarantee(*guarantee, 2)
    groups = None
    if task.train.patients is not None:
        groups = (task.train.patients[chosen], task.held_out.patients)
    result = membership_inference(
        *(_two_columns(predictions[name]) for name in ("members", "held_out")),
        labels=(predictions["members_label"], predictions["held_out_label"]),
        groups=groups,
        attacks="threshold",
        guarantee=guarantee,
    )
    return {
        measure: {
            name: getattr(result.get("threshold", measure), name)
            for name in ("value", "low", "high", "null_low", "null_high", "bound")
        }
        for measure in ("advantage", "auc")
    }


def _two_columns(p):
    p = np.asarray(p, np.float64)
    return np.column_stack([1 - p, p])
