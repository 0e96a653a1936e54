"""What the runs of a private study add up to, as plain data.

Nothing is trained here: the same runs give the same summary.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tfrwc._common.plain import number, plain
from tfrwc.dynamics.depth import typical_change
from tfrwc.privacy.release.catalogue import standard_names
from tfrwc.studies.privacy import published
from tfrwc.studies.privacy.arms import KINDS
from tfrwc.studies.privacy.evaluation import Facts, Predictions
from tfrwc.studies.privacy.findings import findings
from tfrwc.studies.privacy.scores import majority, scores, with_intervals

Run = tuple[Facts, Predictions]

READING = {
    "arms": "The ways of training. epsilon and delta are of one image and one seed's "
    "model: for the image replaced by any other in Local-DP (kind local-dp), there or "
    "not in DP-SGD; infinity is no guarantee. test is of clean images, test_released "
    "of test images released as the training images were. Measures are means over "
    "seeds; low and high bound 95 % intervals over test images and seeds.",
    "train_accuracy": "Of some training images, as they were trained on.",
    "blank": "Share of the released training images with one value everywhere.",
    "membership": "Threshold attack on the loss, a row for each seed: advantage with "
    "its interval, what chance makes of it (null_low to null_high), and the greatest "
    "that the noise allows for one image replaced by another, or for all of the "
    "images_together of one patient.",
    "change": "Relative change of each layer in an epoch: sum of absolute changes over "
    "sum of absolute weights, geometric mean over epochs and seeds.",
    "published": "Configurations of arXiv:2005.13099 and accuracies recorded there. "
    "implied_accuracy is what its network must have had on images that were not blank; "
    "accounted_epsilon what its noise costs with the sensitivity that it has, had "
    "batches been Poisson samples and without batch normalisation.",
    "model": "path of the private model that was kept, of the greatest epsilon; null "
    "if none was good and private enough.",
    "chosen": "The recipe was chosen by the held-out images of PneumoniaMNIST. That "
    "costs privacy of these images which no epsilon here contains.",
}


def summarise_arm(place: int, name: str, runs: Sequence[Run]) -> dict[str, Any]:
    """Summary of an arm.

    Args:
        place: of the arm in the list, from 0.
        name: of the arm.
        runs: (facts, predictions) of each seed, of
            `tfrwc.studies.privacy.evaluation.evaluate`.
    """
    facts, predictions = zip(*runs, strict=True)
    first, training = facts[0], [f["training"] for f in facts]
    curves = np.array([f["change"] for f in facts], np.float64)
    local = first["kind"] == "local-dp"
    labels = predictions[0]["members_label"]
    summary = {
        "number": place,
        "name": name,
        "kind": first["kind"],
        "epsilon": first["epsilon"],
        "delta": first["delta"],
        "statement": first["statement"],
        "explanation": first["explanation"],
        "epochs": training[0]["epochs"],
        "batch_size": training[0]["batch_size"],
        "seconds": [t["seconds"] for t in training],
        "test": _scores(predictions, "test", "test_label"),
        "train_accuracy": [
            float(
                scores(p["members_released" if local else "members"], labels)[
                    "accuracy"
                ]
            )
            for p in predictions
        ],
        "held_out": _scores(predictions, "held_out", "held_out_label"),
        "membership": {
            measure: [f["membership"][measure] for f in facts]
            for measure in ("advantage", "auc")
        }
        | {"images_together": first["membership"].get("images_together", 1)},
        "layers": first["layers"],
        "change": typical_change(curves),
        "change_per_seed": [typical_change(one) for one in curves],
    }
    if local:
        summary["mechanism"] = first["statement"]["mechanism"]
        summary["test_released"] = _scores(predictions, "test_released", "test_label")
    if summary.get("mechanism") == "ScalarShift":
        epsilon = first["statement"]["parameters"]["epsilon"]
        summary["identity"] = [
            identity(epsilon, p["members_released"], labels, p["blank"])
            for p in predictions
        ]
    return summary


def _scores(predictions, name, label):
    return with_intervals([p[name] for p in predictions], predictions[0][label])


def identity(
    epsilon: float, p: np.ndarray, y: np.ndarray, blank: np.ndarray
) -> dict[str, float]:
    """Whether training accuracy is what blank images leave of it.

    Args:
        epsilon: of `ScalarShift`.
        p: (n,), probabilities of class 1 of released training images.
        y: (n,), classes.
        blank: (n,), bool.

    Returns:
        measured, the accuracy; a, that on images that are not blank; blank, their
        share, and expected_blank, exp(-epsilon), for images that use the full range;
        predicted, of `blanked_accuracy`; and predicted_by_share, of the share instead.
    """
    right = (np.asarray(p) > 0.5) == (y == 1)
    a = float(np.mean(right[~blank])) if not blank.all() else math.nan
    share, most = float(np.mean(blank)), majority(y)
    return {
        "measured": float(np.mean(right)),
        "a": a,
        "blank": share,
        "expected_blank": math.exp(-epsilon),
        "predicted": published.blanked_accuracy(a, epsilon, most),
        "predicted_by_share": (1 - share) * a + share * most,
    }


def summarise(
    runs: Sequence[Run], settings: dict[str, Any], path: str | None = None
) -> dict[str, Any]:
    """Results of all runs, with what they mean in sentences.

    Args:
        runs: (facts, predictions) of each, of `tfrwc.studies.privacy.evaluation`; those
            of one arm have its name.
        settings: of the study, plain data.
        path: where the private model lies that was kept; None if none was.
    """
    runs = sorted(runs, key=_place)
    arms: dict[str, list[Run]] = {}
    for run in runs:
        arms.setdefault(run[0]["arm"], []).append(run)
    first = runs[0][0]
    results = {
        "study": "private_training",
        "reading": READING,
        "data": first["data"],
        "arms": [summarise_arm(i, *arm) for i, arm in enumerate(arms.items())],
        "published": published.table(),
        "trial": settings,
        "start": first["training"]["base"],
        "versions": first["training"]["versions"],
        "model": {"path": path},
    }
    results["findings"] = findings(results)
    return plain(results)


def _place(run):
    """Arms in the order of `tfrwc.studies.privacy.arms`, and their seeds."""
    facts, _ = run
    names = standard_names()
    name = facts["arm"]
    return (
        KINDS.index(facts["kind"]),
        names.index(name) if name in names else 0,
        number(facts["epsilon"]),
        facts["training"]["seed"],
    )
