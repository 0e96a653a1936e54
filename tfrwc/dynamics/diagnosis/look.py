"""A look at a model through one batch: what goes in, what comes out, what moves."""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfrwc.compat.extras import keras_backend
from tfrwc.dynamics.arrays import Floats
from tfrwc.dynamics.diagnosis.gradients import gradients, unchanged
from tfrwc.recording.training_facts import layers_in_a_row, training_facts
from tfrwc.recording.watch import tensors

with keras_backend():
    import keras

# Layers that make any scale of what they are given harmless.
_NORMALISING = (
    *("BatchNormalization", "LayerNormalization", "GroupNormalization"),
    *("RMSNormalization", "UnitNormalization", "Normalization", "Rescaling"),
)


@dataclass(frozen=True, eq=False)
class Layer:
    """What one layer made of the batch.

    Attributes:
        layer: of Keras.
        values: its output, (examples, ...).
        scale: root mean square of what it was given.
        has_kernel: whether it multiplies with a kernel, which is no table.
    """

    layer: Any
    values: Floats
    scale: float
    has_kernel: bool


@dataclass(frozen=True, eq=False)
class Look:
    """A model and a batch.

    Attributes:
        model: a built Keras model.
        x: inputs, a list of arrays.
        y: targets, an array of two axes or more; None if there are several outputs.
        outputs: what the model makes of the batch, as `y`; None likewise.
        in_training: the same in a step of training.
        layers: in the order of their calls, where each feeds the next alone; else none.
        facts: optimizer, loss and last layer; see `recording.training_facts`.
        gradients: root mean square of the gradient of the loss, by path of the trained
            kernel; empty if the model has no loss, or `untold` says why.
        untold: sentences on what could not be seen.
    """

    model: Any
    x: list[np.ndarray]
    y: np.ndarray | None
    outputs: np.ndarray | None
    in_training: np.ndarray | None
    layers: list[Layer]
    facts: dict[str, Any]
    gradients: dict[str, float]
    untold: tuple[str, ...] = ()

    @classmethod
    def at(cls, model: Any, batch: Any) -> "Look":
        """Take a look.

        Args:
            model: a built Keras model.
            batch: ``(x, y)`` or ``(x, y, sample_weight)``, as `fit` takes them.

        Raises:
            ValueError: if one of them is none, or the model cannot take the batch.
        """
        if not isinstance(model, keras.Model):
            raise ValueError(
                f"model must be a keras.Model. Received: {type(model).__name__}."
            )
        if not isinstance(batch, (tuple, list)) or not 2 <= len(batch) <= 3:
            raise ValueError(
                "batch must be (x, y) or (x, y, sample_weight), as model.fit takes "
                f"them: some examples, such as (x[:256], y[:256]). Received: "
                f"{type(batch).__name__}."
            )
        x, y = batch[0], batch[1]
        inputs = [np.asarray(part) for part in keras.tree.flatten(x)]
        targets = [np.asarray(part) for part in keras.tree.flatten(y)]
        row = layers_in_a_row(model) if len(inputs) == 1 else []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of layers, about what is found here, too
            try:
                made = model(x, training=False)
                with unchanged(model):
                    trained = keras.tree.flatten(model(x, training=True))
            except (ValueError, TypeError, RuntimeError) as error:
                raise ValueError(
                    f"The model cannot take the x of this batch: {str(error)[:300]}"
                ) from error
            outputs = list(map(keras.ops.convert_to_numpy, keras.tree.flatten(made)))
            in_training = list(map(keras.ops.convert_to_numpy, trained))
            with unchanged(model):
                layers = _through(row, inputs[0])
            slopes, untold = {}, ()
            try:
                slopes = gradients(model, batch)
            # Of labels that do not fit, which are found below; or of a loss of one's
            # own, whose errors are not known.
            except Exception as error:
                reason = f"{type(error).__name__}: {str(error).strip()[:200]}"
                untold = (f"The loss has no gradient on this batch: {reason}",)
        one = len(outputs) == len(targets) == 1
        return cls(
            model,
            inputs,
            _as_rows(targets[0]) if one else None,
            np.asarray(outputs[0], np.float64) if one else None,
            np.asarray(in_training[0], np.float64) if one else None,
            layers,
            training_facts(model, ()),
            slopes,
            untold,
        )

    @property
    def output_activation(self) -> str | None:
        """Of the last layer; None if unknown."""
        return (self.facts.get("output") or {}).get("activation")

    @property
    def input_scale(self) -> float:
        """Root mean square of what the first kernel is given; NaN if it is harmless.

        It is where a normalisation follows the kernel, or comes before it, and where
        inputs are looked up in a table.
        """
        if not self.layers and any(
            type(layer).__name__ == "Embedding"
            for layer in self.model._flatten_layers(include_self=False)
        ):
            return np.nan
        if not self.layers:
            numbers = [x for x in self.x if x.dtype.kind in "fiub"]
            return max((_scale(x) for x in numbers), default=np.nan)
        for number, one in enumerate(self.layers):
            kind = type(one.layer).__name__
            if kind in _NORMALISING or kind == "Embedding":
                return np.nan
            if one.has_kernel:
                after = [type(x.layer).__name__ for x in self.layers[number + 1 :][:1]]
                return np.nan if after and after[0] in _NORMALISING else one.scale
        return np.nan


def _through(layers: list[Any], x: np.ndarray) -> list[Layer]:
    """Each layer's output for the batch, in inference mode."""
    seen, value = [], keras.ops.convert_to_tensor(x)
    for layer in layers:
        given = keras.ops.convert_to_numpy(value)
        if getattr(layer, "_call_has_training_arg", False):
            # By the batch itself, as in training: averages are behind for some hundred
            # steps. Nothing is left out.
            by_batch = "BatchNorm" in type(layer).__name__
            value = layer(value, training=by_batch)
        else:
            value = layer(value)
        if isinstance(value, (list, tuple, dict)):
            return []
        numbers = given.dtype.kind in "fiub"
        own = [t for t in tensors(layer) if t.role.is_kernel]
        seen.append(
            Layer(
                layer,
                np.asarray(keras.ops.convert_to_numpy(value), np.float64),
                _scale(given) if numbers else np.nan,
                any(t.kind != "Embedding" for t in own),
            )
        )
    return seen


def _scale(values: np.ndarray) -> float:
    numbers = np.asarray(values, np.float64)
    numbers = numbers[np.isfinite(numbers)]
    return float(np.sqrt(np.mean(numbers**2))) if numbers.size else np.nan


def _as_rows(values: np.ndarray) -> np.ndarray:
    return values[:, None] if values.ndim == 1 else values
