"""Which batches have passed, told without a wait for their numbers.

A callback with a batch hook that is not marked as safe makes Keras wait for the numbers
of every batch. In `fit` and `train_on_batch` the train function tells of each step
instead. A loop that does without it, written by hand, tells by the hooks of Keras.
"""

import threading
import warnings
from collections.abc import Callable
from typing import Any, TypeAlias

from tfrwc.recording.step_hook import StepHook, hook_of

AfterBatch: TypeAlias = Callable[[int, Any, Any], None]


class Batches:
    """Tells of each batch, or of the batches of one execution, once it has passed.

    Args:
        after: called with Keras' number of the batch, the logs, whose values may not
            be computed yet, and what the train function handed out (see `StepHook`).

    Attributes:
        hook: on the train function; None where it is not needed.
    """

    def __init__(self, after: AfterBatch) -> None:
        self._after = after
        self.hook: StepHook | None = None
        self._open: int | None = None
        self._told = self._waits = False
        self._batch, self._per_call, self._elsewhere = -1, 1, 0
        self._thread = threading.current_thread()

    def start_epoch(self, model: Any, waits: bool) -> None:
        """Begin an epoch.

        Args:
            model: that is trained.
            waits: whether Keras waits for the numbers of each batch, and calls `end` in
                the thread that trains.
        """
        self._waits = waits
        self._thread = threading.current_thread()
        self._batch, self._open, self._told, self._elsewhere = -1, None, False, 0
        compiled = getattr(model, "compiled", False)
        self._per_call = model.steps_per_execution if compiled else 1
        if compiled and not waits and not self._is_hooked():
            self.hook = hook_of(model)
            self.hook.add(self._after_step)
        self._calls = 0 if self.hook is None else self.hook.calls

    def begin(self, batch: int) -> None:
        """Begin a batch."""
        self._tell_if_passed()
        self._open, self._told = batch, False

    def is_untold(self) -> bool:
        """Whether the batch that ends has to be told of; in its own thread only."""
        if threading.current_thread() is not self._thread:
            self._elsewhere += 1
            return False
        told, self._told = self._told, False
        if told:
            self._open = None
        return not told

    def end(self, batch: int, logs: Any) -> None:
        """End a batch of which nothing has told."""
        self._open = None
        self._batch += 1
        self._after(batch, logs, None)

    def end_epoch(self) -> None:
        """End an epoch.

        Warns:
            RuntimeWarning: if batches have passed of which nothing is known.
        """
        self._tell_if_passed()
        if not self._waits and self._elsewhere and self._batch < 0:
            warnings.warn(
                f"{self._elsewhere} batches of this epoch ended, but none began: its "
                "steps are not known. Call on_train_batch_begin of the CallbackList "
                "before each batch.",
                RuntimeWarning,
                stacklevel=4,
            )

    def end_fit(self) -> None:
        """Leave the train function alone."""
        if self.hook is not None:
            self.hook.discard(self._after_step)
            self.hook = None

    def _is_hooked(self) -> bool:
        hook = self.hook
        if hook is None or not hook.is_installed():
            return False
        return not hook.is_of_an_earlier_fit()

    def _after_step(self, logs: Any, handed_out: Any) -> None:
        self._told = True
        self._batch += self._per_call
        self._after(self._batch, logs, handed_out)

    def _tell_if_passed(self) -> None:
        hooked = self.hook is not None and self.hook.calls > self._calls
        if not (self._waits or hooked or self._open is None):
            self.end(self._open, None)
        self._open = None
