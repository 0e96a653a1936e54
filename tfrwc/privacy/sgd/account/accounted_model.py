"""A Keras model that counts its training steps, however they are called for."""

import contextlib
import inspect
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import keras

from tfrwc.compat.extras import extra
from tfrwc.privacy.guarantee import EpsilonDelta
from tfrwc.privacy.sgd.account import steering, training_data
from tfrwc.privacy.sgd.account.account import Account
from tfrwc.privacy.sgd.account.counters import OVERSIZED
from tfrwc.privacy.sgd.account.history import EXAMPLE
from tfrwc.privacy.sgd.account.passes import Awaited, Watch, callbacks_of, watched
from tfrwc.privacy.sgd.account.stating import training_statement
from tfrwc.privacy.sgd.account.training_data import TrainingData
from tfrwc.privacy.sgd.account.unit_data import of_units
from tfrwc.privacy.sgd.sampling import PoissonBatches
from tfrwc.privacy.sgd.settings import CalibratedSettings
from tfrwc.privacy.sgd.statement import TrainingStatement
from tfrwc.privacy.sgd.units import Units

with extra("privacy"):
    import tensorflow as tf

BY_HAND = (
    "Steps were called for by hand: that their batches are shuffled, and use no image "
    "more often than others, is taken on trust."
)
STOPPED = (
    "A callback ended the training: if it looked at the training images without noise, "
    "that costs privacy which is not counted."
)
IN_PYTHON = (
    "The steps ran in Python (run_eagerly=True): that no layer, metric or regularizer "
    "keeps something of a batch there, or mixes examples after a number of calls, is "
    "taken on trust."
)
# Of Keras' fit, behind those that are named here.
_FIT_ARGUMENTS = list(inspect.signature(keras.Model.fit).parameters)[5:]
_OLD_WEIGHTS = 3  # of the account, in files from before there was a history in it


