"""The account of a private training: its steps, their cost, and its budget."""

import math
from collections.abc import Callable

import keras
import numpy as np

from tfrwc._common.checks import whole_number
from tfrwc.privacy.accounting import sgd
from tfrwc.privacy.accounting.release import Cost
from tfrwc.privacy.guarantee import EpsilonDelta
from tfrwc.privacy.sgd.settings import CalibratedSettings
from tfrwc.privacy.sgd.statement import TrainingStatement


class Account:
    """Counts the steps of a private training, and states what they cost.

    The counts are weights of the private model, so that checkpoints carry the account
    with them.

    Args:
        settings: of the training.
        add_weight: `keras.Layer.add_weight` of the private model.

    Attributes:
        settings: as given.
    """

    def __init__(
        self, settings: CalibratedSettings, add_weight: Callable[..., keras.Variable]
    ) -> None:
        self.settings = settings
        # Files of private models hold these weights in this order.
        self._steps = _counter(add_weight, "private_steps")
        self._fixed_steps = _counter(add_weight, "private_steps_of_fixed_batches")
        self._origin = add_weight(
            name="private_account",
            shape=(2,),
            initializer="zeros",
            trainable=False,
            dtype="float32",
            autocast=False,
        )
        self._origin.assign([settings.noise_multiplier, settings.sampling_rate])

    @property
    def steps(self) -> int:
        """Steps so far, also those before a checkpoint was loaded."""
        return int(keras.ops.convert_to_numpy(self._steps))

    def count_step(self, poisson: bool) -> None:
        """Count a step, as part of the computation of that step.

        Args:
            poisson: whether its batch is a Poisson sample.
        """
        self._steps.assign_add(1)
        if not poisson:
            self._fixed_steps.assign_add(1)

    def spent(self) -> EpsilonDelta:
        """Epsilon and delta, of one example, of the steps so far."""
        self.check_origin()
        return EpsilonDelta(self._cost(1).epsilon, self.settings.delta)

    def statement(self, images_per_patient: int = 1) -> TrainingStatement:
        """What the steps so far guarantee.

        Args:
            images_per_patient: greatest number of images of one patient.

        Raises:
            ValueError: if that is no whole number of 1 or more.
        """
        self.check_origin()
        settings = self.settings
        images = whole_number(images_per_patient, "images_per_patient")
        cost = self._cost(1)
        fixed = int(keras.ops.convert_to_numpy(self._fixed_steps))
        epochs = math.ceil(self.steps * settings.batch_size / settings.train_size)
        return TrainingStatement(
            epsilon=cost.epsilon,
            delta=settings.delta,
            method=cost.method,
            sampling="fixed" if fixed else "poisson",
            epsilon_without_sampling=sgd.sampled_gaussian(
                settings.noise_multiplier, 1, epochs, settings.delta
            ).epsilon,
            steps=self.steps,
            noise_multiplier=settings.noise_multiplier,
            clip=settings.clip,
            batch_size=settings.batch_size,
            train_size=settings.train_size,
            images_per_patient=images,
            patient_epsilon=self._cost(images).epsilon,
        )

    def check_origin(self) -> None:
        """Raise ValueError if a checkpoint of other noise or another sampling rate was
        loaded."""
        loaded = keras.ops.convert_to_numpy(self._origin)
        expected = [self.settings.noise_multiplier, self.settings.sampling_rate]
        if not np.allclose(loaded, expected, rtol=1e-4):
            raise ValueError(
                "The weights are of a private training with noise_multiplier = "
                f"{loaded[0]:.6g} and sampling rate {loaded[1]:.4g}; this model was "
                f"made with {expected[0]:.6g} and {expected[1]:.4g}. Give make_private "
                "the same noise_multiplier, batch_size and train_size to go on."
            )

    def check_budget(self, steps: int) -> None:
        """Raise ValueError if the budget does not last for so many steps more."""
        planned = self.settings.planned_steps
        if planned is not None and self.steps + steps > planned:
            raise ValueError(
                f"epsilon = {self.settings.epsilon:g} lasts for {planned} steps. "
                f"{self.steps} are done, and {steps} more were asked for. Give "
                "make_private more epochs."
            )

    def _cost(self, images: int) -> Cost:
        settings = self.settings
        return sgd.group(
            images,
            settings.noise_multiplier,
            settings.sampling_rate,
            self.steps,
            settings.delta,
        )


def _counter(add_weight: Callable[..., keras.Variable], name: str) -> keras.Variable:
    return add_weight(
        name=name, shape=(), initializer="zeros", trainable=False, dtype="int32"
    )
