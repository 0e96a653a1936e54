"""Train a β-VAE for every β and seed at once.

>>> from tfrwc.disentangle import BetaSweep, BetaVAE
>>> def build(seed):
...     return BetaVAE(shape=2, n_latents=2, encoder="linear", noise=0.5, seed=seed)
>>> sweep = BetaSweep(betas=[0.5, 1, 2, 4], seeds=range(3), build=build)
>>> sweep.fit(x).to_frame()                                     # doctest: +SKIP

All members are one stack of weights and one compiled program. Where a single small
model leaves the machine idle between its operations, which is so for linear and dense
networks, the whole sweep takes little longer than one of them.
"""

import hashlib
import itertools
import math
import warnings
from pathlib import Path

import keras
import numpy as np
import pandas as pd

from tfrwc.compat.extras import extra
from tfrwc.disentangle._ensemble import TERMS, Ensemble
from tfrwc.disentangle._training import listed, train
from tfrwc.disentangle.beta_vae import BetaVAE

_ACTIVE = 0.01


class BetaSweep:
    """β-VAEs of one architecture over β and seeds.

    A seed decides a member's initial weights, order of examples and noise; these do not
    depend on which other members there are. The networks must be without state: no
    BatchNormalization or Dropout.

    Args:
        betas: weights of the divergence, above 0.
        seeds: whole numbers in 0..2**31 - 1; every β is trained with every seed.
        build: function of a seed that returns a `BetaVAE`, whose own β is not used;
            None for a dense one with at most 10 latents.
        epochs: passes over the examples.
        batch_size: examples per step.
        learning_rate: of Adam, decayed to 0 along a cosine.
        patience: None; or a member stops where its mean loss has not improved by 1e-4
            of itself for that many epochs.
        verbose: 1 for a progress bar.

    Attributes:
        history_: DataFrame, a row per epoch and member: epoch, beta, seed, loss,
            log_likelihood, rate, distortion, means over the epoch while it trains.
        rates_: (members, n_latents), mean divergence of each latent in nats, in the
            order of `to_frame`.

    Raises:
        ValueError: if an argument is not as above.
    """

    def __init__(
        self,
        betas,
        seeds,
        build=None,
        *,
        epochs=100,
        batch_size=64,
        learning_rate=1e-3,
        patience=None,
        verbose=0,
    ):
        self.betas = _betas(betas)
        self.seeds = _seeds(seeds)
        for name, value in (("epochs", epochs), ("batch_size", batch_size)):
            _check_count(name, value)
        if patience is not None:
            _check_count("patience", patience)
        if not 0 < learning_rate < np.inf:
            raise ValueError(
                f"learning_rate must be above 0. Received: {learning_rate!r}."
            )
        self.build = build
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.patience = patience
        self.verbose = verbose

    def fit(self, x, path=None):
        """Train all members.

        Args:
            x: examples (n, …), as the models take them.
            path: None; or an .npz file that keeps the state of the training after each
                epoch. If it is there already, training goes on from it.

        Returns:
            self.

        Raises:
            ValueError: if x does not fit the models, or `path` holds another sweep.
        """
        x = _examples(x)
        path = None if path is None else Path(path)
        return self._take(x, [_train(self, self._members(), x, path)])

    def fit_on_beam(self, x, path, members_at_once=16, options=None):
        """Train all members in parts, each a task of an Apache Beam pipeline.

        Args:
            x: examples (n, …).
            path: folder, which all workers can reach, for x and an .npz file of each
                part. Run again, parts that were begun go on.
            members_at_once: of one part.
            options: of the pipeline, `apache_beam.options.pipeline_options`; None for
                Beam's defaults.

        Returns:
            self.

        Raises:
            ImportError: without Apache Beam.
            ValueError: as `fit`.
        """
        with extra("beam"):
            import apache_beam as beam

        _check_count("members_at_once", members_at_once)
        x, folder = _examples(x), Path(path).absolute()
        folder.mkdir(parents=True, exist_ok=True)
        np.save(folder / "x.npy", x)
        members = self._members()
        parts = [
            (members[i : i + members_at_once], folder / f"part-{i:05}.npz")
            for i in range(0, len(members), members_at_once)
        ]

        def train_part(part):
            return _train(self, part[0], np.load(folder / "x.npy"), part[1])

        with beam.Pipeline(options=options) as pipeline:
            tasks = pipeline | beam.Create(parts) | beam.Reshuffle()
            _ = tasks | beam.Map(lambda part: len(train_part(part)))
        return self._take(x, [train_part(part) for part in parts])

    def to_frame(self) -> pd.DataFrame:
        """A row per member, of the trained models over all examples.

        Columns: beta; seed; objective, E_q log p(x|z) - β rate; log_likelihood; rate;
        distortion; active_latents, with a variance of their mean above 0.01; noise η
        and water_level β η², NaN for Bernoulli; epochs trained; stopped, whether early.
        """
        frame, trained = self._frame(), self._trained
        frame["objective"] = -trained["loss"]
        for term in TERMS[1:]:
            frame[term] = trained[term]
        frame["active_latents"] = (trained["variances"] > _ACTIVE).sum(axis=1)
        noise = [vae.noise for vae in self._each()]
        frame["noise"] = np.array(noise, float)
        frame["water_level"] = frame["beta"] * frame["noise"] ** 2
        frame["epochs"] = np.isfinite(trained["history"][:, 0]).sum(axis=0)
        frame["stopped"] = frame["epochs"] < self.epochs
        return frame

    @property
    def history_(self) -> pd.DataFrame:
        rows = []
        frame = self._frame()
        for epoch, terms in enumerate(self._trained["history"]):
            values = dict(zip(TERMS, terms, strict=True))
            rows.append(frame.assign(epoch=epoch, **values).dropna(subset="loss"))
        return pd.concat(rows, ignore_index=True)

    @property
    def rates_(self) -> np.ndarray:
        self._check_fitted()
        return self._trained["rates"]

    def member(self, beta, seed) -> BetaVAE:
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

    def codes(self, x) -> np.ndarray:
        """Means of q(z|x) of all members, in the order of `to_frame`.

        Returns:
            float32 (members, n, n_latents).
        """
        self._check_fitted()
        return np.stack(
            [vae.predict(x, batch_size=256, verbose=0)["mean"] for vae in self._each()]
        )

    def make(self, seed, shape) -> BetaVAE:
        """A new, untrained model for examples of a shape."""
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

    def _become(self, vae, index):
        """Give a model the β and the weights of a member."""
        vae.beta = self._members()[index][0]
        weights = listed(self._trained, "weight")
        for variable, value in zip(vae.trainable_variables, weights, strict=True):
            variable.assign(value[index])

    def _each(self):
        """One model as each member in turn: to make one takes longer than to use it."""
        vae = self.make(self.seeds[0], self._shape)
        for index in range(len(self._members())):
            self._become(vae, index)
            yield vae

    def _members(self):
        return list(itertools.product(self.betas, self.seeds))

    def _frame(self):
        self._check_fitted()
        return pd.DataFrame(self._members(), columns=["beta", "seed"])

    def _take(self, x, parts):
        self._shape = x.shape[1:]
        longest = max(len(part["history"]) for part in parts)
        for part in parts:
            rest = longest - len(part["history"])
            part["history"] = np.pad(
                part["history"], ((0, rest), (0, 0), (0, 0)), constant_values=np.nan
            )
        self._trained = {
            key: np.concatenate(
                [part[key] for part in parts], axis=2 if key == "history" else 0
            )
            for key in parts[0]
        }
        lost = [
            member
            for member, loss in zip(self._members(), self._trained["loss"], strict=True)
            if not np.isfinite(loss)
        ]
        if lost:
            warnings.warn(
                f"The loss of {len(lost)} members (beta, seed) is not finite: {lost}. "
                "A lower learning_rate may help.",
                stacklevel=3,
            )
        return self

    def _check_fitted(self):
        if not hasattr(self, "_trained"):
            raise ValueError("This sweep is not trained yet. Call fit first.")


