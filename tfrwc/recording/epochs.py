"""The number of the epoch, over all calls of `fit`."""

from numbers import Integral
from typing import Any


class EpochCounter:
    """Counts epochs on where a further `fit` begins at 0 again.

    Attributes:
        current: the epoch that runs, from 1; 0 before the first.
        done: epochs that have ended.
        is_open: whether an epoch runs.
    """

    def __init__(self) -> None:
        self.current = 0
        self.done = 0
        self.is_open = False
        self._resumed = False
        self._offset: int | None = None

    def resume(self, done: int) -> None:
        """Go on with a recording of this many epochs."""
        self.done, self._resumed = done, True

    def start_fit(self) -> None:
        """Begin a `fit`."""
        self._offset = None

    def start_epoch(self, epoch: int, model: Any) -> None:
        """Begin an epoch.

        Args:
            epoch: its number by Keras, from 0. A loop by hand may count otherwise.
            model: that is trained.
        """
        # One that was left in the middle may have records, of its number.
        least = self.current - 1 if self.is_open else 0
        self.is_open = True
        if not isinstance(epoch, Integral):
            epoch = self.done - (self._offset or 0)
        if self._offset is None:
            if self._resumed:
                restored = getattr(model, "_initial_epoch", None) is not None
                goes_on = epoch > 0 or restored
            else:
                goes_on = epoch >= self.done
            self._resumed = False
            # Keras counts on by itself with initial_epoch and in a restored run. With
            # one that is too small, as tutorials have it, no number is left out.
            self._offset = 0 if goes_on else self.done - int(epoch)
        else:
            least = max(least, self.done)
        if self._offset + epoch < least:
            self._offset = least - epoch
        self.current = self._offset + int(epoch) + 1

    def end_epoch(self) -> None:
        """End the epoch that runs."""
        self.done, self.is_open = self.current, False
