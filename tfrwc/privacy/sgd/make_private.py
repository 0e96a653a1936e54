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
tensorflow-privacy, the account is dp-accounting's.
"""

import math

import numpy as np

from tfrwc._common.checks import is_number
from tfrwc.privacy.accounting import sgd
from tfrwc.privacy.arguments import check_delta, check_epsilon
from tfrwc.privacy.sgd import augmentation as _augmentation
from tfrwc.privacy.sgd.private_model import PrivateModel


def make_private(
    model,
    *,
    epsilon=None,
    noise_multiplier=None,
    delta=None,
    clip=1.0,
    batch_size,
    epochs=None,
    train_size,
    physical_batch_size=None,
    augmentation=None,
    augmentation_multiplicity=1,
    insecure_seed=None,
):
    """Wrap a model so that `compile` and `fit` train it privately.

    The weights stay those of `model`; `PrivateModel.model` gives it back.

    Args:
        model: any Keras 3 model, whose layers treat the examples one by one.
        epsilon: the budget for `epochs`: noise is calibrated to it, and training past
            it is refused.
        noise_multiplier: instead, standard deviation of the noise over `clip`.
        delta: of the guarantee; None for 1 / (10 train_size).
        clip: greatest L2 norm of the gradient of an example; infinity without noise.
        batch_size: expected number of examples in a step. The noisy sum is divided by
            it, also in a last batch with fewer; without noise, by the actual number.
        epochs: that the budget is for, of ceil(train_size / batch_size) steps.
        train_size: number of training examples.
        physical_batch_size: most examples in memory at once; None for whole batches.
            The step is the same.
        augmentation: Keras layer or model that changes the inputs at random, one by
            one, in training alone.
        augmentation_multiplicity: views of each example in a step, whose mean gradient
            is clipped (De et al., arXiv:2204.13650): a step takes as many times as
            long, and costs the same privacy.
        insecure_seed: makes the noise repeatable, for tests: whoever knows it can
            subtract the noise.

    Returns:
        `PrivateModel`.

    Raises:
        ValueError: if an argument is not as above, delta is not below 1 / train_size,
            both epsilon and noise_multiplier are given and do not agree, or the model
            cannot be trained privately; the message has the remedy.
        TypeError: if augmentation is no layer.
    """
    _check(batch_size, train_size, clip, epochs, physical_batch_size)
    _augmentation.check(augmentation, augmentation_multiplicity)
    delta = 1 / (10 * train_size) if delta is None else delta
    check_delta(delta)
    if delta >= 1 / train_size:
        raise ValueError(
            f"delta must be below 1 / train_size = {1 / train_size:.2g}: at that "
            "delta, publishing a random example would pass for private. Received: "
            f"{delta:g}. Leave it out for 1 / (10 train_size)."
        )
    rate, planned = batch_size / train_size, None
    if epsilon is not None:
        check_epsilon(epsilon)
        if epochs is None:
            raise ValueError("A budget epsilon needs epochs, that it is for.")
        planned = epochs * math.ceil(train_size / batch_size)
    noise_multiplier = _noise(epsilon, noise_multiplier, delta, rate, planned)
    if math.isinf(clip) and noise_multiplier > 0:
        raise ValueError(
            "clip=inf bounds nothing, so that no noise hides an example: it needs "
            f"noise_multiplier=0. Received: {noise_multiplier}."
        )
    return PrivateModel(
        model,
        noise_multiplier=noise_multiplier,
        delta=float(delta),
        clip=float(clip),
        batch_size=int(batch_size),
        train_size=int(train_size),
        epsilon=epsilon,
        planned_steps=planned,
        physical_batch_size=physical_batch_size,
        augmentation=augmentation,
        augmentation_multiplicity=augmentation_multiplicity,
        insecure_seed=insecure_seed,
    )


def _noise(epsilon, noise_multiplier, delta, rate, steps):
    if noise_multiplier is None:
        if epsilon is None:
            raise ValueError("Give epsilon, the budget, or noise_multiplier.")
        return sgd.noise_multiplier_for(epsilon, delta, rate, steps)
    if not is_number(noise_multiplier) or noise_multiplier < 0:
        raise ValueError(
            f"noise_multiplier must be 0 or more. Received: {noise_multiplier!r}."
        )
    if epsilon is not None:
        cost = sgd.sampled_gaussian(noise_multiplier, rate, steps, delta)
        if not math.isclose(cost.epsilon, epsilon, rel_tol=0.01):
            raise ValueError(
                f"noise_multiplier = {noise_multiplier:g} costs epsilon = "
                f"{cost.epsilon:.4g} in {steps} steps. Received: epsilon = "
                f"{epsilon:g}. Give one of the two."
            )
    return float(noise_multiplier)


def _check(batch_size, train_size, clip, epochs, physical_batch_size):
    for name, value in (
        ("train_size", train_size),
        ("batch_size", batch_size),
        ("epochs", epochs),
        ("physical_batch_size", physical_batch_size),
    ):
        may_be_none = name in ("epochs", "physical_batch_size")
        if value is None and may_be_none:
            continue
        if not isinstance(value, (int, np.integer)) or value < 1:
            raise ValueError(
                f"{name} must be a whole number of 1 or more. Received: {value!r}."
            )
    if batch_size > train_size:
        raise ValueError(
            f"batch_size must be at most train_size = {train_size}. Received: "
            f"{batch_size}."
        )
    if not isinstance(clip, (int, float, np.number)) or not clip > 0:
        raise ValueError(f"clip must be above 0. Received: {clip!r}.")
