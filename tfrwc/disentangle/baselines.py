"""What the codes of a β-VAE are held against: encoders without its divergence.

>>> from tfrwc.disentangle import baselines
>>> found = baselines.pca(images, n_latents=10)                     # doctest: +SKIP
>>> found = baselines.autoencoder(images, n_latents=10, seed=0)     # doctest: +SKIP
>>> found.codes                                                     # doctest: +SKIP

Each takes examples x (n, …) and gives codes (n, n_latents), for the same scores and
readouts. The networks are those of `tfrwc.disentangle.BetaVAE`, and as large.
"""

from dataclasses import dataclass, field

import keras
import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.decomposition import PCA, FastICA

from tfrwc._common.checks import one_of
from tfrwc.disentangle.beta_vae import LIKELIHOODS, BetaVAE
from tfrwc.disentangle.checks import check_data, count
from tfrwc.disentangle.sweep.options import TrainingOptions
from tfrwc.models import vae as networks

_BATCH = 256  # for predictions
_ICA_STEPS = 1000

Floats = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Encoded:
    """Codes of a baseline.

    Attributes:
        codes: (n, n_latents).
        losses: (epochs,), means over each epoch while it was trained; empty for what is
            not trained by gradients.
    """

    codes: Floats
    losses: Floats = field(default_factory=lambda: np.zeros(0))


def pca(x: ArrayLike, n_latents: int) -> Encoded:
    """Principal components, of variance 1 each.

    Raises:
        ValueError: if x has fewer examples, or values in each, than latents.
    """
    flat = _flat(x, n_latents)
    # By the covariance: the decomposition of all images at once takes gigabytes.
    find = PCA(n_latents, whiten=True, svd_solver="covariance_eigh")
    return Encoded(find.fit_transform(flat))


def ica(x: ArrayLike, n_latents: int, seed: int = 0) -> Encoded:
    """Independent components of the principal ones, by scikit-learn's FastICA, which
    warns where its 1,000 steps do not find them.

    Args:
        x: examples (n, …).
        n_latents: how many components.
        seed: of the first guess.

    Raises:
        ValueError: if x has fewer examples, or values in each, than latents.
    """
    white = pca(x, n_latents).codes
    find = FastICA(whiten=False, max_iter=_ICA_STEPS, random_state=seed)
    return Encoded(find.fit_transform(white))


def random_encoder(
    x: ArrayLike, n_latents: int, encoder: str = "dense", seed: int = 0
) -> Encoded:
    """The means of q(z|x) of a `BetaVAE` that was never trained.

    Args:
        x: examples (n, …).
        n_latents: of the model.
        encoder: a name of `tfrwc.models.vae`.
        seed: of its weights.

    Raises:
        ValueError: if an argument is not as above.
    """
    examples = _examples(x)
    vae = BetaVAE(examples.shape[1:], n_latents, encoder=encoder, seed=seed)
    return Encoded(vae.predict(examples, batch_size=_BATCH, verbose=0)["mean"])


def autoencoder(
    x: ArrayLike,
    n_latents: int,
    encoder: str = "dense",
    likelihood: str = "bernoulli",
    options: TrainingOptions | None = None,
    seed: int = 0,
) -> Encoded:
    """A plain autoencoder: a β-VAE with β = 0, whose codes are not drawn.

    It minimises -log p(x|z) per value of x, but for constants, at the code z of x, with
    the networks of a `BetaVAE`.

    Args:
        x: examples (n, …); within 0..1 for ``"bernoulli"``.
        n_latents: dimensions of z.
        encoder: a name of `tfrwc.models.vae`, of both networks.
        likelihood: ``"bernoulli"`` or ``"gaussian"``.
        options: how it is trained, but for patience; None for as a `BetaSweep` is by
            default.
        seed: of weights and order of examples; Keras' own generators are set to it.

    Raises:
        ValueError: if an argument is not as above.
    """
    one_of(likelihood, LIKELIHOODS, "likelihood")
    examples = _examples(x)
    check_data(examples, likelihood)
    to_codes, seeds = _encoder(examples.shape[1:], n_latents, encoder, seed)
    to_x = networks.decoder(encoder, examples.shape[1:], n_latents, seeds[2])
    if likelihood == "bernoulli":
        loss: keras.losses.Loss = keras.losses.BinaryCrossentropy(from_logits=True)
    else:
        loss = keras.losses.MeanSquaredError()
    flat = examples.reshape(len(examples), -1)
    whole = [to_codes, to_x, keras.layers.Flatten()]
    losses = _train(whole, examples, flat, loss, options, seed)
    return Encoded(to_codes.predict(examples, batch_size=_BATCH, verbose=0), losses)


