"""The account of a private training: what its steps cost, and its budget."""

import warnings
import weakref
from collections.abc import Callable

import keras
import numpy as np

from tfrwc.privacy.accounting import sgd
from tfrwc.privacy.guarantee import EpsilonDelta
from tfrwc.privacy.sgd.account import history as histories
from tfrwc.privacy.sgd.account.counters import DRAWN, OVERSIZED, Counters
from tfrwc.privacy.sgd.account.history import Counts, History, Run
from tfrwc.privacy.sgd.account.ledger import OUTSIDE, Ledger
from tfrwc.privacy.sgd.settings import CalibratedSettings


class Account:
    """Knows what private steps cost, and whether the budget lasts for more.

    Args:
        settings: of the training.
        model: that is trained.
        add_weight: `keras.Layer.add_weight` of the private model.

    Attributes:
        settings: as given.
        counters: the weights that say what was done.
        ledger: all that is known of what was done.
    """

    def __init__(
        self,
        settings: CalibratedSettings,
        model: keras.Model,
        add_weight: Callable[..., keras.Variable],
    ) -> None:
        self.settings = settings
        self._model_of = weakref.ref(model)
        self.counters = Counters(settings, model, add_weight)
        self.ledger = Ledger(model, self.counters)
        self._afforded: tuple[History, int] | None = None
        self._warned: set[str] = set()

    def check_subject(self, settings: CalibratedSettings, model: keras.Model) -> None:
        """Raise ValueError if settings or a model are others than it is for."""
        if settings is not self.settings or model is not self._model_of():
            raise ValueError(
                "The model or the settings of a private model were set to others, "
                "which its account is not for. Call make_private with them instead."
            )

    @property
    def remedy(self) -> str:
        """What to do about a batch that is too large."""
        return (
            f"The account is for {self.settings.batch_size}. Give smaller ones, or "
            "poisson_batches to fit, whose sizes may differ."
        )

    def sync(self) -> None:
        """Learn what was loaded or changed since the last step.

        Raises:
            ValueError: if weights of other noise or sampling were loaded, or a batch
                was too large for a step that XLA compiled.
        """
        self.ledger.sync()
        if OUTSIDE in self.ledger.notes:
            self.note(OUTSIDE)
        if self.counters.take_left_out():
            raise ValueError(f"{OVERSIZED}: it was left out. {self.remedy}")
        self._check_origin()
        histories.check_unit(self.ledger.history(), self.settings.unit)

    def note(self, sentence: str, warn: bool = True) -> None:
        """Add a sentence on what the account rests on; warn of it once."""
        self.ledger.note(sentence)
        if warn and sentence not in self._warned:
            self._warned.add(sentence)
            warnings.warn(sentence, stacklevel=2)

    def spent(self) -> EpsilonDelta:
        """Epsilon and delta, of one example, of the steps so far."""
        self.sync()
        stages, delta = histories.stages(self.ledger.history()), self.settings.delta
        return EpsilonDelta(sgd.composed(stages, delta).epsilon, delta)

    def before_step(self) -> None:
        """Ask the budget, and write down that a step will be taken.

        Raises:
            ValueError: if the budget does not last for it.
        """
        self.check_budget(1)
        self.ledger.begin_step()

    def check_budget(self, more: int, uses: int | None = None) -> None:
        """Raise ValueError if the budget does not last for so many steps more.

        Args:
            more: number of steps.
            uses: how many of them can use one example; None for all.
        """
        planned = self.settings.planned_steps
        if planned is None:
            return
        done = self.ledger.steps
        if self._is_afforded(done + more):
            return
        history = self.ledger.history()
        is_planned = self._is_planned(history)
        if is_planned and done + more <= planned:
            self._afford(planned)
            return
        # Looking ahead, as each look takes a while.
        for ahead in (1000, 100, 10, 0) if uses is None else (0,):
            if self._affords(history, more + ahead, uses):
                self._afford(done + more + ahead)
                return
        if is_planned:
            raise ValueError(
                f"epsilon = {self.settings.epsilon:g} lasts for {planned} steps. "
                f"{done} are done, and {more} more were asked for. Give make_private "
                "more epochs."
            )
        spent = sgd.composed(histories.stages(history), self.settings.delta).epsilon
        raise ValueError(
            f"Of epsilon = {self.settings.epsilon:g}, {spent:.4g} is spent, in {done} "
            f"steps of all that was done to these weights, and {more} more were asked "
            "for. Give make_private a larger epsilon, or train for fewer epochs. (With "
            "shuffle=False, batches hide nobody: leave it out.)"
        )

    def _check_origin(self) -> None:
        if self.counters.is_of_this_origin():
            return
        loaded, own = self.counters.origin, self.counters.tally
        raise ValueError(
            "The weights are of a private training with noise_multiplier = "
            f"{loaded[0]:.6g} and sampling rate {loaded[1]:.4g}; this model was made "
            f"with {own.noise_multiplier:.6g} and {own.rate:.4g}. Give make_private "
            "the same noise_multiplier, batch_size and train_size to go on."
        )

    def _is_afforded(self, steps: int) -> bool:
        """Whether the budget is known to last, for what was done by others, too."""
        if self._afforded is None or steps > self._afforded[1]:
            return False
        return self._afforded[0] == self._others()

    def _afford(self, steps: int) -> None:
        self._afforded = (self._others(), steps)

    def _others(self) -> History:
        history = self.ledger.history()
        history.pop(self.counters.tally.name, None)
        return history

    def _affords(self, history: History, more: int, uses: int | None) -> bool:
        step, a_pass = DRAWN[self.counters.drawn]
        counts = Counts(*(more * n for n in step))
        counts = counts.plus((more if uses is None else uses) * n for n in a_pass)
        tally = self.counters.tally
        own = Run(tally.noise_multiplier, tally.rate, counts, tally.unit)
        stages = histories.stages({**history, "more": own})
        budget = self.settings.epsilon
        return budget is None or (
            sgd.composed(stages, self.settings.delta).epsilon <= budget
        )

    def _is_planned(self, history: History) -> bool:
        """Whether all steps are as those that the budget is for."""
        own = (self.counters.tally.noise_multiplier, self.counters.tally.rate)
        return (
            not self.ledger.has_earlier
            and self.counters.drawn != "ordered"
            and all(
                np.allclose((run.noise_multiplier, run.rate), own, rtol=1e-4)
                and not run.counts.ordered
                for run in history.values()
            )
        )
