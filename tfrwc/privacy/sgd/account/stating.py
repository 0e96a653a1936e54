"""The statement of a private training, from its history, or of one that is planned.

>>> from tfrwc.privacy.sgd.settings import TrainingSettings
>>> settings = TrainingSettings(train_size=1000, batch_size=100, epochs=2, epsilon=3.0)
>>> print(planned_statement(settings.calibrated()).summary())
epsilon 3, delta 0.0001, for an image
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tfrwc._common.checks import whole_number
from tfrwc.privacy import noise
from tfrwc.privacy.accounting import sgd
from tfrwc.privacy.accounting.sgd import Stage
from tfrwc.privacy.sgd.account import history as histories
from tfrwc.privacy.sgd.account.history import EXAMPLE, Counts, History, Run
from tfrwc.privacy.sgd.settings import CalibratedSettings
from tfrwc.privacy.sgd.statement import GENERATOR, TrainingStatement

if TYPE_CHECKING:
    from tfrwc.privacy.sgd.account.ledger import Ledger

_SECURE = f"{noise.GENERATOR}, keyed by 256 random bits of the operating system"
_SEEDED = "; here keyed by insecure_seed: whoever knows it can subtract the noise"

OF_THE_LAST = (
    "Of the {count} trainings of these weights, the numbers of a step, as how many "
    "images of one {unit} are in it, are those of the last; epsilon is of all."
)


def training_statement(
    settings: CalibratedSettings,
    ledger: "Ledger",
    images_per_patient: int,
) -> TrainingStatement:
    """State what was done.

    Args:
        settings: of the training.
        ledger: of all that was done to the weights.
        images_per_patient: greatest number of images of one patient.

    Raises:
        ValueError: if that is no whole number of 1 or more.
    """
    return _statement(settings, ledger.history(), ledger.notes, images_per_patient)


def planned_statement(
    settings: CalibratedSettings, images_per_patient: int = 1
) -> TrainingStatement:
    """State what will have been done when all epochs are, on Poisson samples.

    Args:
        settings: of the training, with epochs, from weights that have none of these
            images behind them.
        images_per_patient: as of `training_statement`.

    Raises:
        ValueError: if there are no epochs, or as `training_statement`.
    """
    if settings.epochs is None:
        raise ValueError("A plan is for a number of epochs. Received: epochs = None.")
    counts = Counts(poisson=settings.epochs * settings.steps_per_epoch)
    noise, rate = settings.noise_multiplier, settings.sampling_rate
    history = {"planned": Run(noise, rate, counts, settings.unit)}
    return _statement(settings, history, (), images_per_patient)


def _statement(
    settings: CalibratedSettings,
    history: History,
    notes: Sequence[str],
    images_per_patient: int,
) -> TrainingStatement:
    images = whole_number(images_per_patient, "images_per_patient")
    is_own_unit = settings.unit != EXAMPLE
    if is_own_unit and images > 1:
        raise ValueError(
            f"Epsilon is for a {settings.unit} with all images. Received: "
            f"images_per_patient={images}. Leave it out."
        )
    stages, delta = histories.stages(history), settings.delta
    without_sampling = histories.stages_without_order(history)
    cost = sgd.composed(stages, delta)
    if is_own_unit and len(history) > 1:
        notes = [*notes, OF_THE_LAST.format(count=len(history), unit=settings.unit)]
    of_poisson = all(run.counts.steps == run.counts.poisson for run in history.values())
    return TrainingStatement(
        epsilon=cost.epsilon,
        delta=delta,
        method=cost.method,
        sampling="poisson" if of_poisson else "fixed",
        epsilon_without_sampling=sgd.composed(without_sampling, delta).epsilon,
        steps=histories.steps(history),
        noise_multiplier=settings.noise_multiplier,
        clip=settings.clip,
        batch_size=settings.batch_size,
        train_size=settings.train_size,
        images_per_patient=images,
        patient_epsilon=sgd.composed(stages, delta, images).epsilon,
        generator=_generator(settings),
        rests_on=tuple(notes),
        stages=tuple(map(_sentence, stages)) if len(stages) > 1 else (),
        unit=settings.unit if is_own_unit else "image",
        images_per_unit=settings.images_per_unit,
        account=tuple(map(tuple, stages)),
        account_without_sampling=tuple(map(tuple, without_sampling)),
    )


def _generator(settings: CalibratedSettings) -> str:
    name = _SECURE if settings.noise == "secure" else GENERATOR
    return name + (_SEEDED if settings.insecure_seed is not None else "")


def _sentence(stage: Stage) -> str:
    noise, rate, steps = stage
    return f"{steps:,} steps of noise {noise:.4g}, each with a share of {rate:.4g}"
