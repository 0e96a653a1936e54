"""What is done after each step of `fit`, without a batch hook.

A callback with `on_train_batch_end` makes Keras wait for the numbers of every batch. So
the train function of the model is wrapped instead, for the time of one `fit`: nobody
waits for what it returns until a record needs it.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

from tfrwc.recording import backends

AfterStep: TypeAlias = Callable[[Any, Any], None]
HANDED_OUT = "tfrwc"  # what a train function adds to its logs, for recorders alone


class StepHook:
    """Stands in for a model's train function, and tells of each call.

    Args:
        model: a model in its `fit`.

    Attributes:
        step: the train function that is called. It may be replaced by one that takes
            the same arguments and returns the same, with an entry `HANDED_OUT` in its
            logs.
        plain: the train function that Keras made.
        calls: how often it was called.
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        self._listeners: list[AfterStep] = []
        self._history = getattr(model, "history", None)
        self.step = self.plain = model.train_function
        self.calls = 0
        model.train_function = self

    def __call__(self, *arguments: Any) -> Any:
        if self.is_of_an_earlier_fit():
            self.remove()
            return self.plain(*arguments)
        self.calls += 1
        try:
            result = self.step(*arguments)
        except StopIteration:  # the data have come to their end
            raise
        except BaseException:  # ends this `fit` without a call of `on_train_end`
            self.remove()
            raise
        logs = backends.logs_of_step(self._model, result)
        handed_out = logs.pop(HANDED_OUT, None) if isinstance(logs, dict) else None
        for listener in list(self._listeners):
            listener(logs, handed_out)
        return result

    def is_installed(self) -> bool:
        """Whether Keras calls this object, and not a function made since."""
        return self._model.train_function is self

    def is_of_an_earlier_fit(self) -> bool:
        """Whether the `fit` that it was made in has been cut off."""
        # An interrupt between two steps calls no callback; each `fit` has a history
        # of its own.
        return getattr(self._model, "history", None) is not self._history

    def is_free(self) -> bool:
        """Whether `step` is still the one that Keras made."""
        return self.step is self.plain

    def add(self, listener: AfterStep) -> None:
        """Call this function after each step.

        Its arguments are the logs as the step returned them, a dict of tensors that may
        not be computed yet, and the entry `HANDED_OUT`, None where there is none.
        """
        self._listeners.append(listener)

    def discard(self, listener: AfterStep) -> None:
        """Call this function no more, and nothing at all if it was the last."""
        self._listeners = [other for other in self._listeners if other != listener]
        if not self._listeners:
            self.remove()

    def remove(self) -> None:
        """Give the model its own train function back."""
        if self.is_installed():
            self._model.train_function = self.plain


def hook_of(model: Any) -> StepHook:
    """The hook of a compiled model in its training, made if it has none."""
    if model.train_function is None:  # a loop by hand; Keras would make it later
        model.make_train_function()
    hook = model.train_function
    if isinstance(hook, StepHook):
        if not hook.is_of_an_earlier_fit():
            return hook
        hook.remove()
    return StepHook(model)