def supervised_encoder(
    x: ArrayLike,
    labels: ArrayLike,
    n_latents: int,
    encoder: str = "dense",
    options: TrainingOptions | None = None,
    seed: int = 0,
    known: ArrayLike | None = None,
) -> Encoded:
    """An encoder that was told the labels: what codes of this size can know of them.

    It minimises the cross-entropy of labels that are read linearly from its codes.

    Args:
        x: examples (n, …).
        labels: whole numbers (n,).
        n_latents: dimensions of the codes.
        encoder: a name of `tfrwc.models.vae`.
        options: as of `autoencoder`.
        seed: as of `autoencoder`.
        known: bools (n,), the points whose labels it is told; None for all. Only with
            those of a split's training it is told nothing of what the split tests.

    Raises:
        ValueError: if an argument is not as above.
    """
    examples, given = _examples(x), np.asarray(labels)
    told = np.ones(len(examples), bool) if known is None else np.asarray(known)
    if given.shape != told.shape or not np.issubdtype(given.dtype, np.integer):
        raise ValueError(
            f"labels must be whole numbers ({len(examples)},), one for each example. "
            f"Received: {given.dtype} {given.shape}."
        )
    if told.dtype != bool or told.shape != (len(examples),) or not told.any():
        raise ValueError(
            f"known must be bools ({len(examples)},), not all of them False. Received: "
            f"{told.dtype} {told.shape}."
        )
    values, classes = np.unique(given[told], return_inverse=True)
    to_codes, seeds = _encoder(examples.shape[1:], n_latents, encoder, seed)
    read = keras.layers.Dense(
        len(values),
        kernel_initializer=keras.initializers.GlorotUniform(seeds[2]),
        name="labels",
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    whole = [to_codes, read]
    losses = _train(whole, examples[told], classes.reshape(-1), loss, options, seed)
    return Encoded(to_codes.predict(examples, batch_size=_BATCH, verbose=0), losses)


def _encoder(
    shape: tuple[int, ...], n_latents: int, name: str, seed: int
) -> tuple[keras.Model, list[int]]:
    """A network from x to codes, and seeds, the last of which is not used yet."""
    seeds = [int(s) for s in np.random.SeedSequence(seed).generate_state(3) // 2]
    head = keras.Sequential(
        [
            keras.layers.Flatten(),
            keras.layers.Dense(
                count(n_latents, "n_latents"),
                kernel_initializer=keras.initializers.GlorotUniform(seeds[1]),
                name="codes",
            ),
        ]
    )
    features = networks.encoder(name, shape, seeds[0])
    return keras.Sequential([features, head]), seeds


def _train(
    layers: list[keras.layers.Layer],
    x: Floats,
    y: NDArray[np.generic],
    loss: keras.losses.Loss,
    options: TrainingOptions | None,
    seed: int,
) -> Floats:
    """Train layers, one after another, as a sweep trains its members; the losses."""
    how = options or TrainingOptions()
    steps = -(-len(x) // how.batch_size) * how.epochs
    schedule = keras.optimizers.schedules.CosineDecay(how.learning_rate, steps)
    model = keras.Sequential(layers)
    model.compile(keras.optimizers.Adam(schedule), loss)
    keras.utils.set_random_seed(seed)
    history = model.fit(
        x, y, batch_size=how.batch_size, epochs=how.epochs, verbose=0
    ).history
    return np.array(history["loss"])


def _examples(x: ArrayLike) -> NDArray[np.float32]:
    """x as float32.

    Raises:
        ValueError: if it is not finite numbers (n, …).
    """
    examples = np.asarray(x, np.float32)
    if examples.ndim < 2 or not examples.size:
        raise ValueError(f"x must be examples (n, …). Received: {examples.shape}.")
    check_data(examples, "gaussian")
    return examples


def _flat(x: ArrayLike, n_latents: int) -> NDArray[np.float64]:
    examples = _examples(x)
    flat = examples.reshape(len(examples), -1).astype(np.float64)
    if count(n_latents, "n_latents") > min(flat.shape):
        raise ValueError(
            "n_latents must be at most the number of examples and of values in each. "
            f"Received: {n_latents} for {flat.shape[0]} examples of {flat.shape[1]}."
        )
    return flat
