"""How the layers of a network learn a task: train, record, group, test for depth.

The setting is that of arXiv:2011.06735: SGD with momentum at a constant rate, the
change of each kernel after each epoch, averaged over seeds. The layers' curves are
then grouped (arXiv:2107.07005, and this project's robust form of it).
"""

import time

import numpy as np

from tfrwc._common.plain import plain
from tfrwc.dynamics import TrendClusterer, block_effect, depth_effect
from tfrwc.dynamics.depth import typical_change

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
    "size, and each given the other; low and high bound a 95 % bootstrap interval, "
    "over what resampled says. p_value is of a permutation test, p_adjusted Holm's "
    "over the rows.",
    "block_effect": "How many times as much the late, middle and early thirds of the "
    "depth changed, with a 95 % interval over layers and seeds; p-values as above, of "
    "Welch's test.",
    "training": "Loss, metrics and learning rate of each seed after each epoch.",
    "seconds": "How long the training of each seed took.",
    "null": "A value that is not defined.",
}


def analyse(trial, images, recordings, seconds) -> dict:
    """Group the layers' mean curves and correlate change with depth and size.

    Args:
        trial: a `tfrwc.studies.dynamics.trial.Trial`.
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
    effects = {m: depth_effect(recordings, m) for m in MEASURES}
    blocks = {m: block_effect(recordings, m) for m in MEASURES}
    accuracy = [float(r.logs["val_accuracy"].iloc[-1]) for r in recordings]
    results = {
        "study": "learning_dynamics",
        "reading": READING,
        "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "trial": trial.settings(),
        "versions": recordings[0].versions,
        "data": {
            "origin": images.origin,
            "classes": list(images.class_names),
            "image_shape": list(images.image_shape),
            "training_images": len(images.x_train),
            "test_images": len(images.x_test),
            "majority_rate": images.majority_rate,
        },
        "accuracy": {
            "mean": float(np.mean(accuracy)),
            "per_seed": dict(zip(map(str, trial.seeds), accuracy, strict=True)),
        },
        "training": {
            str(seed): recording.logs.to_dict("list")
            for seed, recording in zip(trial.seeds, recordings, strict=True)
        },
        "seconds": dict(zip(map(str, trial.seeds), seconds, strict=True)),
        "epochs": recordings[0].epochs.tolist(),
        "layers": layers.assign(
            typical_change=typical_change(curves),
            trend=robust.labels_,
            published_trend=published.labels_,
        ).to_dict("records"),
        "change": {
            "measure": "l1_ratio",
            "mean": mean,
            "per_seed": dict(zip(map(str, trial.seeds), curves, strict=True)),
            "by_weight_decay_alone": _decay_change(trial, len(images.x_train)),
        },
        "trends": {
            "robust": _trends(robust),
            "weightscale": _trends(published),
        },
        "depth_effect": {m: table.to_dict("records") for m, table in effects.items()},
        "block_effect": {m: table.to_dict("records") for m, table in blocks.items()},
    }
    results["findings"] = findings(results)
    return plain(results)


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


def findings(results) -> list[str]:
    """Say in sentences what the results show."""
    data, accuracy = results["data"], results["accuracy"]
    seeds = len(accuracy["per_seed"])
    trends = results["trends"]["robust"]
    lines = [
        f"Test accuracy {accuracy['mean']:.1%}, mean of {seeds} "
        f"seed{'s' if seeds > 1 else ''}; always naming the commonest class gives "
        f"{data['majority_rate']:.1%}."
    ]
    for measure, rows in results["depth_effect"].items():
        rows = {row["effect"]: row for row in rows}
        lines.append(
            f"By {measure}, {_direction(rows['depth'])}; "
            f"with layer size held fixed, {_direction(rows['depth given size'])}. "
            f"{_late_to_early(results['block_effect'][measure][0])}"
        )
    count, labels = trends["n_clusters"], np.array(trends["labels"])
    if count == 0:
        return [*lines, "The layers' curves have no shape in common."]
    sizes = ", ".join(str(int((labels == k).sum())) for k in range(count))
    outside = int((labels == -1).sum())
    lines.append(
        f"The layers' curves fall into {count} trend{'s' if count > 1 else ''} of "
        f"shape ({sizes} layers{f', {outside} in none' if outside else ''}), with a "
        f"stability of {trends['stability']:.2f} (1 is perfect)."
    )
    return lines


def _direction(row):
    rho, low, high = row["correlation"], row["low"], row["high"]
    if rho is None or np.isnan(rho):
        return "the effect of depth cannot be told"
    numbers = (
        f"ρ = {rho:+.2f}, 95 % interval {low:+.2f} to {high:+.2f}, adjusted p = "
        f"{row['p_adjusted']:.2g}"
    )
    if row["p_adjusted"] > 0.05:
        return f"no clear effect of depth ({numbers})"
    return f"later layers changed {'more' if rho > 0 else 'less'} ({numbers})"


def _late_to_early(row):
    return (
        f"The last third changed {row['ratio']:.2f} times as much as the first "
        f"(95 % interval {row['low']:.2f} to {row['high']:.2f})."
    )


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