class AccountedModel(keras.Model):
    """The part of `PrivateModel` that knows what is done, and asks before it is.

    Args:
        model: to be trained.
        settings: of the training.
        units: which examples belong to a unit, for fits on arrays; or None.
        **kwargs: of `keras.Model`.

    Attributes:
        model, settings: as given.
    """

    def __init__(
        self,
        model: keras.Model,
        settings: CalibratedSettings,
        units: Units | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._units = units  # in no file: who they are is private
        self._most_rows: int | None = None  # of a batch of units
        self.model = model
        self.settings = settings
        self._account = Account(settings, model, self.add_weight)
        self._is_asked = False  # whether Keras' loop takes the step, after asking
        self._loops = 0  # of fit and train_on_batch, one within the other
        self._awaited = Awaited()

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        *args: Any,
        **kwargs: Any,
    ) -> keras.callbacks.History:
        """As `keras.Model.fit`, with the batch size of `make_private`.

        Arrays are cut into shuffled batches of a fixed size, which the account takes
        for Poisson samples (the statement says so); `poisson_batches` draws these.

        Raises:
            ValueError: if the data are not what the account is for, or the budget
                does not last for them.
        """
        self._assert_compile_called("fit")
        kwargs |= dict(zip(_FIT_ARGUMENTS, args, strict=False))
        account = self._account
        account.sync()
        x, y, kwargs = of_units(x, y, kwargs, self.settings, self._units)
        self._units = getattr(x, "units", None)  # of all fits that follow, too
        if isinstance(x, PoissonBatches) and kwargs.get("class_weight") is not None:
            x = x.with_class_weights(kwargs.pop("class_weight"))
        options = kwargs | {"batch_size": batch_size}
        data = training_data.training_data(x, y, options, self.settings)
        self._most_rows = data.most_rows
        with account.counters.drawing(data.drawn), self._loop():
            steps = kwargs.get("steps_per_epoch") or data.steps
            passes = epochs - kwargs.get("initial_epoch", 0)
            if steps is not None:
                uses = passes * data.passes if data.drawn == "ordered" else None
                account.check_budget(steps * passes, uses)
            self._note(x, data, options)
            rate = steering.rate_of(self.optimizer)
            watch = Watch(account, data), self._awaited
            kwargs["callbacks"] = watched(kwargs.get("callbacks"), *watch)
            batch_size = None if data.has_batches else self.settings.batch_size
            try:
                history = super().fit(
                    x, y, batch_size=batch_size, epochs=epochs, **kwargs
                )
            finally:  # for whoever goes on with what a fit left that broke off
                account.ledger.remember_weights()
        self._note_callbacks(callbacks_of(kwargs), rate)
        account.ledger.remember_weights(self._is_averaged())
        account.sync()
        account.ledger.release_journals()
        return history

    def train_on_batch(self, x: Any, *args: Any, **kwargs: Any) -> Any:
        """As `keras.Model.train_on_batch`: a step of a batch that is taken as it is.

        Raises:
            ValueError: if it has more than batch_size examples, or the budget does not
                last for it.
        """
        with self._by_hand(x):
            result = super().train_on_batch(x, *args, **kwargs)
        return result

    def make_train_function(self, force: bool = False) -> None:
        """As Keras', with a step that asks the budget first."""
        if self.train_function is not None and not force:
            return
        self._begin_training()
        # One for several kinds of batches would forget how many axes they have.
        steps: dict[Any, Any] = {}

        def step_within_budget(iterator: Any) -> Any:
            if self._loops == 0:  # called by hand
                self._check_units_by_hand()
            kind, iterator = self._prepare(iterator)
            if kind not in steps:
                steps[kind] = self._step_of_keras()
            with self._known_origin():
                try:
                    self._account.before_step()
                except ValueError:
                    if _is_exhausted(iterator):  # nothing was asked for
                        raise StopIteration from None
                    raise
                if self._is_in_python:
                    self._account.note(IN_PYTHON, warn=False)
                with self._asked():
                    return steps[kind](iterator)

        self.train_function: Any = step_within_budget

    @property
    def _is_in_python(self) -> bool:
        """Whether steps are run without a graph."""
        return bool(self.run_eagerly or tf.config.functions_run_eagerly())

    @property
    def steps(self) -> int:
        """Private steps so far, also those before a checkpoint was loaded."""
        return self._account.ledger.steps

    def privacy_spent(self) -> EpsilonDelta:
        """Epsilon and delta, of one example, of the steps so far."""
        return self._account.spent()

    def statement(self, images_per_patient: int = 1) -> TrainingStatement:
        """What the steps so far guarantee.

        Args:
            images_per_patient: greatest number of images of one patient.

        Raises:
            ValueError: if that is no whole number of 1 or more.
        """
        self._account.sync()
        account = self._account
        return training_statement(account.settings, account.ledger, images_per_patient)

    def save(self, filepath: Any, *args: Any, **kwargs: Any) -> None:
        """As `keras.Model.save`; steps that follow are counted beside the file, too."""
        self._keep_journal(filepath)
        super().save(filepath, *args, **kwargs)

    def save_weights(self, filepath: Any, *args: Any, **kwargs: Any) -> None:
        """As `keras.Model.save_weights`; steps that follow are counted beside it."""
        self._keep_journal(filepath)
        super().save_weights(filepath, *args, **kwargs)

    def load_weights(self, filepath: Any, *args: Any, **kwargs: Any) -> None:
        """As `keras.Model.load_weights`; steps after it was saved stay counted.

        Raises:
            ValueError: if the file of these steps, beside it, is damaged, or a fit
                cannot go on with the weights.
        """
        super().load_weights(filepath, *args, **kwargs)
        folder = _folder(filepath)
        if folder is not None:
            self._account.ledger.read_journals(folder)
            self._account.ledger.keep_journal(folder)
        if self._loops:  # by a callback: what a fit would refuse, before its steps
            self._account.sync()

    def load_own_variables(self, store: Any) -> None:
        """Load the account, also as it was in earlier files."""
        if len(store.keys()) == _OLD_WEIGHTS:
            self._account.counters.load_old(
                [store[str(i)] for i in range(_OLD_WEIGHTS)]
            )
        else:
            super().load_own_variables(store)

    # What the private step does beside.

    def _prepare(self, iterator: Any) -> tuple[Any, Any]:
        """Check a step on data like those of an iterator, before the first."""
        raise NotImplementedError

    def _step_of_keras(self) -> Any:
        """Keras' function of a step, which is not traced yet."""
        ours = self.train_function
        super().make_train_function(force=True)
        step, self.train_function = self.train_function, ours
        return step

    def _begin_training(self) -> None:
        """Look at what may have changed since the last training."""
        raise NotImplementedError

    def _step_by_hand(self, data: Any) -> Any:
        """Take a step that no loop of Keras has asked for."""
        if tf.inside_function():
            raise ValueError(
                "train_step is called within a tf.function: the budget could not be "
                "asked before each step. Call it without, or train_on_batch, which is "
                "compiled."
            )
        self._assert_compile_called("train_step")
        data = keras.tree.map_structure(
            lambda t: None if t is None else tf.convert_to_tensor(t), data
        )
        x = keras.utils.unpack_x_y_sample_weight(data)[0]
        with self._by_hand(x):
            _, [data] = self._prepare(iter([data]))
            self._account.before_step()
            self._account.note(IN_PYTHON, warn=False)
            with self._asked():
                return self.train_step(data)

    @contextlib.contextmanager
    def _loop(self) -> Iterator[None]:
        self._loops += 1
        try:
            yield
        finally:
            self._loops -= 1

    @contextlib.contextmanager
    def _by_hand(self, x: Any) -> Iterator[None]:
        account = self._account
        self._check_units_by_hand()
        if training_data.rows(x) > self.settings.batch_size:
            raise ValueError(f"{OVERSIZED}. {account.remedy}")
        account.note(BY_HAND, warn=False)
        with account.counters.drawing("fixed"), self._loop(), _plain_errors(account):
            try:
                yield
            finally:
                account.ledger.remember_weights()

    def _check_units_by_hand(self) -> None:
        if self.settings.unit != EXAMPLE:
            raise ValueError(
                f"Steps by hand do not say which examples are of one "
                f"{self.settings.unit}. Call fit with poisson_batches(x, y, units=...)."
            )

    @contextlib.contextmanager
    def _known_origin(self) -> Iterator[None]:
        """Within it, a step is of fixed batches unless fit itself asks for it."""
        is_awaited, self._awaited.is_awaited = self._awaited.is_awaited, False
        if self._loops == 0:  # train_function is called by hand
            self._account.note(BY_HAND, warn=False)
        drawn = self._account.counters.drawn
        if drawn == "poisson" and not is_awaited:
            drawn = "fixed"
        with self._account.counters.drawing(drawn), _plain_errors(self._account):
            yield
        if self._loops == 0:
            self._account.ledger.remember_weights()

    @contextlib.contextmanager
    def _asked(self) -> Iterator[None]:
        before, self._is_asked = self._is_asked, True
        try:
            yield
        finally:
            self._is_asked = before

    def _is_averaged(self) -> bool:
        """Whether the optimizer changes the weights at the end of fit."""
        return bool(getattr(self.optimizer, "use_ema", False))

    def _note(self, x: Any, data: TrainingData, options: dict[str, Any]) -> None:
        """Add to the account what it takes on trust of a fit."""
        account = self._account
        for sentence in data.notes:
            account.note(sentence, warn=False)
        if data.copies is not None:
            # A hundredth is common in sets of good faith.
            many = data.copies.different < 0.99 * data.copies.examples
            account.note(data.copies.note, warn=many)
        for sentence in steering.adapted_layers(self.model):
            account.note(sentence)
        if steering.was_used_before(self.optimizer):
            account.note(steering.USED_BEFORE)
        callbacks = callbacks_of(options)
        for sentence in steering.steering_callbacks(callbacks, options, x):
            account.note(sentence, warn=sentence != steering.VALIDATION_ON_TRUST)

    def _note_callbacks(self, callbacks: Sequence[Any], rate: float | None) -> None:
        """Add what callbacks did of which nobody knows by what they decided it.

        Args:
            callbacks: of a fit, which has ended.
            rate: of learning, before it.
        """
        is_told = any(hasattr(callback, "monitor") for callback in callbacks)
        if self.stop_training and not is_told:
            self._account.note(STOPPED, warn=False)
        is_told = any(isinstance(c, steering.RATE_SETTERS) for c in callbacks)
        if rate != steering.rate_of(self.optimizer) and not is_told:
            self._account.note(steering.RATE_SET, warn=False)

    def _keep_journal(self, filepath: Any) -> None:
        folder = _folder(filepath)
        if folder is not None:
            self._account.ledger.keep_journal(folder)
        else:
            self._account.ledger.sync()


@contextlib.contextmanager
def _plain_errors(account: Account) -> Iterator[None]:
    """Turn TensorFlow's error for a batch that is too large into a sentence."""
    try:
        yield
    except tf.errors.InvalidArgumentError as error:
        if OVERSIZED not in str(error):
            raise
        raise ValueError(f"{OVERSIZED}. {account.remedy}") from None


def _is_exhausted(iterator: Any) -> bool:
    """Whether there is no batch left; takes one if there is."""
    if isinstance(iterator, tf.data.Iterator):
        return not bool(iterator.get_next_as_optional().has_value())
    return next(iter(iterator), None) is None


def _folder(filepath: Any) -> Path | None:
    """The folder of a file; None for what is no local path."""
    if not isinstance(filepath, (str, os.PathLike)) or "://" in str(filepath):
        return None
    return Path(filepath).absolute().parent
