"""The settings of a private training, checked once and handed on as one value.

>>> settings = TrainingSettings(train_size=1000, batch_size=100, epochs=2, epsilon=3.0)
>>> settings.planned_steps
20
>>> 0.6 < settings.calibrated().noise_multiplier < 1.2
True
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from numbers import Integral, Real

from tfrwc._common.checks import is_number, one_of
from tfrwc.privacy.accounting import sgd
from tfrwc.privacy.accounting.release import smallest_noise
from tfrwc.privacy.arguments import check_delta, check_epsilon
from tfrwc.privacy.sgd.account.history import EXAMPLE
from tfrwc.privacy.statement import with_article

_COUNTS = (
    "train_size",
    "batch_size",
    "epochs",
    "physical_batch_size",
    "augmentation_multiplicity",
    "images_per_unit",
)
_NOUN = re.compile(r"[^\W\d_]([\w -]{0,38}\w)?")
_TOO_MUCH_NOISE = 2**20
_LEAST_CLIP, _GREATEST_CLIP = 1e-9, 1e9
_OPTIONAL = ("epochs", "physical_batch_size", "images_per_unit")
_REALS = ("epsilon", "noise_multiplier", "delta", "clip")


@dataclass(frozen=True, kw_only=True)
class TrainingSettings:
    """How a model is trained privately: the options of `make_private` that are numbers.

    Attributes:
        train_size: number of training examples, or of units with several examples.
        batch_size: expected number of these in a step.
        epochs: passes over them that the budget is for.
        epsilon: the budget for these epochs, or None for one that noise_multiplier
            and the number of steps determine.
        noise_multiplier: standard deviation of the noise over `clip`; None for what
            epsilon allows.
        delta: delta of the guarantee; None for 1 / (10 train_size).
        clip: greatest L2 norm of the gradient of an example.
        physical_batch_size: most examples in memory at once; None for whole batches.
        augmentation_multiplicity: views of each example in a step.
        insecure_seed: makes the noise repeatable, for tests.
        noise: ``"fast"``, by TensorFlow's generator, or ``"secure"``, by a
            cryptographic one.
        unit: what the guarantee is for one of, as a noun: ``"example"``, or what has
            several of them, such as ``"patient"``.
        images_per_unit: most examples of a unit in a step; None for all.

    Raises:
        ValueError: if a value is out of its range, or values contradict each other; the
            message has the remedy.
    """

    train_size: int
    batch_size: int
    epochs: int | None = None
    epsilon: float | None = None
    noise_multiplier: float | None = None
    delta: float | None = None
    clip: float = 1.0
    physical_batch_size: int | None = None
    augmentation_multiplicity: int = 1
    insecure_seed: int | None = None
    noise: str = "fast"
    unit: str = EXAMPLE
    images_per_unit: int | None = None

    def __post_init__(self) -> None:
        self._check_counts()
        one_of(self.noise, ("fast", "secure"), "noise")
        self._check_unit()
        if not isinstance(self.clip, Real) or not self.clip > 0:
            raise ValueError(f"clip must be above 0. Received: {self.clip!r}.")
        if not math.isinf(self.clip) and not _LEAST_CLIP <= self.clip <= _GREATEST_CLIP:
            raise ValueError(
                f"clip must be {_LEAST_CLIP:g} to {_GREATEST_CLIP:g}: squares of other "
                f"norms are lost in 32-bit numbers. Received: {self.clip!r}. Scale the "
                "loss instead."
            )
        self._check_delta()
        self._check_budget()
        self._to_python_numbers()

    @property
    def sampling_rate(self) -> float:
        """The share of the examples in a step, on average."""
        return self.batch_size / self.train_size

    @property
    def steps_per_epoch(self) -> int:
        """Steps of a pass over the training examples, its last batch included."""
        return math.ceil(self.train_size / self.batch_size)

    @property
    def planned_steps(self) -> int | None:
        """Steps that the budget is for; None without a budget."""
        if self.epsilon is None or self.epochs is None:
            return None
        return self.epochs * self.steps_per_epoch

    def calibrated(self, earlier: Sequence[sgd.Stage] = ()) -> "CalibratedSettings":
        """Fill in what is None of delta and noise_multiplier.

        Args:
            earlier: stages of private training that the weights have behind them, which
                epsilon is to last for, too.

        Raises:
            ValueError: if both epsilon and noise_multiplier are set, and this noise
                costs an epsilon that differs by more than 1 %; or if the stages have
                spent epsilon.
        """
        delta = 1 / (10 * self.train_size) if self.delta is None else self.delta
        noise, steps = self.noise_multiplier, self.planned_steps
        if self.epsilon is not None and steps is not None:
            if noise is None and earlier:
                noise = self._noise_after(earlier, delta, steps, self.epsilon)
            elif noise is None:
                noise = sgd.noise_multiplier_for(
                    self.epsilon, delta, self.sampling_rate, steps
                )
            elif not earlier:
                self._check_agreement(noise, delta, steps, self.epsilon)
        filled_in = {"delta": delta, "noise_multiplier": noise}
        return CalibratedSettings(**vars(self) | filled_in)

    def _check_counts(self) -> None:
        for name in _COUNTS:
            value = getattr(self, name)
            if value is None and name in _OPTIONAL:
                continue
            if not isinstance(value, Integral) or value < 1:
                raise ValueError(
                    f"{name} must be a whole number of 1 or more. Received: {value!r}."
                )
        if self.batch_size > self.train_size:
            raise ValueError(
                f"batch_size must be at most train_size = {self.train_size}. Received: "
                f"{self.batch_size}."
            )

    def _check_unit(self) -> None:
        if not isinstance(self.unit, str) or not _NOUN.fullmatch(self.unit):
            raise ValueError(
                "unit must be a noun in the singular, such as 'patient' or 'user'. "
                f"Received: {self.unit!r}."
            )
        if self.unit != EXAMPLE and self.unit.lower() in (EXAMPLE, "image"):
            raise ValueError(
                "unit is for what has several examples, such as 'patient'. Received: "
                f"{self.unit!r}. Where each example is one of its own, leave it out."
            )
        if self.unit == EXAMPLE and self.images_per_unit is not None:
            raise ValueError(
                "images_per_unit is for units of several examples. Received: "
                f"images_per_unit={self.images_per_unit} and unit='{EXAMPLE}'. Give "
                "unit, such as 'patient', and units, or leave it out."
            )
        most, at_once = self.images_per_unit, self.physical_batch_size
        if most is not None and at_once is not None and most > at_once:
            raise ValueError(
                f"All examples of {with_article(self.unit)} are in memory together. "
                "Received: "
                f"images_per_unit={most} and physical_batch_size={at_once}. Give fewer "
                "of the one or more of the other."
            )

    def _check_delta(self) -> None:
        if self.delta is None:
            return
        check_delta(self.delta)
        if self.delta >= 1 / self.train_size:
            raise ValueError(
                f"delta must be below 1 / train_size = {1 / self.train_size:.2g}: at "
                f"that delta, publishing a random {self.unit} would pass for private. "
                f"Received: {self.delta:g}. Leave it out for 1 / (10 train_size)."
            )

    def _check_budget(self) -> None:
        noise = self.noise_multiplier
        if self.epsilon is not None:
            check_epsilon(self.epsilon)
            if self.epochs is None:
                raise ValueError(
                    "epsilon is the budget of a number of epochs. Received: epsilon = "
                    f"{self.epsilon:g} and epochs = None: it needs epochs."
                )
        elif noise is None:
            raise ValueError(
                "Give epsilon, the budget, or noise_multiplier. Received neither."
            )
        if noise is not None and (not is_number(noise) or noise < 0):
            raise ValueError(
                f"noise_multiplier must be 0 or more. Received: {noise!r}."
            )
        if math.isinf(self.clip) and noise != 0:
            raise ValueError(
                "clip=inf bounds nothing, so that no noise hides an example: it needs "
                f"noise_multiplier=0. Received: noise_multiplier={noise}, epsilon="
                f"{self.epsilon}."
            )

    def _check_agreement(
        self, noise: float, delta: float, steps: int, epsilon: float
    ) -> None:
        cost = sgd.sampled_gaussian(noise, self.sampling_rate, steps, delta).epsilon
        if not math.isclose(cost, epsilon, rel_tol=0.01):
            raise ValueError(
                f"noise_multiplier = {noise:g} costs epsilon = {cost:.4g} in {steps} "
                f"steps. Received: epsilon = {epsilon:g}. Give one of the two."
            )

    def _noise_after(
        self, earlier: Sequence[sgd.Stage], delta: float, steps: int, epsilon: float
    ) -> float:
        spent = sgd.composed(earlier, delta).epsilon
        error = ValueError(
            f"The model was trained privately before, at epsilon = {spent:.4g} for "
            f"delta = {delta:.2g}. Received: epsilon = {epsilon:g}, the budget of all "
            "together. Give a larger one, or begin with a new model."
        )

        def cost(noise: float) -> float:
            now = sgd.Stage(noise, self.sampling_rate, steps)
            return sgd.composed([*earlier, now], delta).epsilon

        if spent >= epsilon or cost(_TOO_MUCH_NOISE) > epsilon:
            raise error
        enough = 1.0
        while cost(enough) > epsilon:
            enough *= 2
        return smallest_noise(cost, epsilon, enough)

    def _to_python_numbers(self) -> None:
        """NumPy's numbers cannot be saved with a model."""
        for names, kind in ((_COUNTS, int), (_REALS, float)):
            for name in names:
                value = getattr(self, name)
                if value is not None:
                    object.__setattr__(self, name, kind(value))


@dataclass(frozen=True, kw_only=True)
class CalibratedSettings(TrainingSettings):
    """Settings with which a training can begin: nothing is left to derive."""

    noise_multiplier: float = field()
    delta: float = field()
