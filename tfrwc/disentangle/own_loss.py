"""A Keras model that computes its loss from x alone, and Keras' ways to train it."""

import inspect
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np

from tfrwc.compat.extras import extra

with extra("vae"):
    import tensorflow as tf

    from tfrwc.compat.own_gradients import without_gradients

_IGNORED = ("loss", "loss_weights", "metrics", "weighted_metrics")


class OwnLoss(keras.Model):  # type: ignore[misc]
    """A model without labels, whose `compute_loss` needs x alone.

    Keras keeps weights of examples with labels only; here they count without. Before
    `fit`, `evaluate`, `train_on_batch` or `test_on_batch` changes anything,
    `check_data` may refuse the data: arrays as a whole, of others the first batch.
    """

    _trainings = 0  # and evaluations, which have begun

    def check_data(self, x: Any) -> None:
        """Raise a ValueError if this is no data for the model: x (n, …)."""

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
        **options: Any,
    ) -> None:
        """As `keras.Model.compile`, of an optimizer.

        Raises:
            ValueError: if a loss or metrics are given: there are no labels for them.
        """
        given = (loss, loss_weights, metrics, weighted_metrics)
        for name, value in zip(_IGNORED, given, strict=True):
            if value is not None:
                raise ValueError(
                    f"{type(self).__name__} has its own loss and no labels, so that "
                    f"{name} would not count. Received: {name}={value!r}. Compile it "
                    "with an optimizer alone. What it logs is in its documentation; "
                    "measure more in a Keras callback, or override compute_loss."
                )
        super().compile(optimizer, **options)

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """As `keras.Model.compile_from_config`."""
        self.compile(**keras.saving.deserialize_keras_object(config))
        if self.optimizer is not None:
            self.optimizer.build(self.trainable_variables)

    def fit(self, *args: Any, **kwargs: Any) -> Any:
        """As `keras.Model.fit`, of x alone; `sample_weight` counts."""
        given = self._given(super().fit, args, kwargs)
        data = given.get("validation_data")
        if isinstance(data, (tuple, list)) and hasattr(data[0], "shape"):
            self.check_data(data[0])
        if isinstance(data, (tuple, list)) and len(data) == 3 and data[1] is None:
            x, _, weights = data
            given["validation_data"] = (x, _no_labels(weights), weights)
        return super().fit(**given)

    def evaluate(self, *args: Any, **kwargs: Any) -> Any:
        """As `keras.Model.evaluate`, of x alone; `sample_weight` counts."""
        return super().evaluate(**self._given(super().evaluate, args, kwargs))

    def train_on_batch(self, *args: Any, **kwargs: Any) -> Any:
        """As `keras.Model.train_on_batch`, of x alone; `sample_weight` counts."""
        given = self._given(super().train_on_batch, args, kwargs)
        return super().train_on_batch(**given)

    def train_step(self, data: Any) -> Any:
        """As Keras' step, whose graph is freed with the model."""
        with without_gradients():
            return super().train_step(data)

    def make_train_function(self, force: bool = False) -> None:
        """As Keras makes it, with a look at the first batch."""
        self._trainings += 1
        if self.train_function is None or force:
            super().make_train_function(force)
            self.train_function = _FirstLook(self, self.train_function)

    def make_test_function(self, force: bool = False) -> None:
        """As Keras makes it, with a look at the first batch."""
        self._trainings += 1
        if self.test_function is None or force:
            super().make_test_function(force)
            self.test_function = _FirstLook(self, self.test_function)

    def _given(
        self,
        method: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> dict[str, Any]:
        """Arguments of a method by name, with labels that stand beside weights.

        Raises:
            ValueError: for class weights without labels, and arrays that are no data.
        """
        bound = inspect.signature(method).bind(*args, **kwargs).arguments
        given: dict[str, Any] = dict(bound) | bound.get("kwargs", {})
        given.pop("kwargs", None)
        if not hasattr(given.get("x"), "shape"):
            return given  # a data set, which holds labels and weights itself
        self.check_data(given["x"])
        if given.get("y") is not None:
            return given
        if given.get("class_weight") is not None:
            raise ValueError(
                "class_weight needs the classes of the examples. Received: y=None. "
                "Give them as y, which serves for nothing else, or give sample_weight."
            )
        if given.get("sample_weight") is not None:
            given["y"] = _no_labels(given["sample_weight"])
        return given


class _FirstLook:
    """A step of Keras that checks the first batch of each training before it.

    Args:
        model: an `OwnLoss`.
        step: of an iterator over batches, as Keras made it.
    """

    def __init__(self, model: OwnLoss, step: Callable[[Any], Any]) -> None:
        self._model, self._step, self._seen = model, step, 0

    def __call__(self, iterator: Iterator[Any]) -> Any:
        if self._seen == self._model._trainings:
            return self._step(iterator)
        batches = list(itertools.islice(iterator, self._model.steps_per_execution))
        if not batches:
            raise StopIteration
        for batch in batches:
            x = keras.utils.unpack_x_y_sample_weight(batch)[0]
            for part in self._model.distribute_strategy.experimental_local_results(x):
                self._model.check_data(part)
        self._seen = self._model._trainings
        return self._step(_again(batches, iterator))


def _again(batches: list[Any], iterator: Iterator[Any]) -> Iterator[Any]:
    """Batches that an iterator gave, as an iterator for which Keras traces the same
    step: of the same specification, where there is one of tensors only."""
    spec = getattr(iterator, "element_spec", None)
    parts = tf.nest.flatten(batches)
    if spec is None or not all(isinstance(part, tf.Tensor) for part in parts):
        return iter(batches)
    again = tf.data.Dataset.from_generator(lambda: iter(batches), output_signature=spec)
    return iter(again)


def sample_weights(weights: Any, dtype: str) -> Any:
    """Weights of examples as (batch,); None for None.

    Args:
        weights: (batch,) or (batch, 1).
        dtype: of the result.

    Raises:
        ValueError: if they have another shape.
    """
    if weights is None:
        return None
    weights = keras.ops.cast(weights, dtype)
    if tuple(weights.shape[1:]) == (1,):
        weights = keras.ops.squeeze(weights, axis=1)
    if len(weights.shape) != 1:
        raise ValueError(
            "sample_weight must be one number for each example, (n,). Received: shape "
            f"{tuple(weights.shape)}. Give the mean or the sum of those of an example."
        )
    return weights


def _no_labels(weights: Any) -> Any:
    """What stands for labels beside these weights, which Keras drops without."""
    return np.zeros(len(weights), np.float32)
