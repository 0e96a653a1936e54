"""Train a β-VAE for every β and seed at once."""

import dataclasses
import itertools
import math
import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from tfrwc._common.paths import local_path
from tfrwc.disentangle.beta_vae import BetaVAE
from tfrwc.disentangle.checks import check_data
from tfrwc.disentangle.sweep.arguments import (
    distinct_betas,
    distinct_seeds,
    examples_of,
)
from tfrwc.disentangle.sweep.chance import codes_of
from tfrwc.disentangle.sweep.on_beam import train_on_beam
from tfrwc.disentangle.sweep.options import TrainingOptions
from tfrwc.disentangle.sweep.terms import TERMS
from tfrwc.disentangle.sweep.trained import Part, Trained, part_of
from tfrwc.disentangle.sweep.training import train_members

_ACTIVE = 0.01  # variance of its mean, above which a latent is
_VALUES_AT_ONCE = 2**20  # of x, that go through an encoder together


@dataclass(eq=False)
class BetaSweep(TrainingOptions):
    """β-VAEs of one architecture over β and seeds.

    A seed decides a member's initial weights, order of examples and noise; these do not
    depend on which other members there are. The networks must be without state: no
    BatchNormalization or Dropout.

    Args:
        betas: weights of the divergence, above 0.
        seeds: whole numbers in 0..2**31 - 1; every β is trained with every seed.
        build: function of a seed that returns a `BetaVAE`, whose own β is not used;
            None for a dense one with at most 10 latents.
        epochs: as of `TrainingOptions`.
        batch_size: as of `TrainingOptions`.
        learning_rate: as of `TrainingOptions`.
        patience: as of `TrainingOptions`.
        verbose: as of `TrainingOptions`.

    Attributes:
        history_: DataFrame, a row per epoch and member: epoch, beta, seed, loss,
            log_likelihood, rate, distortion, means over the epoch while it trains.
        rates_: (members, n_latents), mean divergence of each latent in nats, in the
            order of `to_frame`.

    Raises:
        ValueError: if an argument is not as above.
    """

    betas: Sequence[float]
    seeds: Sequence[int]
    build: Callable[[int], BetaVAE] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self.betas, self.seeds = distinct_betas(self.betas), distinct_seeds(self.seeds)

    def fit(
        self, x: ArrayLike, path: str | os.PathLike[str] | None = None
    ) -> "BetaSweep":
        """Train all members.

        Args:
            x: examples (n, …), as the models take them.
            path: None; or an .npz file that keeps the state of the training after each
                epoch. If it is there already, training goes on from it.

        Returns:
            self.

        Raises:
            ValueError: if x does not fit the models (for Bernoulli it must be within
                0..1), or `path` holds another sweep or is in no folder.
        """
        file = None if path is None else local_path(path)
        if file is not None and not file.parent.is_dir():
            raise ValueError(
                f"path must be a file in a folder that is there. Received: {file}. "
                "Make the folder first."
            )
        examples = self._examples(x)
        models = {seed: self.make(seed, examples.shape[1:]) for seed in self.seeds}
        trained = train_members(models, self._members(), examples, self, file)
        return self._take(examples, [part_of(trained)])

    def fit_on_beam(
        self,
        x: ArrayLike,
        path: str | os.PathLike[str],
        members_at_once: int | None = None,
        options: Any = None,
    ) -> "BetaSweep":
        """Train all members in parts, each a task of an Apache Beam pipeline.

        Args:
            x: examples (n, …).
            path: folder, which all workers can reach, for x and an .npz file of each
                part. If it is there already, parts that were begun go on. Weights of
                trained members stay there, and are read when they are needed.
            members_at_once: members in one part; None for as many as keep all workers
                that the options ask for busy, at most 16, or for as many as before.
            options: of the pipeline, `apache_beam.options.pipeline_options`; None for
                Beam's defaults.

        Returns:
            self.

        Raises:
            ImportError: without Apache Beam.
            ValueError: as `fit`, or if the sweep was begun with other parts.
        """
        folder, examples = local_path(path), self._examples(x)
        # Workers get the sweep without what it was trained to before.
        untrained, members = dataclasses.replace(self), self._members()
        parts = train_on_beam(
            untrained, members, examples, folder, members_at_once, options
        )
        return self._take(examples, parts)

    def to_frame(self) -> pd.DataFrame:
        """A row per member, of the trained models over all examples.

        Columns: beta; seed; objective, E_q log p(x|z) - β rate; log_likelihood; rate;
        distortion; active_latents, with a variance of their mean above 0.01; noise η
        and water_level β η², NaN for Bernoulli; epochs trained; stopped, whether early.
        """
        frame, trained = self._frame(), self._trained.numbers
        frame["objective"] = -trained["loss"]
        for term in TERMS[1:]:
            frame[term] = trained[term]
        frame["active_latents"] = (trained["variances"] > _ACTIVE).sum(axis=1)
        template = self.make(self.seeds[0], self._shape)
        learned = template.given_noise == "learned"
        noise = [vae.noise for vae in self._each()] if learned else template.noise
        frame["noise"] = np.array(noise, float)
        frame["water_level"] = frame["beta"] * frame["noise"] ** 2
        frame["epochs"] = np.isfinite(trained["history"][:, 0]).sum(axis=0)
        frame["stopped"] = frame["epochs"] < self.epochs
        return frame

    @property
    def history_(self) -> pd.DataFrame:
        """A row per epoch and member; see the class."""
        rows = []
        frame = self._frame()
        for epoch, terms in enumerate(self._trained.numbers["history"]):
            values = dict(zip(TERMS, terms, strict=True))
            rows.append(frame.assign(epoch=epoch, **values).dropna(subset="loss"))
        return pd.concat(rows, ignore_index=True)

    @property
    def rates_(self) -> NDArray[np.float64]:
        """Mean divergence of each latent; see the class."""
        self._check_fitted()
        return self._trained.numbers["rates"]

    def member(self, beta: float, seed: int) -> BetaVAE:
        """The trained model of that β and seed.

        Raises:
            ValueError: if there is none.
        """
        self._check_fitted()
        if (beta, seed) not in self._members():
            raise ValueError(
                f"The sweep has no member with beta {beta!r} and seed {seed!r}. It has "
                f"betas {self.betas} and seeds {self.seeds}."
            )
        vae = self.make(seed, self._shape)
        self._become(vae, self._members().index((beta, seed)))
        return vae

    def codes(self, x: ArrayLike, draw: int | None = None) -> NDArray[np.floating]:
        """Means of q(z|x) of all members, in the order of `to_frame`, or draws from it.

        Args:
            x: examples (n, …).
            draw: None for the means; or a seed, and z is drawn, with the same noise for
                each member.

        Returns:
            float32, or float64 as the models are: (members, n, n_latents).
        """
        means, scales = self.posteriors(x)
        return np.stack(
            [codes_of(m, s, draw) for m, s in zip(means, scales, strict=True)]
        )

    def posteriors(
        self, x: ArrayLike
    ) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
        """Parameters of q(z|x) of all members, in the order of `to_frame`.

        Args:
            x: examples (n, …).

        Returns:
            Means (members, n, n_latents); and scales, which are deviations of that
            shape, or for full covariances their triangular factors (members, n,
            n_latents, n_latents). float32, or float64 as the models are.
        """
        self._check_fitted()
        examples = examples_of(x)
        count = max(1, _VALUES_AT_ONCE // math.prod(self._shape))
        starts = range(0, len(examples), count)
        members = []
        for vae in self._each():
            parts = [vae.posterior_parameters(examples[i : i + count]) for i in starts]
            members.append(
                [np.concatenate(arrays) for arrays in zip(*parts, strict=True)]
            )
        means, scales = (np.stack(arrays) for arrays in zip(*members, strict=True))
        return means, scales

    def make(self, seed: int, shape: tuple[int, ...]) -> BetaVAE:
        """A new, untrained model for examples of a shape.

        Raises:
            ValueError: if `build` returns none, or one that a sweep cannot train.
        """
        if self.build is None:
            vae = BetaVAE(shape, min(10, math.prod(shape)), seed=seed)
        else:
            vae = self.build(seed)
        if not isinstance(vae, BetaVAE):
            raise ValueError(f"build must return a BetaVAE. Received: {vae!r}.")
        if vae.shape != shape:
            raise ValueError(
                f"build returned a model of examples of shape {vae.shape}. Received: x "
                f"with examples of shape {shape}."
            )
        # The model's own generator of noise, which the sweep does not use, is the one.
        if len(vae.non_trainable_variables) > 1 or vae.capacity is not None:
            raise ValueError(
                "A sweep trains models without capacity, all of whose variables are "
                "trainable. Received: capacity "
                f"{vae.capacity!r} and {len(vae.non_trainable_variables) - 1} other "
                "variables. Leave out BatchNormalization and Dropout; give a frozen "
                "network as a function, such as `lambda z: network(z)`."
            )
        return vae

    def _examples(self, x: ArrayLike) -> NDArray[Any]:
        """x as the models take it, if it is data of their likelihood."""
        examples = examples_of(x)
        template = self.make(self.seeds[0], examples.shape[1:])
        with np.errstate(over="ignore"):  # what overflows is no data
            examples = examples.astype(template.loss_dtype, copy=False)
        check_data(examples, template.likelihood)
        return examples

    def _become(self, vae: BetaVAE, index: int) -> None:
        """Give a model the β and the weights of a member."""
        vae.beta = self._members()[index][0]
        weights = self._trained.weights(index)
        for variable, value in zip(vae.trainable_variables, weights, strict=True):
            variable.assign(value)

    def _each(self) -> Iterator[BetaVAE]:
        """One model as each member in turn: to make one takes longer than to use it."""
        vae = self.make(self.seeds[0], self._shape)
        for index in range(len(self._members())):
            self._become(vae, index)
            yield vae

    def _members(self) -> list[tuple[float, int]]:
        return list(itertools.product(self.betas, self.seeds))

    def _frame(self) -> pd.DataFrame:
        self._check_fitted()
        return pd.DataFrame(self._members(), columns=["beta", "seed"])

    def _take(self, x: NDArray[np.float32], parts: Sequence[Part]) -> "BetaSweep":
        """Keep what came of the training of all parts."""
        self._shape, self._trained = x.shape[1:], Trained(parts)
        losses = self._trained.numbers["loss"]
        diverged = [
            member
            for member, loss in zip(self._members(), losses, strict=True)
            if not np.isfinite(loss)
        ]
        if diverged:
            warnings.warn(
                f"The loss of {len(diverged)} members (beta, seed) is not finite: "
                f"{diverged}. "
                "A lower learning_rate may help.",
                stacklevel=3,
            )
        return self

    def _check_fitted(self) -> None:
        if not hasattr(self, "_trained"):
            raise ValueError("This sweep is not trained yet. Call fit first.")
