"""The counts of a private training, in weights, and counted within its steps."""

import contextlib
import weakref
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import numpy as np

from tfrwc.compat.extras import extra
from tfrwc.privacy.sgd.account.book import PAGE_BYTES
from tfrwc.privacy.sgd.account.history import Counts, History, Run, steps
from tfrwc.privacy.sgd.account.lineage import Tally, fingerprint
from tfrwc.privacy.sgd.settings import CalibratedSettings

with extra("privacy"):
    import tensorflow as tf

# What a step, and a pass over the examples, add to the counts.
DRAWN = {
    "poisson": (Counts(poisson=1), Counts()),
    "passes": (Counts(fixed=1), Counts(fixed_uses=1)),
    "fixed": (Counts(fixed=1, fixed_uses=1), Counts()),
    "ordered": (Counts(ordered=1), Counts(ordered_uses=1)),
}
OVERSIZED = "A batch has more than batch_size examples"


class Counters:
    """The weights of a private model that say what was done.

    Beside them it counts for itself in the tally of its run, which nothing that is
    loaded sets back.

    Args:
        settings: of the training.
        model: that is trained.
        add_weight: `keras.Layer.add_weight` of the private model.

    Attributes:
        tally: of the run.
        drawn: how the next batches are drawn, of `DRAWN`.
        page: weight with the page of the history, see `tfrwc.privacy.sgd.account.book`.
        print: weight with the fingerprint of the model after the last step; 0 if there
            was none.
    """

    def __init__(
        self,
        settings: CalibratedSettings,
        model: keras.Model,
        add_weight: Callable[..., keras.Variable],
    ) -> None:
        def weight(name: str, shape: tuple[int, ...], dtype: str) -> keras.Variable:
            return add_weight(
                name=name,
                shape=shape,
                initializer="zeros",
                trainable=False,
                dtype=dtype,
                autocast=False,
            )

        self._model_of = weakref.ref(model)  # see the ledger
        self._batch_size = settings.batch_size
        self.tally = Tally(
            settings.noise_multiplier, settings.sampling_rate, settings.unit
        )
        # Files of private models hold these weights in this order.
        self._steps = weight("private_steps", (), "int32")
        self._fixed_steps = weight("private_steps_of_fixed_batches", (), "int32")
        self._origin = weight("private_account", (2,), "float32")
        self._counts = weight("private_counts", (5,), "int64")
        self.print = weight("private_weights", (2,), "int64")
        self.page = weight("private_history", (PAGE_BYTES,), "uint8")
        self._origin.assign([self.tally.noise_multiplier, self.tally.rate])
        self.drawn = "fixed"
        self._per_step = tf.Variable(DRAWN["fixed"][0], dtype=tf.int64, trainable=False)
        self._foreign = tf.Variable(0, dtype=tf.int64, trainable=False)
        self._left_out = tf.Variable(0, dtype=tf.int64, trainable=False)

    @property
    def _model(self) -> Any:
        return self._model_of()

    def count_step(self, data: Any, count: tf.Tensor) -> tuple[Any, tf.Tensor]:
        """Count a step before it is taken, and look whether others changed the weights.

        Args:
            data: of the batch.
            count: number of its examples.

        Returns:
            The data, which cannot be had for a batch that is refused; and whether it
            may be used, for XLA, which refuses nothing.
        """
        size = tf.cast(count, tf.int64)
        allowed = (self._per_step[0] > 0) | (size <= self._batch_size)
        # What follows is not even begun for a batch that is refused.
        with tf.control_dependencies([tf.debugging.Assert(allowed, [OVERSIZED])]):
            data = keras.tree.map_structure(
                lambda t: None if t is None else tf.identity(t), data
            )
            one = tf.identity(self._per_step)
            self._left_out.assign_add(tf.cast(~allowed, tf.int64))
            self.tally.counts.assign_add(one)
            self._counts.assign_add(one)
            self._steps.assign_add(1)
            self._fixed_steps.assign_add(tf.cast(one[1] + one[3], tf.int32))
        known = tf.convert_to_tensor(self.print.value)
        other = tf.reduce_any(known != fingerprint(self._model.weights))
        other &= tf.reduce_any(known != 0)
        self._foreign.assign_add(tf.cast(other, tf.int64))
        return data, allowed

    def end_step(self) -> None:
        """Remember the weights, as part of the computation of a step or after one."""
        self.print.assign(fingerprint(self._model.weights))

    @contextlib.contextmanager
    def drawing(self, drawn: str) -> Iterator[None]:
        """Within it, steps are of batches of one kind, of `DRAWN`."""
        before = self.drawn
        self._draw(drawn)
        try:
            yield
        finally:
            self._draw(before)

    def begin_pass(self) -> None:
        """Count a pass over the examples that is about to begin."""
        one = np.array(DRAWN[self.drawn][1], np.int64)
        self.tally.counts.assign_add(one)
        self._counts.assign(keras.ops.convert_to_numpy(self._counts) + one)

    @property
    def steps(self) -> int:
        """What the weights say of all steps; after one, one more."""
        return int(keras.ops.convert_to_numpy(self._steps))

    @property
    def counts(self) -> Counts:
        """What the weights say of the run that wrote them."""
        return Counts(*map(int, keras.ops.convert_to_numpy(self._counts)))

    @property
    def origin(self) -> tuple[float, float]:
        """What the weights say of noise multiplier and sampling rate, as float32."""
        noise, rate = map(float, keras.ops.convert_to_numpy(self._origin))
        return noise, rate

    def is_of_this_origin(self) -> bool:
        """Whether the weights are of the same noise and sampling rate."""
        own = self.tally.noise_multiplier, self.tally.rate
        return np.allclose(self.origin, own, rtol=1e-4)

    def take_foreign(self) -> bool:
        """Whether others changed the weights between steps, since this was asked."""
        foreign = int(self._foreign.numpy()) > 0
        self._foreign.assign(0)
        return foreign

    def take_left_out(self) -> bool:
        """Whether XLA left out a batch that was too large, since this was asked."""
        left_out = int(self._left_out.numpy()) > 0
        self._left_out.assign(0)
        return left_out

    def write(self, history: History) -> int:
        """Write a history into the counts; its number of steps."""
        fixed = sum(r.counts.fixed + r.counts.ordered for r in history.values())
        total = steps(history)
        self._counts.assign(self.tally.counts)
        self._steps.assign(total)
        self._fixed_steps.assign(fixed)
        return total

    def old_history(self) -> History:
        """What weights say that were saved before they had a page."""
        total, noise_and_rate = self.steps, self.origin
        fixed = int(keras.ops.convert_to_numpy(self._fixed_steps))
        name = "before-{:.6g}-{:.6g}".format(*noise_and_rate)
        if self.is_of_this_origin():  # to the last digit
            noise_and_rate = self.tally.noise_multiplier, self.tally.rate
        counts = Counts(poisson=total - fixed, fixed=fixed, fixed_uses=fixed)
        # Of files from before there were other units than examples.
        return {name: Run(*noise_and_rate, counts)}

    def load_old(self, values: Sequence[Any]) -> None:
        """Load weights that were saved before they had a page."""
        old = (self._steps, self._fixed_steps, self._origin)
        for variable, value in zip(old, values, strict=True):
            variable.assign(value)
        for variable in (self._counts, self.print, self.page):
            variable.assign(np.zeros(variable.shape, variable.dtype))

    def _draw(self, drawn: str) -> None:
        if drawn != self.drawn:  # each assignment takes as long as a small layer
            self.drawn = drawn
            self._per_step.assign(DRAWN[drawn][0])
