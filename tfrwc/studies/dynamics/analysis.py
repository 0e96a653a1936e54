"""How the layers of a network learn a task: train, record, group, test for depth.

The setting is that of arXiv:2011.06735: SGD with momentum at a constant rate, the
change of each kernel after each epoch, averaged over seeds. The layers' curves are
then grouped (arXiv:2107.07005, and this project's robust form of it).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from tfrwc._common.plain import plain
from tfrwc._common.timestamps import utc_now
from tfrwc.datasets import ImageSet
from tfrwc.dynamics import TrendClusterer, block_effect, depth_effect
from tfrwc.dynamics.depth import typical_change
from tfrwc.recording.names import display_names
from tfrwc.recording.recording import Recording
from tfrwc.studies.dynamics.findings import findings
from tfrwc.studies.dynamics.trial import Trial

MEASURES = ("l1_ratio", "elementwise_mean")

# What the fields of results.json mean, kept with them for whoever opens the file.
READING = {
    "findings": "The results in sentences.",
    "layers": "A row per watched weight tensor, in the order of depth; "
    "typical_change is the geometric mean of its relative change over epochs and "
    "seeds. trend and published_trend count from 0 (the report counts from 1); -1 "
    "is no trend.",
    "change": "Relative change of each layer (rows, as in layers) in each epoch "
    "(columns, as in epochs): sum of absolute changes over sum of absolute weights "
    "before. by_weight_decay_alone is that of a layer that has stopped learning.",
    "trends": "Groups of layers whose curves have one shape. robust is this "
    "project's method, weightscale the published one. centers are their median (mean) "
    "curves, bands the quantiles 0.1 and 0.9 of their layers. scan holds what "
    "the number of groups was chosen by; stability is the adjusted Rand index "
    "between groupings of resampled layers, 1 when all agree.",
    "depth_effect": "Spearman correlations of typical change with depth and with "
    "size, and each given the other; low and high bound a 95 % bootstrap interval of "
    "each by itself, over what resampled says, and p_value is of a permutation test. "
    "p_adjusted is Holm's over the rows, and adjusted_low and adjusted_high the "
    "interval that agrees with it: these are on the page.",
    "block_effect": "How many times as much the late, middle and early thirds of the "
    "depth changed, with a 95 % interval over layers and seeds; p-values and adjusted "
    "intervals as above, of Welch's test.",
    "training": "Loss, metrics and learning rate of each seed after each epoch.",
    "seconds": "How long the training of each seed took.",
    "null": "A value that is not defined.",
}


def analyse(
    trial: Trial,
    images: ImageSet,
    recordings: Sequence[Recording],
    seconds: Sequence[float],
) -> dict[str, Any]:
    """Group the layers' mean curves and correlate change with depth and size.

    Args:
        trial: what was trained.
        images: that it was trained on.
        recordings: one for each seed.
        seconds: that the training of each took.

    Returns:
        A dict of plain lists and numbers; curves are (layers, epochs), None for NaN.
    """
    layers = recordings[0].layers
    curves = np.array([r.values("l1_ratio").T for r in recordings], np.float64)
    mean = curves.mean(axis=0)
    robust = TrendClusterer().fit(mean)
    published = TrendClusterer(preset="weightscale").fit(mean)
    results = {
        "study": "learning_dynamics",
        "reading": READING,
        "created": utc_now(),
        "trial": trial.settings(),
        "versions": recordings[0].versions,
        "data": _data(images),
        **_training(trial, recordings, seconds),
        "epochs": recordings[0].epochs.tolist(),
        "layers": layers.assign(
            name=display_names(layers),
            typical_change=typical_change(curves),
            trend=robust.labels_,
            published_trend=published.labels_,
        ).to_dict("records"),
        "change": {
            "measure": "l1_ratio",
            "mean": mean,
            "per_seed": _per_seed(trial, curves),
            "by_weight_decay_alone": _decay_change(trial, len(images.x_train)),
        },
        "trends": {
            "robust": _trends(robust),
            "weightscale": _trends(published),
        },
        "depth_effect": {
            m: depth_effect(recordings, m).to_dict("records") for m in MEASURES
        },
        "block_effect": {
            m: block_effect(recordings, m).to_dict("records") for m in MEASURES
        },
    }
    results["findings"] = findings(results)
    return plain(results)


def _data(images):
    return {
        "origin": images.origin,
        "classes": list(images.class_names),
        "image_shape": list(images.image_shape),
        "training_images": len(images.x_train),
        "test_images": len(images.x_test),
        "majority_rate": images.majority_rate,
    }


def _training(trial, recordings, seconds):
    """How each seed did: accuracy at the end, logs, and time."""
    accuracy = [float(r.logs["val_accuracy"].iloc[-1]) for r in recordings]
    return {
        "accuracy": {
            "mean": float(np.mean(accuracy)),
            "per_seed": _per_seed(trial, accuracy),
        },
        "training": _per_seed(trial, [r.logs.to_dict("list") for r in recordings]),
        "seconds": _per_seed(trial, seconds),
    }


def _per_seed(trial, values):
    return dict(zip(map(str, trial.seeds), values, strict=True))


def _decay_change(trial, images):
    """Relative change in an epoch of a layer that only decays.

    With momentum μ, each step of SGD with rate η shrinks it by η λ / (1 - μ).
    """
    settings = trial.training
    if settings.momentum is None:
        return 0.0  # the networks trained by Adam have no weight decay
    shrink = settings.learning_rate * settings.weight_decay / (1 - settings.momentum)
    steps = -(-images // settings.batch_size)
    return 1 - (1 - shrink) ** steps


def _trends(fitted):
    return {
        "n_clusters": fitted.n_clusters_,
        "labels": fitted.labels_,
        "centers": fitted.centers_,
        "bands": fitted.bands_,
        "inertia": fitted.inertia_,
        "embedding": fitted.embedding_,
        "explained_variance_ratio": fitted.explained_variance_ratio_,
        "stability": fitted.stability_,
        "scan": fitted.scan_.to_dict("records"),
    }