def _train(sweep, members, x, path) -> dict:
    betas, seeds = zip(*members, strict=True)
    models = {seed: sweep.make(seed, x.shape[1:]) for seed in set(seeds)}
    starts = [
        [keras.ops.convert_to_numpy(v) for v in models[seed].trainable_variables]
        for seed in seeds
    ]
    template = models[seeds[0]]
    weights = [np.stack(values) for values in zip(*starts, strict=True)]
    ensemble = Ensemble(
        template,
        betas,
        seeds,
        weights,
        x,
        batch_size=sweep.batch_size,
        learning_rate=sweep.learning_rate,
        epochs=sweep.epochs,
    )
    settings = {
        "members": members,
        "epochs": sweep.epochs,
        "batch_size": sweep.batch_size,
        "learning_rate": sweep.learning_rate,
        "patience": sweep.patience,
        "likelihood": template.likelihood,
        "posterior": template.posterior,
        "noise": template.given_noise,
        "weights": [w.shape for w in weights],
        "networks": _outputs(template),
        "x": hashlib.sha256(np.ascontiguousarray(x)).hexdigest(),
    }
    return train(ensemble, sweep.epochs, sweep.patience, sweep.verbose, path, settings)


def _outputs(vae):
    """What an untrained model makes of one x, which tells networks of the same shapes
    from each other, or fixed decoders."""
    x = np.linspace(0.1, 1, math.prod(vae.shape), dtype=np.float32)
    noise = np.linspace(0.5, 1, vae.n_latents, dtype=np.float32)
    inferred = vae.infer(x.reshape(1, *vae.shape), noise[None])
    parts = [keras.ops.convert_to_numpy(inferred[key]) for key in ("mean", "decoded")]
    return np.concatenate([part.ravel()[:100] for part in parts]).tolist()


def _examples(x):
    x = np.asarray(x, np.float32)
    if x.ndim < 2 or not len(x) or not np.isfinite(x).all():
        raise ValueError(
            f"x must be finite examples (n, …). Received: shape {x.shape}, "
            f"{int((~np.isfinite(x)).sum())} values not finite."
        )
    return x


def _betas(betas):
    betas = np.asarray(betas, float)
    if (
        betas.ndim != 1
        or not len(betas)
        or not (np.isfinite(betas) & (betas > 0)).all()
    ):
        raise ValueError(f"betas must be numbers above 0. Received: {betas}.")
    if len(np.unique(betas)) < len(betas):
        raise ValueError(f"betas must differ from each other. Received: {betas}.")
    return tuple(betas.tolist())


def _seeds(seeds):
    seeds = tuple(seeds)
    whole = all(isinstance(s, (int, np.integer)) and 0 <= s < 2**31 for s in seeds)
    if not seeds or not whole or len(set(seeds)) < len(seeds):
        raise ValueError(
            "seeds must be one or more different whole numbers in 0..2**31 - 1. "
            f"Received: {seeds}."
        )
    return tuple(int(seed) for seed in seeds)


def _check_count(name, value):
    if not isinstance(value, (int, np.integer)) or value < 1:
        raise ValueError(f"{name} must be a whole number above 0. Received: {value!r}.")
