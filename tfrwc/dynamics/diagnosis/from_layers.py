"""What the layers of a model show: which are trained, and what passes through them."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from tfrwc.dynamics.arrays import Floats
from tfrwc.dynamics.diagnosis.advice import finding
from tfrwc.dynamics.diagnosis.finding import Finding
from tfrwc.dynamics.diagnosis.look import Look
from tfrwc.dynamics.diagnosis.thresholds import Thresholds
from tfrwc.recording.initial_spread import initial_spread
from tfrwc.recording.training_facts import activation_after
from tfrwc.recording.watch import Tensor, tensors


def structure(look: Look, limits: Thresholds) -> Iterator[Finding]:
    """Layers in a row that make one of several, or leave too little."""
    rows = [one.layer for one in look.layers]
    kernels = [n for n, one in enumerate(look.layers) if one.has_kernel]
    for first, second in pairwise(kernels):
        between = rows[first : second + 1]
        linear = all(
            activation_after(layer) in (None, "linear") for layer in between[:-1]
        )
        pooled = any("MaxPool" in type(layer).__name__ for layer in between)
        if linear and not pooled and activation_after(rows[first]) == "linear":
            yield finding(
                "missing_activation",
                f"There is no activation between {rows[first].name} and "
                f"{rows[second].name}: together they are one linear layer.",
                "possible",
                rows[first].name,
            )
            break
    rate = look.facts.get("dropout") or 0.0
    if rate > limits.dropout:
        yield finding(
            "dropout_too_high",
            f"Dropout of {100 * rate:.0f} % leaves little of a layer's output.",
            "possible",
        )


def frozen(look: Look) -> Iterator[Finding]:
    """Layers that are not trained, and averages that move all the same."""
    trained = {id(variable) for variable in look.model.trainable_variables}
    kernels = [t for t in tensors(look.model) if t.role.is_kernel]
    still = [t for t in kernels if id(t.variable) not in trained]
    if kernels and len(still) == len(kernels):
        yield finding(
            "frozen_layers",
            f"None of the layers with weights ({len(kernels)}) is trained: all are "
            "frozen.",
            "certain",
        )
        return
    moving = _moving_averages(look, {id(t.variable) for t in still})
    if moving:
        yield finding(
            "moving_averages",
            f"Normalisations between frozen layers are not frozen themselves "
            f"({len(moving)} in all): their averages move away from those that the "
            "frozen weights were trained with.",
            "possible",
            moving[0].name.partition("/")[0],
        )


def _moving_averages(look: Look, still: set[int]) -> list[Tensor]:
    """Averages of normalisations between two frozen kernels that are not frozen."""
    moving = {
        id(layer.moving_mean)
        for layer in look.model._flatten_layers(include_self=False)
        if type(layer).__name__ == "BatchNormalization" and layer.trainable
    }
    found, waiting, after_frozen = [], [], False
    for tensor in tensors(look.model):
        if id(tensor.variable) in moving and after_frozen:
            waiting.append(tensor)
        if tensor.role.is_kernel:
            frozen_now = id(tensor.variable) in still
            found += waiting if frozen_now else []
            waiting, after_frozen = [], frozen_now
    return found


def fading(look: Look, limits: Thresholds) -> Iterator[Finding]:
    """Differences between examples that get lost on the way through the layers."""
    places = [n for n, one in enumerate(look.layers) if one.has_kernel][:-1]
    if len(look.x[0]) < 2 or not places or look.x[0].dtype.kind not in "fiub":
        return
    # From the first kernel on: what comes before may look words up, or scale.
    before = look.layers[places[0] - 1].values if places[0] else look.x[0]
    given = _differences(np.asarray(before, np.float64))
    hidden = [look.layers[n] for n in places]
    sizes = [_differences(one.values) / given if given else np.nan for one in hidden]
    if not np.isfinite(sizes).all() or min(sizes) >= limits.fading:
        return
    at = int(np.argmax(np.asarray(sizes) < limits.fading))
    spreads = [s for s in (initial_spread(o.layer) for o in hidden) if s is not None]
    small = bool(spreads) and max(spreads) < 0.5
    rectified = activation_after(hidden[at].layer) == "relu"
    other = "dying_relu" if rectified else "vanishing"
    yield finding(
        "wrong_initializer" if small else other,
        f"Differences between examples are {sizes[at]:.2g} times as large behind "
        f"{hidden[at].layer.name} as before {hidden[0].layer.name}"
        + (
            f": initialisers begin with sums of size {max(spreads):.2g} at most."
            if small
            else "."
        ),
        "likely",
        hidden[at].layer.name,
    )


def _differences(values: Floats) -> float:
    """Root mean square of what each number differs by from its mean over examples."""
    return float(np.sqrt(np.mean(np.var(values, axis=0))))
