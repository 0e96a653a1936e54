"""What a model and one batch show: forms that do not fit, scales, silence."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tfrwc.dynamics.diagnosis.advice import finding
from tfrwc.dynamics.diagnosis.finding import Finding
from tfrwc.dynamics.diagnosis.from_facts import CLASSES
from tfrwc.dynamics.diagnosis.look import Look
from tfrwc.recording.training_facts import activation_after
from tfrwc.recording.watch import tensors

_RANGES = {
    "sigmoid": (0.0, 1.0),
    "softmax": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
    "relu": (0.0, np.inf),
    "softplus": (0.0, np.inf),
    "exponential": (0.0, np.inf),
}
_DISTANCES = ("mean_squared_error", "mean_absolute_error", "huber", "log_cosh")


@dataclass(frozen=True)
class Scales:
    """Limits of what a model can be given.

    Attributes:
        input_scale: root mean square of inputs above which the first layer's sums, of
            weights for inputs of 1, are extreme.
        target_scale: the same of targets, which outputs near 0 have to reach.
    """

    input_scale: float = 10.0
    target_scale: float = 100.0


def misfits(look: Look) -> Iterator[Finding]:
    """Labels, last layer and loss that do not belong together."""
    y, loss = look.y, look.facts.get("loss")
    if y is None or look.outputs is None or y.dtype.kind not in "fiub":
        return
    y = np.asarray(y, np.float64)
    if not np.isfinite(y).all():
        yield finding("wrong_labels", "Targets hold NaN or infinity.", "certain")
        return
    if len(y) > 1 and (y == y[:1]).all():
        yield finding(
            "wrong_labels",
            "All targets of the batch are the same: unless it was drawn from sorted "
            "data, there is nothing to learn.",
            "possible",
        )
    activation, units = look.output_activation, y.shape[-1]
    low, high = float(y.min()), float(y.max())
    if loss in CLASSES:
        yield from _of_classes(y, loss, activation, look.outputs.shape[-1])
    elif loss == "binary_crossentropy" and (low < 0 or high > 1):
        yield _of_no_yes_or_no(y, look.outputs.shape[-1])
    elif loss in _DISTANCES and activation in _RANGES:
        least, most = _RANGES[activation]
        if low < least - 1e-6 or high > most + 1e-6:
            yield finding(
                "wrong_last_activation",
                f"The last layer ({activation}) can reach {least:g} to {most:g}; the "
                f"targets go from {low:.4g} to {high:.4g}.",
                "certain",
                "output",
            )
    each = y.shape == look.outputs.shape  # or labels are numbers of classes
    zeros_and_ones = ((y == 0) | (y == 1)).all() and (y.sum(-1) == 1).all()
    one_hot = each and units > 2 and zeros_and_ones
    if one_hot and activation == "sigmoid":
        kind = (
            "wrong_loss" if loss == "binary_crossentropy" else "wrong_last_activation"
        )
        yield finding(
            kind,
            f"Each example is of one of {units} classes, but the {units} sigmoids "
            "answer for each class by itself.",
            "possible",
            "output",
        )
    if one_hot and activation == "softmax" and loss in _DISTANCES:
        yield finding(
            "wrong_loss",
            f"The loss is {loss}, of softmax and one-hot labels.",
            "possible",
        )


def _of_classes(
    y: np.ndarray, loss: str, activation: str | None, classes: int
) -> Iterator[Finding]:
    """Labels of one of several classes."""
    if loss == "sparse_categorical_crossentropy":
        if activation == "sigmoid" and classes > 1:
            yield finding(
                "wrong_last_activation",
                f"{loss} asks for one of {classes} classes, but the {classes} sigmoids "
                "answer for each class by itself.",
                "possible",
                "output",
            )
        if (y != np.round(y)).any() or y.min() < 0 or y.max() >= classes:
            yield finding(
                "wrong_labels",
                f"sparse_categorical_crossentropy takes whole numbers from 0 to "
                f"{classes - 1}; these labels go from {y.min():g} to {y.max():g}: the "
                f"first is {y.ravel()[0]:g}.",
                "certain",
            )
        return
    sums = y.sum(-1)
    if (np.abs(sums - 1) > 1e-3).any():
        several = (sums > 1 + 1e-3).any() and ((y == 0) | (y == 1)).all()
        yield finding(
            "wrong_last_activation" if several else "wrong_labels",
            f"{loss} takes rows of probabilities that sum to 1; these sum to "
            f"{sums.min():g} to {sums.max():g}"
            + (": an example may have several labels." if several else "."),
            "certain",
            "output",
        )


def _of_no_yes_or_no(y: np.ndarray, outputs: int) -> Finding:
    """Labels outside 0 to 1: of classes, of numbers, or of another yes and no."""
    values = len(np.unique(y))
    several = outputs == 1 and values > 2
    return finding(
        "wrong_loss" if several else "wrong_labels",
        f"binary_crossentropy takes labels from 0 to 1; these go from {y.min():g} to "
        f"{y.max():g}"
        + (f" and have {values} values: they are no yes or no." if several else "."),
        "certain",
    )


def is_no_better_than_the_mean(look: Look) -> bool:
    """Whether a regression misses the targets of the batch by more than their mean."""
    y, loss = look.y, look.facts.get("loss")
    if y is None or look.outputs is None or loss not in _DISTANCES:
        return False
    if y.shape != look.outputs.shape or y.dtype.kind not in "fiub":
        return False
    y = np.asarray(y, np.float64)
    missed = np.mean(np.square(look.outputs - y))
    return bool(np.ptp(y, axis=0).any() and missed >= np.mean(np.var(y, axis=0)))


def several_labels(look: Look) -> Iterator[Finding]:
    """Softmax where an example may have several labels, or none."""
    activation = look.output_activation
    y = look.y
    if y is None or activation != "softmax" or y.shape[-1] < 2:
        return
    if look.outputs is None or y.shape != look.outputs.shape:
        return  # labels are numbers of classes, as of each pixel
    sums = np.asarray(y, np.float64).sum(-1)
    if ((y == 0) | (y == 1)).all() and (sums != 1).any():
        yield finding(
            "wrong_last_activation",
            f"Softmax picks one class, but {100 * (sums != 1).mean():.0f} % of these "
            "examples have several labels or none.",
            "certain",
            "output",
        )


def scales(look: Look, limits: Scales) -> Iterator[Finding]:
    """Inputs and targets far from the range that layers begin with."""
    for x in look.x:
        if x.dtype.kind == "f" and not np.isfinite(x).all():
            yield finding("exploding", "Inputs hold NaN or infinity.", "certain")
            return
    if len(look.x[0]) > 1 and all((x == x[:1]).all() for x in look.x):
        yield finding("wrong_input", "All inputs of the batch are the same.", "certain")
    if look.input_scale > limits.input_scale:
        yield finding(
            "unscaled_input",
            f"The first layer is given numbers of size {look.input_scale:.3g} (root "
            "mean square); its weights are made for 1.",
            "likely",
        )
    loss = look.facts.get("loss")
    if look.y is not None and loss in _DISTANCES and look.y.dtype.kind in "fiu":
        size = float(np.sqrt(np.mean(np.square(np.asarray(look.y, np.float64)))))
        if size > limits.target_scale:
            yield finding(
                "unscaled_target",
                f"Targets are of size {size:.3g} (root mean square); outputs begin "
                "near 0.",
                "likely",
            )


def silence(look: Look) -> Iterator[Finding]:
    """Units and outputs that are the same for all examples."""
    for one in look.layers[:-1]:
        name = activation_after(one.layer)
        flat = one.values.reshape(-1, one.values.shape[-1])
        if name == "relu" and len(look.x[0]) > 1:
            dead = 100 * float((flat <= 0).all(axis=0).mean())
            if dead >= 50:
                yield finding(
                    "dying_relu",
                    f"{dead:.0f} % of the units of {one.layer.name} are 0 for every "
                    "example of the batch.",
                    "likely",
                    one.layer.name,
                )
                return
        if name in ("sigmoid", "tanh"):
            sure = np.abs(flat - 0.5) * 2 if name == "sigmoid" else np.abs(flat)
            share = 100 * float((sure > 0.99).mean())
            if share >= 50:
                # Units that tell classes apart are saturated, too, where a network
                # has learned: it is a fault only of one that does not.
                yield finding(
                    "vanishing",
                    f"{share:.0f} % of the values of {one.layer.name} ({name}) are "
                    "saturated: they pass no gradient on.",
                    "possible",
                    one.layer.name,
                )
                return
    yield from _small_gradients(look)
    if _is_constant(look.outputs) and _is_constant(look.in_training):
        yield finding(
            "constant_output",
            "The model gives the same output for every example of the batch.",
            "likely",
        )


def _is_constant(outputs: np.ndarray | None) -> bool:
    """Whether several examples have the same output."""
    if outputs is None or len(outputs) < 2:
        return False
    spread = np.ptp(outputs, axis=0)
    return bool(np.isfinite(spread).all() and (spread <= 1e-6).all())


def _small_gradients(look: Look) -> Iterator[Finding]:
    kernels = [t.path for t in tensors(look.model) if t.role.is_kernel]
    sizes = [look.gradients[path] for path in kernels if path in look.gradients]
    if len(sizes) < 3 or not np.isfinite(sizes).all() or not sizes[-1]:
        return
    if sizes[0] < 1e-3 * sizes[-1]:
        relu = any(activation_after(one.layer) == "relu" for one in look.layers)
        yield finding(
            "dying_relu" if relu else "vanishing",
            f"The gradient of the first kernel is {100 * sizes[0] / sizes[-1]:.1g} % "
            "of that of the last.",
            "likely",
            kernels[0],
        )
