"""A β-VAE: Keras 3 networks, TensorFlow Probability's distributions.

>>> from tfrwc.disentangle import BetaVAE
>>> vae = BetaVAE(shape=(64, 64, 1), n_latents=10, beta=4.0, encoder="conv",
...               likelihood="bernoulli")                       # doctest: +SKIP
>>> vae.compile("adam")                                         # doctest: +SKIP
>>> vae.fit(images, epochs=10)                                  # doctest: +SKIP
>>> vae.encode(images[:8]).mean()                               # doctest: +SKIP

The loss, in nats per example, is

    -E_q log p(x|z) + β KL(q(z|x) || N(0, I)),

with the sums over pixels and latents whole and the constants of log p in it, so that
`beta` means what it means in the theory. With a Gaussian likelihood of deviation η,
only the water level β η² decides the optimum; it is an attribute, and a metric in the
logs.
"""

import math
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from tfrwc._common.checks import one_of
from tfrwc.disentangle.checks import check_data, count
from tfrwc.disentangle.own_loss import OwnLoss, sample_weights
from tfrwc.disentangle.reconstruction import Reconstruction
from tfrwc.disentangle.vae_distributions import (
    Distribution,
    bernoulli,
    divergence,
    gaussian,
    mean_and_deviation,
    mean_and_factor,
    posterior_distribution,
)
from tfrwc.disentangle.vae_parts import (
    Schedule,
    at_step,
    decoder_network,
    encoder_network,
    example_shape,
    loss_dtype,
    number_or_schedule,
    posterior_head,
)

POSTERIORS = ("diagonal", "full")
LIKELIHOODS = ("gaussian", "bernoulli")


