"""What the runs of a private study add up to, as plain data.

Nothing is trained here: the same runs give the same summary.
"""

import math

import numpy as np

from tfrwc.dynamics.depth import typical_change
from tfrwc.privacy import membership_inference
from tfrwc.privacy.bounds import group_guarantee
from tfrwc.studies import private_published
from tfrwc.studies.private_findings import findings
from tfrwc.studies.private_runs import members_of
from tfrwc.studies.private_scores import majority, scores, with_intervals

READING = {
    "arms": "The ways of training. epsilon and delta are of one image and one seed's "
    "model: for the image replaced by any other in Local-DP (kind local-dp), there or "
    "not in DP-SGD; null is no guarantee. test is of clean images, test_released of "
    "test images released as the training images were. Measures are means over seeds; "
    "low and high bound 95 % intervals over test images and seeds.",
    "train_accuracy": "Of some training images, as they were trained on.",
    "blank": "Share of the released training images with one value everywhere.",
    "membership": "Threshold attack on the loss, a row for each seed: advantage with "
    "its interval, what chance makes of it (null_low to null_high), and the greatest "
    "that the guarantee allows for one image replaced by another.",
    "change": "Relative change of each layer in an epoch: sum of absolute changes over "
    "sum of absolute weights, geometric mean over epochs and seeds.",
    "published": "Configurations of arXiv:2005.13099 and accuracies recorded there. "
    "implied_accuracy is what its network must have had on images that were not blank; "
    "accounted_epsilon what its noise costs with the sensitivity that it has, had "
    "batches been Poisson samples and without batch normalisation.",
    "chosen": "The recipe was chosen by the held-out images of PneumoniaMNIST. That "
    "costs privacy of these images which no epsilon here contains.",
}


def membership(arm, facts, predictions, task) -> dict:
    """Attack one run by its loss: the advantage and the AUC, as plain data."""
    chosen = members_of(task)
    guarantee = None
    if math.isfinite(facts.get("epsilon", math.inf)):
        guarantee = (facts["epsilon"], facts["delta"])
        if arm.kind == "dp-sgd":  # which is for one image there or not
            guarantee = group_guarantee(*guarantee, 2)
    groups = None
    if task.train.patients is not None:
        groups = (task.train.patients[chosen], task.held_out.patients)
    result = membership_inference(
        *(_two_columns(predictions[name]) for name in ("members", "held_out")),
        labels=(task.train.y[chosen], task.held_out.y),
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


def of_arm(arm, task, runs) -> dict:
    """Summary of an arm.

    Args:
        arm: a `tfrwc.studies.private_arms.Arm`.
        task: a `tfrwc.studies.private_data.Task`.
        runs: (facts, predictions, recording) of each seed.
    """
    facts, predictions, recordings = zip(*runs, strict=True)
    layers = recordings[0].layers
    curves = np.array([r.values("l1_ratio").T for r in recordings], np.float64)
    seen = "members_released" if arm.kind == "local-dp" else "members"
    labels = task.train.y[members_of(task)]
    found = {
        "number": arm.number,
        "name": arm.name,
        "kind": arm.kind,
        "epsilon": facts[0].get("epsilon"),
        "delta": facts[0].get("delta"),
        "statement": facts[0].get("statement"),
        "explanation": facts[0].get("explanation"),
        "epochs": facts[0]["epochs"],
        "batch_size": facts[0]["batch_size"],
        "seconds": [f["seconds"] for f in facts],
        "test": with_intervals([p["test"] for p in predictions], task.test.y),
        "train_accuracy": [
            float(scores(p[seen], labels)["accuracy"]) for p in predictions
        ],
        "held_out": with_intervals(
            [p["held_out"] for p in predictions], task.held_out.y
        ),
        "membership": {
            measure: [f["membership"][measure] for f in facts]
            for measure in ("advantage", "auc")
        },
        "layers": layers[["name", "depth", "size"]].to_dict("list"),
        "change": typical_change(curves),
        "change_per_seed": [typical_change(one) for one in curves],
    }
    if arm.kind == "local-dp":
        found["mechanism"] = type(arm.mechanism).__name__
        found["test_released"] = with_intervals(
            [p["test_released"] for p in predictions], task.test.y
        )
    if found.get("mechanism") == "ScalarShift":
        found["identity"] = [
            identity(arm.mechanism.epsilon, p["members_released"], labels, p["blank"])
            for p in predictions
        ]
    return found


def identity(epsilon, p, y, blank) -> dict:
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
        "predicted": private_published.blanked_accuracy(a, epsilon, most),
        "predicted_by_share": (1 - share) * a + share * most,
    }


def of_study(arms, task) -> dict:
    """Results of all arms, as of `of_arm`, with what they mean in sentences."""
    results = {
        "study": "private_training",
        "reading": READING,
        "data": {
            "origin": task.origin,
            "classes": list(task.classes),
            "image_shape": list(task.shape),
            "training_images": len(task.train.y),
            "held_out_images": len(task.held_out.y),
            "test_images": len(task.test.y),
            "training_majority": majority(task.train.y),
            "majority": majority(task.test.y),
            "images_per_patient": task.images_per_patient,
        },
        "arms": arms,
        "published": private_published.table(),
    }
    results["findings"] = findings(results)
    return results


def _two_columns(p):
    p = np.asarray(p, np.float64)
    return np.column_stack([1 - p, p])
