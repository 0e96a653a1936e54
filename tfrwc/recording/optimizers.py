"""The optimizers of a model: its own, and those that it keeps elsewhere."""

import warnings
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import keras
from keras.optimizers.schedules import LearningRateSchedule

from tfrwc.recording import backends


def optimizers_of(model: Any) -> dict[str, Any]:
    """All Keras optimizers that a model holds, by where it holds them.

    They are looked for in its attributes, in lists and dicts there, and in the layers
    and networks within it.

    Returns:
        By name, such as ``optimizer`` (that of `compile`), ``d_optimizer``,
        ``optimizers.0`` or ``critic.optimizer``; each once.
    """
    optimizers: dict[str, Any] = {}
    seen: set[int] = set()
    places: deque[tuple[str, Any]] = deque([("", model)])
    while places:  # breadth first, so that each has its shortest name
        name, thing = places.popleft()
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        if isinstance(thing, keras.optimizers.Optimizer):
            optimizers.setdefault(name, thing)
        else:
            places.extend((f"{name}.{k}".strip("."), v) for k, v in _members(thing))
    return optimizers


def _members(thing: Any) -> Iterator[tuple[str, Any]]:
    """What a layer or container holds that may be, or hold, an optimizer."""
    members: Any
    if isinstance(thing, keras.layers.Layer):
        # Own names before those under which Keras lists the same things. PyTorch has
        # the layers of a layer, by their own names, in one place.
        members = {**vars(thing).get("_modules", {}), **vars(thing)}.items()
        members = sorted(members, key=lambda item: item[0].startswith("_"))
    elif isinstance(thing, dict):
        members = list(thing.items())
    else:
        members = enumerate(thing)
    kinds = (keras.optimizers.Optimizer, keras.layers.Layer, dict, list, tuple)
    for name, value in members:
        if isinstance(value, kinds):
            is_listed = isinstance(thing, (list, tuple)) or not str(name).strip("_")
            if isinstance(value, keras.layers.Layer) and is_listed:
                name = value.name
            # The lists of Keras itself have no name that a user knows.
            hidden = str(name).startswith("_") and isinstance(value, (dict, list))
            yield "" if hidden else str(name), value


class OptimizerState:
    """Reads what one optimizer has counted and set.

    Args:
        optimizer: a Keras optimizer.
        model: in whose `fit` it is read.

    Attributes:
        scales_loss: whether an update is skipped if a gradient is not finite.
        batches_per_update: more than 1 where gradients are accumulated.
        has_moved: whether it has taken a batch since this object was made, as far as
            `moved` was asked.
    """

    def __init__(self, optimizer: Any, model: Any) -> None:
        self._optimizer, self._model = optimizer, model
        self._inner = getattr(optimizer, "inner_optimizer", optimizer)
        self._readers: dict[int, Callable[[], Any]] = {}
        self.scales_loss = isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
        self.batches_per_update = int(self._inner.gradient_accumulation_steps or 1)
        self.has_moved = self._is_told = False
        # A MultiOptimizer has several. Within a step JAX' trainer has the value.
        self._has_learning_rate = hasattr(self._inner, "learning_rate")
        self._first = self._state()

    def applied_batches(self) -> int:
        """Batches whose gradients the optimizer has taken."""
        return int(self._number(self._inner.variables[0]))

    def updates(self) -> int:
        """Updates that it has made."""
        return self.applied_batches() // self.batches_per_update

    def moved(self) -> bool:
        """Whether it has taken a batch, or skipped one, since this object was made."""
        if not self.has_moved:
            self.has_moved = self._state() != self._first
        return self.has_moved

    def loss_scale(self) -> float:
        """Of a loss scale optimizer."""
        return self._number(self._optimizer.dynamic_scale)

    def learning_rate(self) -> float | None:
        """The rate of the last update; None if weights have different ones."""
        if not self._has_learning_rate:
            return None
        rate = self._inner._learning_rate
        if isinstance(rate, keras.Variable):
            return self._number(rate)
        if isinstance(rate, LearningRateSchedule):
            # The optimizer's own is that of the next update already.
            return self._rate_at(rate, max(self.applied_batches() - 1, 0))
        return backends.number(self._inner.learning_rate)

    def _rate_at(self, schedule: Any, step: int) -> float | None:
        """The rate of a schedule; None, with a warning, if it cannot be asked."""
        kind = {"dtype": "int32", "trainable": False}
        for give in (int, lambda step: keras.Variable(step, **kind)):
            try:
                return backends.number(schedule(give(step)))
            # Somebody's schedule may want the variable that its optimizer gives it;
            # what it raises is not known, and no rate is worth a training.
            except Exception as error:
                why = f"{type(error).__name__}: {error}"
        if not self._is_told:
            self._is_told = True
            warnings.warn(
                f"The learning rate is not recorded: {type(schedule).__name__} cannot "
                f"be asked outside of its optimizer ({why:.200}).",
                RuntimeWarning,
                stacklevel=2,
            )
        return None

    def _state(self) -> tuple[float, ...]:
        # A loss scale optimizer that skips a batch counts it in its scale only.
        scale = [getattr(self._optimizer, n, None) for n in ("dynamic_scale",)]
        scales = [self._number(v) for v in scale if isinstance(v, keras.Variable)]
        return (self.applied_batches(), *scales)

    def _number(self, variable: Any) -> float:
        read = self._readers.get(id(variable))
        if read is None:
            [read] = backends.readers([variable], self._model)
            self._readers[id(variable)] = read
        return backends.number(read())
