"""The gradient of a model's loss for one batch, on any backend."""

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from tfrwc.compat.extras import extra, keras_backend

with keras_backend():
    import keras


def gradients(model: Any, batch: Any) -> dict[str, float]:
    """Root mean square of the gradient of each trained tensor, by its path.

    As in a step of training: averages of a normalisation, which inference uses, are
    behind for some hundred steps. The model stays as it is.

    Args:
        model: a built Keras model.
        batch: ``(x, y)`` or ``(x, y, sample_weight)``.

    Returns:
        Empty if the model is not compiled with a loss.

    Raises:
        Exception: whatever the loss raises for labels that it cannot take.
    """
    if not getattr(model, "compiled", False) or getattr(model, "loss", None) is None:
        return {}
    x, y, *weight = batch
    slopes = _of_backend[keras.backend.backend()]
    with unchanged(model):
        arrays = slopes(model, x, y, weight[0] if weight else None)
    paths = [variable.path for variable in model.trainable_variables]
    return {
        path: float(np.sqrt(np.mean(np.square(np.asarray(array, np.float64)))))
        for path, array in zip(paths, arrays, strict=True)
        if array is not None
    }


@contextlib.contextmanager
def unchanged(model: Any) -> Iterator[None]:
    """Put averages and states of random numbers back afterwards."""
    variables = model.non_trainable_variables
    before = [np.array(keras.ops.convert_to_numpy(v.value)) for v in variables]
    try:
        yield
    finally:
        for variable, value in zip(variables, before, strict=True):
            variable.assign(value)


def _with_tensorflow(model: Any, x: Any, y: Any, weight: Any) -> list[Any]:
    with extra("tensorflow"):
        import tensorflow as tf

    with tf.GradientTape() as tape:
        predicted = model(x, training=True)
        loss = model.compute_loss(x, y, predicted, weight, training=True)
    found = tape.gradient(loss, [v.value for v in model.trainable_variables])
    return [None if one is None else tf.convert_to_tensor(one) for one in found]


def _with_torch(model: Any, x: Any, y: Any, weight: Any) -> list[Any]:
    import torch

    values = [variable.value for variable in model.trainable_variables]
    predicted = model(x, training=True)
    loss = model.compute_loss(x, y, predicted, weight, training=True)
    found = torch.autograd.grad(loss, values, allow_unused=True)
    return [None if one is None else one.detach().cpu().numpy() for one in found]


def _with_jax(model: Any, x: Any, y: Any, weight: Any) -> list[Any]:
    import jax

    state = [
        [variable.value for variable in variables]
        for variables in (
            model.trainable_variables,
            model.non_trainable_variables,
            model.metrics_variables,
        )
    ]
    slope = jax.grad(model.compute_loss_and_updates, has_aux=True)
    of_optimizer = [variable.value for variable in model.optimizer.variables]
    found, _ = slope(
        *state, x, y, weight, training=True, optimizer_variables=of_optimizer
    )
    return list(found)


_of_backend = {
    "tensorflow": _with_tensorflow,
    "torch": _with_torch,
    "jax": _with_jax,
}
