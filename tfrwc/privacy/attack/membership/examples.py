"""The arguments of `membership_inference`, checked and put together."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Pair = Sequence[ArrayLike]  # of members, and of non-members


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

    outputs: NDArray[np.float64]
    labels: NDArray[Any]
    member: NDArray[np.bool_]
    clusters: NDArray[Any]
    names: NDArray[Any] | None

    def take(self, order: NDArray[Any]) -> "Examples":
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


def check_examples(
    members: ArrayLike,
    non_members: ArrayLike,
    labels: Pair,
    groups: Pair | None,
    from_logits: bool,
) -> Examples:
    """Put the arguments of these names together.

    Raises:
        ValueError: that says which of them does not fit.
    """
    outputs = [check_outputs(o, from_logits) for o in (members, non_members)]
    if outputs[0].ndim != 2 or outputs[0].shape[1:] != outputs[1].shape[1:]:
        raise ValueError(
            "members and non_members must be (n, classes), of the same classes. "
            f"Received: {outputs[0].shape} and {outputs[1].shape}. For a single output "
            "p give np.column_stack([1 - p, p]); for a single logit z, "
            "np.column_stack([0 * z, z])."
        )
    sizes = [len(o) for o in outputs]
    classes = _check_labels(labels, sizes, outputs[0].shape[1])
    clusters, names = np.arange(sum(sizes)), None
    if groups is not None:
        clusters, names = _patients(groups, sizes)
    member = np.arange(sum(sizes)) < sizes[0]
    return Examples(np.concatenate(outputs), classes, member, clusters, names)


def check_outputs(outputs: ArrayLike, from_logits: bool) -> NDArray[np.float64]:
    """Outputs of models as an array (..., n, classes).

    Raises:
        ValueError: if they are no finite numbers of this shape, or, unless they are
            logits, no probabilities.
    """
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


def check_shadows(
    reference: Pair, examples: Examples, from_logits: bool
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """(outputs, included) of shadow models for these examples, as arrays.

    Raises:
        ValueError: if their shapes or types do not fit, or an example is left out of
            fewer than two models.
    """
    first, second = _pair(reference, "reference")
    outputs, included = check_outputs(first, from_logits), np.asarray(second)
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


def _pair(value: Any, name: str) -> Pair:
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        what = "outputs, included" if name == "reference" else "members, non-members"
        raise ValueError(
            f"{name} must be a pair ({what}). Received: {type(value).__name__}."
        )
    return value


def _check_labels(labels: Pair, sizes: list[int], classes: int) -> NDArray[Any]:
    parts = [np.asarray(part) for part in _pair(labels, "labels")]
    _check_sizes(parts, sizes, "labels")
    together = np.concatenate(parts)
    is_whole = together.dtype.kind in "iu"
    if not is_whole or not np.isin(together, np.arange(classes)).all():
        raise ValueError(
            f"labels must be whole numbers of 0 to {classes - 1}. Received: "
            f"{together.dtype}, {together.min()} to {together.max()}."
        )
    return together


def _check_sizes(parts: list[NDArray[Any]], sizes: list[int], name: str) -> None:
    if [part.shape for part in parts] != [(n,) for n in sizes]:
        raise ValueError(
            f"{name} must be ({sizes[0]},) for the members and ({sizes[1]},) for the "
            f"non-members. Received: {parts[0].shape} and {parts[1].shape}."
        )


def _patients(groups: Pair, sizes: list[int]) -> tuple[NDArray[Any], NDArray[Any]]:
    """A number for the patient of each example, and the names of the patients."""
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
