"""What `membership_inference` is given, checked and put together."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Examples:
    """Members, then non-members, until they are put into another order.

    Attributes:
        outputs: (n, classes), float64.
        labels: (n,), whole numbers.
        member: (n,), bool.
        clusters: (n,), a number for each patient; its own for each example where none
            are known.
        names: of the patients by number, or None.
    """

    outputs: np.ndarray
    labels: np.ndarray
    member: np.ndarray
    clusters: np.ndarray
    names: np.ndarray | None

    def take(self, order):
        """These examples, in this order."""
        # Without patients a number says where an example is, and no more.
        clusters = np.arange(len(order)) if self.names is None else self.clusters[order]
        return Examples(
            self.outputs[order],
            self.labels[order],
            self.member[order],
            clusters,
            self.names,
        )


def check_examples(members, non_members, labels, groups, from_logits):
    """`Examples`, or the error that says what does not fit."""
    outputs = [check_outputs(o, from_logits) for o in (members, non_members)]
    if outputs[0].ndim != 2 or outputs[0].shape[1:] != outputs[1].shape[1:]:
        raise ValueError(
            "members and non_members must be (n, classes), of the same classes. "
            f"Received: {outputs[0].shape} and {outputs[1].shape}. For a single output "
            "p give np.column_stack([1 - p, p]); for a single logit z, "
            "np.column_stack([0 * z, z])."
        )
    sizes = [len(o) for o in outputs]
    labels = [np.asarray(part) for part in _pair(labels, "labels")]
    _check_sizes(labels, sizes, "labels")
    labels = np.concatenate(labels)
    classes = outputs[0].shape[1]
    if labels.dtype.kind not in "iu" or not np.isin(labels, np.arange(classes)).all():
        raise ValueError(
            f"labels must be whole numbers of 0 to {classes - 1}. Received: "
            f"{labels.dtype}, {labels.min()} to {labels.max()}."
        )
    clusters, names = np.arange(sum(sizes)), None
    if groups is not None:
        clusters, names = _patients(groups, sizes)
    member = np.arange(sum(sizes)) < sizes[0]
    return Examples(np.concatenate(outputs), labels, member, clusters, names)


def check_outputs(outputs, from_logits):
    outputs = np.asarray(outputs, np.float64)
    if outputs.ndim < 2 or outputs.shape[-1] < 2 or not outputs.size:
        raise ValueError(
            "Outputs must be (n, classes), with 2 or more classes. Received: "
            f"{outputs.shape}. For a single output p give np.column_stack([1 - p, p]); "
            "for a single logit z, np.column_stack([0 * z, z])."
        )
    if not np.isfinite(outputs).all():
        raise ValueError("Outputs must be finite. Received: NaN or infinity.")
    if from_logits:
        return outputs
    sums = outputs.sum(axis=-1)
    if outputs.min() < 0 or np.abs(sums - 1).max() > 0.01:
        raise ValueError(
            "Outputs must be probabilities that sum to 1. Received: values from "
            f"{outputs.min():.4g}, sums of {sums.min():.4g} to {sums.max():.4g}. For "
            "logits set from_logits=True."
        )
    return outputs


def check_shadows(reference, examples, from_logits):
    """(outputs, included) of shadow models for these examples."""
    outputs, included = _pair(reference, "reference")
    outputs, included = check_outputs(outputs, from_logits), np.asarray(included)
    n, classes = examples.outputs.shape
    if (
        outputs.ndim != 3
        or outputs.shape[1:] != (n, classes)
        or included.shape != outputs.shape[:2]
        or included.dtype != bool
    ):
        raise ValueError(
            "reference must be (outputs, included): outputs of shadow models (models, "
            f"{n}, {classes}), members first, and bool (models, {n}). Received: "
            f"{outputs.shape}, and {included.dtype} {included.shape}."
        )
    fewest = int((~included).sum(axis=0).min())
    if fewest < 2:
        raise ValueError(
            "Every example must be left out of 2 or more shadow models. Received: one "
            f"that is left out of {fewest}. Train more of them on random halves."
        )
    return outputs, included


def _pair(value, name):
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        what = "outputs, included" if name == "reference" else "members, non-members"
        raise ValueError(
            f"{name} must be a pair ({what}). Received: {type(value).__name__}."
        )
    return value


def _check_sizes(parts, sizes, name):
    if [part.shape for part in parts] != [(n,) for n in sizes]:
        raise ValueError(
            f"{name} must be ({sizes[0]},) for the members and ({sizes[1]},) for the "
            f"non-members. Received: {parts[0].shape} and {parts[1].shape}."
        )


def _patients(groups, sizes):
    parts = [np.asarray(part) for part in _pair(groups, "groups")]
    _check_sizes(parts, sizes, "groups")
    together = [name for part in parts for name in part.tolist()]
    kinds = {type(name) for name in together}
    if kinds not in ({str}, {int}):
        raise ValueError(
            "groups must be names of patients, all str or all whole numbers. "
            f"Received: {', '.join(sorted(kind.__name__ for kind in kinds))}."
        )
    names, codes = np.unique(np.array(together), return_inverse=True)
    shared = np.intersect1d(codes[: sizes[0]], codes[sizes[0] :])
    if shared.size:
        raise ValueError(
            f"{shared.size} patients are among both members and non-members, such as "
            f"{names[shared[0]].item()!r}. A patient with one image in the training is "
            "a member: leave the patient's other images out."
        )
    return codes, names