@keras.saving.register_keras_serializable("tfrwc")
class BetaVAE(OwnLoss):
    """A variational autoencoder with a weight β on its divergence.

    Compile with an optimizer alone and fit on x alone; labels serve for nothing but
    class_weight. Logs: loss; log_likelihood, E_q log p(x|z); rate, the divergence;
    distortion, E_q |x - x̂|² with x̂ the mean of p(x|z), all in sums over an example;
    beta; and water_level for a Gaussian. Weights of examples, which a data set gives
    as the last of (x, y, weights) with any numbers for y, count in all of them: as
    everywhere in Keras, the loss is the sum of what they multiply over the number of
    examples, the others are weighted means.

    The networks compute in the dtype policy of the model, also ``"mixed_float16"``,
    ``"mixed_bfloat16"`` and ``"float64"``. q(z|x), the codes, log p(x|z) and the loss
    are float32, or float64 where the policy is.

    Called on x (batch, *shape), it returns a dict: mean (batch, n_latents) of q(z|x);
    scale, its deviations, or for ``"full"`` the lower triangular factors (batch,
    n_latents, n_latents) of its covariances; codes, z drawn from it; and decoded
    (batch, *shape), means of x or, for Bernoulli, logits.

    Args:
        shape: of one x, a tuple or a whole number; images with their channels.
        n_latents: dimensions of z.
        beta: weight of the divergence: above 0, or a
            `keras.optimizers.schedules.LearningRateSchedule` of the training step.
        encoder: ``"linear"``, ``"dense"`` or ``"conv"``, see `tfrwc.models.vae`; or a
            Keras model from x to features of any shape. A dense layer from there to
            the parameters of q(z|x) is added.
        decoder: None for the counterpart of the encoder; a name as above; a Keras
            model from z to the mean of x, or its logits; or a function of z that is
            kept as it is, such as a known true decoder. A file of the model names the
            function: load it with ``custom_objects={"name": function}``.
        posterior: ``"diagonal"`` or ``"full"`` covariance of q(z|x).
        likelihood: ``"gaussian"``, or ``"bernoulli"`` for x in 0..1.
        noise: η of the Gaussian: above 0, or ``"learned"``, one for all pixels.
        capacity: None; or C in nats, a number or a schedule, and the divergence enters
            as β |KL - C| (Burgess et al., arXiv:1804.03599).
        seed: of initial weights of the named networks and of the codes; None for any.
        kwargs: name and dtype, the policy, of a Keras model.

    Raises:
        ValueError: if an argument is not as above. In training and evaluation, before
            anything is changed, if x is not finite, or for Bernoulli not within 0..1:
            arrays as a whole, of data sets the first batch.
    """

    def __init__(
        self,
        shape: int | tuple[int, ...],
        n_latents: int,
        *,
        beta: float | Schedule = 1.0,
        encoder: str | keras.Model = "dense",
        decoder: str | keras.Model | Callable[[Any], Any] | None = None,
        posterior: str = "diagonal",
        likelihood: str = "gaussian",
        noise: float | str = 1.0,
        capacity: float | Schedule | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.loss_dtype = loss_dtype(self.dtype_policy)
        self.shape = example_shape(shape)
        self.n_latents = count(n_latents, "n_latents")
        self.beta = beta
        self.capacity = capacity
        self.posterior = one_of(posterior, POSTERIORS, "posterior")
        self.likelihood = one_of(likelihood, LIKELIHOODS, "likelihood")
        self.seed = seed
        if decoder is None:
            if isinstance(encoder, keras.Model):
                raise ValueError(
                    "An encoder that is a Keras model needs a decoder: a name, a Keras "
                    "model or a function of z. Received: decoder=None."
                )
            decoder = encoder
        # Networks by name are written to a file as their names.
        self._named = [n if isinstance(n, str) else None for n in (encoder, decoder)]
        seeds = [int(s) for s in np.random.SeedSequence(seed).generate_state(4) // 2]
        self._draws = keras.random.SeedGenerator(seeds[0])
        policy = self.dtype_policy
        self.encoder = encoder_network(encoder, self.shape, seeds[1], policy)
        parameters = self.n_latents * (2 if posterior == "diagonal" else n_latents + 1)
        self.head = posterior_head(
            self.encoder.output_shape, parameters, seeds[2], self.loss_dtype
        )
        self.decoder = decoder_network(
            decoder, self.shape, self.n_latents, seeds[3], policy
        )
        self.given_noise = noise
        self._log_noise = self._noise_weight(noise)
        self._means = {
            name: keras.metrics.Mean(name)
            for name in ("log_likelihood", "rate", "distortion", "beta")
            + (("water_level",) if likelihood == "gaussian" else ())
        }
        self.built = True

    @property
    def beta(self) -> float | Schedule:
        """Weight of the divergence: a number, or a schedule of the training step."""
        return self._beta

    @beta.setter
    def beta(self, value: float | Schedule) -> None:
        self._beta = number_or_schedule("beta", value)

    @property
    def capacity(self) -> float | Schedule | None:
        """C in nats, a number or a schedule of the training step; None for none."""
        return self._capacity

    @capacity.setter
    def capacity(self, value: float | Schedule | None) -> None:
        if value is not None:
            value = number_or_schedule("capacity", value, or_zero=True)
        self._capacity = value

    @property
    def noise(self) -> float | None:
        """η, the deviation of a Gaussian likelihood; None for Bernoulli."""
        if self._log_noise is None:
            return None
        return float(np.exp(keras.ops.convert_to_numpy(self._log_noise)))

    @property
    def water_level(self) -> float | None:
        """β η² with a Gaussian likelihood and a β that is a number; else None."""
        if self.noise is None or isinstance(self.beta, Schedule):
            return None
        return float(self.beta * self.noise**2)

    def encode(self, x: Any) -> Distribution:
        """q(z|x), a TensorFlow Probability distribution, of x (batch, *shape)."""
        return posterior_distribution(*self.posterior_parameters(x))

    def posterior_parameters(self, x: Any) -> tuple[Any, Any]:
        """Mean and scale of q(z|x), as of calling the model on x (batch, *shape)."""
        if tuple(x.shape[1:]) != self.shape:
            raise ValueError(
                f"x must be examples of shape {self.shape}. Received: shape "
                f"{tuple(x.shape)}."
            )
        x = keras.ops.cast(x, self.compute_dtype)
        raw = keras.ops.cast(self.head(self.encoder(x)), self.loss_dtype)
        if self.posterior == "full":
            return mean_and_factor(raw, self.n_latents)
        return mean_and_deviation(raw, self.n_latents)

    def decode(self, z: Any) -> Distribution:
        """p(x|z), a TensorFlow Probability distribution, of z (batch, n_latents)."""
        return self._p(self._decoded(keras.ops.cast(z, self.loss_dtype)))

    def call(self, x: Any, training: bool | None = None) -> dict[str, Any]:
        """What the class says of calling it; `training` changes nothing."""
        noise = keras.random.normal(
            (keras.ops.shape(x)[0], self.n_latents),
            dtype=self.loss_dtype,
            seed=self._draws,
        )
        return self.infer(x, noise)

    def reconstruct(self, x: Any) -> dict[str, Any]:
        """The posterior of x (batch, *shape), and what its mean is decoded to.

        Nothing is drawn.

        Returns:
            mean and scale of q(z|x), and reconstruction (batch, *shape), the mean of
            p(x|z) at z = mean.
        """
        mean, scale = self.posterior_parameters(keras.ops.cast(x, self.compute_dtype))
        decoded = self.decode(mean).mean()
        return {"mean": mean, "scale": scale, "reconstruction": decoded}

    def export(self, *args: Any, **kwargs: Any) -> None:
        """As `keras.Model.export`, of what `reconstruct` returns."""
        Reconstruction(self).export(*args, **kwargs)

    def infer(self, x: Any, noise: Any) -> dict[str, Any]:
        """As `call`, with z = mean + scale · noise, of noise (batch, n_latents)."""
        mean, scale = self.posterior_parameters(x)
        noise = keras.ops.cast(noise, self.loss_dtype)
        codes = mean + posterior_distribution(mean, scale).scale.matvec(noise)
        return {
            "mean": mean,
            "scale": scale,
            "codes": codes,
            "decoded": self._decoded(codes),
        }

    def terms(self, x: Any, inferred: dict[str, Any]) -> dict[str, Any]:
        """What the loss of each example is made of.

        Args:
            x: (batch, *shape).
            inferred: what `infer` returned for it.

        Returns:
            log_likelihood, rate and distortion, each (batch,).
        """
        x = keras.ops.cast(x, self.loss_dtype)
        p = self._p(inferred["decoded"])
        q = posterior_distribution(inferred["mean"], inferred["scale"])
        error = keras.ops.square(x - p.mean())
        return {
            "log_likelihood": p.log_prob(x),
            "rate": divergence(q, self.n_latents),
            "distortion": keras.ops.sum(error, axis=list(range(1, len(error.shape)))),
        }

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """The loss of a batch x (batch, *shape), for which `call` returned `y_pred`."""
        terms = self.terms(x, y_pred)
        weights = sample_weights(sample_weight, self.loss_dtype)
        step = self.optimizer.iterations
        beta = at_step(self.beta, step)
        for name in ("log_likelihood", "rate", "distortion"):
            self._means[name].update_state(terms[name], weights)
        self._means["beta"].update_state(beta)
        if self._log_noise is not None:
            self._means["water_level"].update_state(
                keras.ops.cast(beta, self.loss_dtype) * self._deviation() ** 2
            )
        beta, weight = (
            keras.ops.cast(value, self.loss_dtype)
            for value in (beta, 1.0 if weights is None else weights)
        )
        rate = keras.ops.mean(weight * terms["rate"])
        if self.capacity is not None:
            capacity = keras.ops.cast(at_step(self.capacity, step), self.loss_dtype)
            # Of the weighted mean of the divergence, which the weights then multiply.
            rate = keras.ops.abs(rate - capacity * keras.ops.mean(weight))
        return beta * rate - keras.ops.mean(weight * terms["log_likelihood"])

    def check_data(self, x: Any) -> None:
        """Raise a ValueError if x (n, *shape) cannot be data of the likelihood."""
        check_data(keras.ops.convert_to_numpy(x), self.likelihood)

    def get_config(self) -> dict[str, Any]:
        """The arguments it was made of, for `from_config`."""
        arguments = {
            "beta": self.beta,
            "capacity": self.capacity,
            "shape": self.shape,
            "n_latents": self.n_latents,
            "posterior": self.posterior,
            "likelihood": self.likelihood,
            "seed": self.seed,
            "encoder": self._named[0] or self.encoder,
            "decoder": self._named[1] or self.decoder,
            "noise": self.given_noise,
        }
        return {
            key: keras.saving.serialize_keras_object(value)
            for key, value in (arguments | {"dtype": self.dtype_policy}).items()
        } | {"name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "BetaVAE":
        """The model, untrained, of what `get_config` returned."""
        return cls(
            **{
                key: keras.saving.deserialize_keras_object(value)
                for key, value in config.items()
            }
        )

    def _p(self, decoded: Any) -> Distribution:
        if self.likelihood == "bernoulli":
            return bernoulli(decoded, len(self.shape))
        return gaussian(decoded, self._deviation(), len(self.shape))

    def _decoded(self, codes: Any) -> Any:
        return keras.ops.cast(self.decoder(codes), self.loss_dtype)

    def _deviation(self) -> Any:
        """η as a tensor."""
        return keras.ops.exp(keras.ops.cast(self._log_noise, self.loss_dtype))

    def _noise_weight(self, noise: float | str) -> Any:
        """log η: a weight where it is learned, else a number, None for Bernoulli."""
        if self.likelihood == "bernoulli":
            if noise != 1.0:
                raise ValueError(
                    "noise is the deviation of a Gaussian likelihood; a Bernoulli has "
                    f"none. Received: noise={noise!r}. Leave it out."
                )
            return None
        if noise == "learned":
            return self.add_weight(name="log_noise", shape=(), initializer="zeros")
        return math.log(number_or_schedule("noise", noise))
