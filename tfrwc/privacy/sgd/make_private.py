"""Private training of any Keras 3 model, by DP-SGD.

>>> from tfrwc.privacy import make_private, poisson_batches
>>> private = make_private(model, epsilon=3.0, batch_size=256, epochs=10,
...                        train_size=len(x))                   # doctest: +SKIP
>>> private.compile("adam", "sparse_categorical_crossentropy")  # doctest: +SKIP
>>> private.fit(poisson_batches(x, y, batch_size=256), epochs=10)  # doctest: +SKIP
>>> private.privacy_spent()                                     # doctest: +SKIP
EpsilonDelta(epsilon=2.999, delta=2.1e-05)

Each step clips the gradient of every example, sums them, and adds Gaussian noise
(Abadi et al., arXiv:1607.00133). Clipping needs no backward pass of its own for each
example, see `tfrwc.privacy.sgd.per_example`; noise and mean are queries of
tensorflow-privacy, the account is by privacy loss distributions.
"""

from typing import Any

import keras

from tfrwc.privacy.sgd.account.history import EXAMPLE, check_unit, stages
from tfrwc.privacy.sgd.account.lineage import up_to_date
from tfrwc.privacy.sgd.augmentation import check_augmentation
from tfrwc.privacy.sgd.private_model import PrivateModel
from tfrwc.privacy.sgd.settings import TrainingSettings
from tfrwc.privacy.sgd.units import Units


def make_private(
    model: keras.Model,
    *,
    epsilon: float | None = None,
    noise_multiplier: float | None = None,
    delta: float | None = None,
    clip: float = 1.0,
    batch_size: int,
    epochs: int | None = None,
    train_size: int | None = None,
    unit: str = EXAMPLE,
    units: Any = None,
    images_per_unit: int | None = None,
    physical_batch_size: int | None = None,
    augmentation: Any = None,
    augmentation_multiplicity: int = 1,
    insecure_seed: int | None = None,
    noise: str = "fast",
) -> PrivateModel:
    """Wrap a model so that `compile` and `fit` train it privately.

    The weights stay those of `model`; `PrivateModel.model` gives it back. A model that
    was trained privately before, in this process or in what its file says, brings its
    account along: the new training goes on with it.

    Args:
        model: any Keras 3 model, whose layers treat the examples one by one.
        epsilon: the budget for `epochs`, and for what was done to the model privately
            before: noise is calibrated to it, and training past it is refused.
        noise_multiplier: instead of epsilon, the standard deviation of the noise over
            `clip`.
        delta: delta of the guarantee; None for 1 / (10 train_size).
        clip: greatest L2 norm of the gradient of an example; may be infinity if there
            is no noise.
        batch_size: expected number of examples in a step. The noisy sum is divided by
            it, also in a last batch with fewer; without noise, by the actual number.
        epochs: number of epochs, of ceil(train_size / batch_size) steps each, that the
            budget is for.
        train_size: number of training examples; with `units` it may be left out.
        unit: what the guarantee is for one of, as a noun: ``"example"``, or what has
            several of them, such as ``"patient"`` or ``"user"``. The gradients of its
            examples in a step are averaged and clipped as one, and batch_size and
            train_size count units.
        units: names or numbers (n,) of the unit that each training example belongs to:
            for fits on the arrays themselves, and to know how many there are.
        images_per_unit: most examples of a unit in a step, drawn at random anew for
            each; None for all.
        physical_batch_size: most examples in memory at once; None for whole batches.
            The step is the same.
        augmentation: Keras layer or model that changes the inputs at random, one by
            one, in training alone.
        augmentation_multiplicity: number of views of each example in a step, whose mean
            gradient is clipped (De et al., arXiv:2204.13650). A step takes that many
            times as long, and costs the same privacy.
        insecure_seed: makes the noise repeatable, for tests: whoever knows it can
            subtract the noise.
        noise: ``"fast"``, by TensorFlow's Philox generator, or ``"secure"``, by the
            cryptographic one that also images are released with. It runs on the CPU,
            and not within XLA; see `benchmarks/secure_noise.py` for what it costs.

    Returns:
        `PrivateModel`.

    Raises:
        ValueError: if an argument is out of its range, the unit of an example is
            missing, delta is not below 1 / train_size, epsilon and noise_multiplier
            contradict each other, or the model cannot be trained privately; the message
            has the remedy.
        TypeError: if model is no Keras model, or augmentation neither a layer nor None.
    """
    if not isinstance(model, keras.Model):
        raise TypeError(
            "model must be a Keras 3 model. Received: "
            f"{type(model).__name__}. Put a layer into keras.Sequential."
        )
    of_units = _units(unit, units)
    settings = TrainingSettings(
        train_size=_train_size(train_size, unit, of_units),
        unit=unit,
        images_per_unit=images_per_unit,
        batch_size=batch_size,
        epochs=epochs,
        epsilon=epsilon,
        noise_multiplier=noise_multiplier,
        delta=delta,
        clip=clip,
        physical_batch_size=physical_batch_size,
        augmentation_multiplicity=augmentation_multiplicity,
        insecure_seed=insecure_seed,
        noise=noise,
    )
    check_augmentation(augmentation, settings.augmentation_multiplicity)
    history = up_to_date(model).history()
    check_unit(history, settings.unit)
    return PrivateModel(
        model, settings.calibrated(stages(history)), augmentation, of_units
    )


def _units(unit: str, units: Any) -> Units | None:
    if units is None:
        return None
    if unit == EXAMPLE:
        raise ValueError(
            "units say which examples belong together. Received: unit='example'. Say "
            "what they are, such as unit='patient', or leave units out."
        )
    return Units(units)


def _train_size(train_size: int | None, unit: str, units: Units | None) -> int:
    if units is None:
        if train_size is None:
            raise ValueError(
                f"make_private needs train_size, the number of training {unit}s"
                f"{'' if unit == EXAMPLE else ', or units'}. Received: None."
            )
        return train_size
    if train_size not in (None, units.count):
        raise ValueError(
            f"train_size is the number of {unit}s: there are {units.count:,} in units, "
            f"of {units.examples:,} examples. Received: {train_size!r}. Leave it out."
        )
    return units.count
