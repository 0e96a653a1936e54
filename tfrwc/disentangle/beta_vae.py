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

import keras
import numpy as np

from tfrwc.models import vae as networks

if keras.backend.backend() != "tensorflow":
    raise ImportError(
        "BetaVAE needs Keras' TensorFlow backend, because its distributions are those "
        f"of TensorFlow Probability. Received: {keras.backend.backend()}. Set "
        'KERAS_BACKEND=tensorflow, beside what pip install "tfrwc[vae]" brings.'
    )


from tfrwc.compat.extras import extra
from tfrwc.compat.tensorflow_probability import distributions as tfd

with extra("vae"):
    import tensorflow as tf

POSTERIORS = ("diagonal", "full")
LIKELIHOODS = ("gaussian", "bernoulli")
_Schedule = keras.optimizers.schedules.LearningRateSchedule


@keras.saving.register_keras_serializable("tfrwc")
class BetaVAE(keras.Model):
    """A variational autoencoder with a weight β on its divergence.

    Compile with an optimizer alone and fit on x alone. Logs: loss; log_likelihood,
    E_q log p(x|z); rate, the divergence; distortion, E_q |x - x̂|² with x̂ the mean of
    p(x|z), all in sums over an example; beta; and water_level for a Gaussian.

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

    Raises:
        ValueError: if an argument is not as above.
    """

    def __init__(
        self,
        shape,
        n_latents,
        *,
        beta=1.0,
        encoder="dense",
        decoder=None,
        posterior="diagonal",
        likelihood="gaussian",
        noise=1.0,
        capacity=None,
        seed=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.shape = _shape(shape)
        self.n_latents = _count(n_latents)
        self.beta = beta
        self.capacity = capacity
        self.posterior = _one_of("posterior", posterior, POSTERIORS)
        self.likelihood = _one_of("likelihood", likelihood, LIKELIHOODS)
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
        seeds = np.random.SeedSequence(seed).generate_state(4) // 2
        self._draws = keras.random.SeedGenerator(int(seeds[0]))
        self.encoder = _encoder(encoder, self.shape, int(seeds[1]))
        parameters = self.n_latents * (2 if posterior == "diagonal" else n_latents + 1)
        self.head = keras.Sequential(
            [
                keras.layers.Flatten(),
                keras.layers.Dense(
                    parameters,
                    kernel_initializer=keras.initializers.GlorotUniform(int(seeds[2])),
                    name="posterior",
                ),
            ],
            name="head",
        )
        self.head.build(self.encoder.output_shape)
        self.decoder = _decoder(decoder, self.shape, self.n_latents, int(seeds[3]))
        self.given_noise = noise
        self._log_noise = self._noise_weight(noise)
        self._means = {
            name: keras.metrics.Mean(name)
            for name in ("log_likelihood", "rate", "distortion", "beta")
            + (("water_level",) if likelihood == "gaussian" else ())
        }
        self.built = True

    @property
    def beta(self):
        """Weight of the divergence: a number, or a schedule of the training step."""
        return self._beta

    @beta.setter
    def beta(self, value):
        self._beta = _positive("beta", value)

    @property
    def capacity(self):
        """C in nats, a number or a schedule of the training step; None for none."""
        return self._capacity

    @capacity.setter
    def capacity(self, value):
        self._capacity = None if value is None else _positive("capacity", value, True)

    @property
    def noise(self):
        """η, the deviation of a Gaussian likelihood; None for Bernoulli."""
        if self._log_noise is None:
            return None
        return float(np.exp(keras.ops.convert_to_numpy(self._log_noise)))

    @property
    def water_level(self):
        """β η² with a Gaussian likelihood and a β that is a number; else None."""
        if self.noise is None or isinstance(self.beta, _Schedule):
            return None
        return self.beta * self.noise**2

    def encode(self, x):
        """q(z|x), a TensorFlow Probability distribution, of x (batch, *shape)."""
        return self._q(*self._parameters(x))

    def decode(self, z):
        """p(x|z), a TensorFlow Probability distribution, of z (batch, n_latents)."""
        return self._p(self.decoder(z))

    def call(self, x, training=None):
        x = keras.ops.cast(x, self.compute_dtype)
        noise = keras.random.normal(
            (keras.ops.shape(x)[0], self.n_latents), seed=self._draws
        )
        return self.infer(x, noise)

    def infer(self, x, noise):
        """As `call`, with z = mean + scale · noise, of noise (batch, n_latents)."""
        mean, scale = self._parameters(x)
        codes = mean + self._q(mean, scale).scale.matvec(noise)
        return {
            "mean": mean,
            "scale": scale,
            "codes": codes,
            "decoded": self.decoder(codes),
        }

    def terms(self, x, inferred):
        """Of each example: log_likelihood, rate and distortion, each (batch,)."""
        p = self._p(inferred["decoded"])
        q = self._q(inferred["mean"], inferred["scale"])
        prior = tfd.MultivariateNormalDiag(tf.zeros(self.n_latents))
        error = tf.square(x - p.mean())
        return {
            "log_likelihood": p.log_prob(x),
            "rate": tfd.kl_divergence(q, prior),
            "distortion": tf.reduce_sum(error, axis=list(range(1, error.shape.rank))),
        }

    def compute_loss(
        self, x=None, y=None, y_pred=None, sample_weight=None, training=True
    ):
        terms = self.terms(keras.ops.cast(x, self.compute_dtype), y_pred)
        step = self.optimizer.iterations
        beta = _at(self.beta, step)
        for name in ("log_likelihood", "rate", "distortion"):
            self._means[name].update_state(terms[name], sample_weight)
        self._means["beta"].update_state(beta)
        if self._log_noise is not None:
            eta2 = keras.ops.exp(2 * self._log_noise)
            self._means["water_level"].update_state(beta * eta2)
        weight = 1.0 if sample_weight is None else sample_weight
        rate = keras.ops.mean(weight * terms["rate"])
        if self.capacity is not None:
            rate = keras.ops.abs(rate - _at(self.capacity, step))
        return beta * rate - keras.ops.mean(weight * terms["log_likelihood"])

    def get_config(self):
        given = {
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
            for key, value in given.items()
        } | {"name": self.name}

    @classmethod
    def from_config(cls, config):
        return cls(
            **{
                key: keras.saving.deserialize_keras_object(value)
                for key, value in config.items()
            }
        )

    def _parameters(self, x):
        """Mean and scale of q(z|x)."""
        if tuple(x.shape[1:]) != self.shape:
            raise ValueError(
                f"x must be examples of shape {self.shape}. Received: shape "
                f"{tuple(x.shape)}."
            )
        raw = self.head(self.encoder(x))
        mean, raw = raw[:, : self.n_latents], raw[:, self.n_latents :]
        if self.posterior == "diagonal":
            return mean, keras.ops.softplus(raw)
        raw = tf.reshape(raw, (-1, self.n_latents, self.n_latents))
        deviations = tf.math.softplus(tf.linalg.diag_part(raw))
        return mean, tf.linalg.set_diag(tf.linalg.band_part(raw, -1, 0), deviations)

    def _q(self, mean, scale):
        if self.posterior == "diagonal":
            return tfd.MultivariateNormalDiag(mean, scale)
        return tfd.MultivariateNormalTriL(mean, scale)

    def _p(self, decoded):
        if self.likelihood == "bernoulli":
            pixels = tfd.Bernoulli(logits=decoded, dtype=decoded.dtype)
        else:
            pixels = tfd.Normal(decoded, keras.ops.exp(self._log_noise))
        return tfd.Independent(pixels, reinterpreted_batch_ndims=len(self.shape))

    def _noise_weight(self, noise):
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
        return math.log(_positive("noise", noise))


def _encoder(encoder, shape, seed):
    if isinstance(encoder, keras.Model):
        if tuple(encoder.input_shape[1:]) != shape:
            raise ValueError(
                f"The encoder must take x of shape {shape}. Received: a model of "
                f"{tuple(encoder.input_shape[1:])}."
            )
        return encoder
    return networks.encoder(encoder, shape, seed)


def _decoder(decoder, shape, n_latents, seed):
    if isinstance(decoder, str):
        return networks.decoder(decoder, shape, n_latents, seed)
    if not callable(decoder):
        raise ValueError(
            f"decoder must be one of {', '.join(networks.NAMES)}, a Keras model or a "
            f"function of z. Received: {decoder!r}."
        )
    takes = n_latents
    if isinstance(decoder, keras.Model):
        takes, makes = decoder.input_shape[1:], decoder.output_shape[1:]
    else:
        makes = decoder(keras.ops.zeros((1, n_latents))).shape[1:]
    if takes not in (n_latents, (n_latents,)) or tuple(makes) != shape:
        raise ValueError(
            f"The decoder must take z of shape ({n_latents},) to x of shape {shape}. "
            f"Received: one from {takes} to {tuple(makes)}."
        )
    return decoder


def _shape(shape):
    shape = (shape,) if isinstance(shape, (int, np.integer)) else tuple(shape)
    if not shape or not all(isinstance(n, (int, np.integer)) and n > 0 for n in shape):
        raise ValueError(
            f"shape must be of one example, such as (64, 64, 1). Received: {shape}."
        )
    return tuple(int(n) for n in shape)


def _count(n_latents):
    if not isinstance(n_latents, (int, np.integer)) or n_latents < 1:
        raise ValueError(
            f"n_latents must be a whole number above 0. Received: {n_latents!r}."
        )
    return int(n_latents)


def _one_of(name, value, choices):
    if value not in choices:
        raise ValueError(f"{name} must be one of {choices}. Received: {value!r}.")
    return value


def _positive(name, value, or_zero=False):
    if isinstance(value, _Schedule):
        return value
    number = np.isscalar(value) and not isinstance(value, (str, bool))
    enough = number and np.isfinite(value) and (value > 0 or (value == 0 and or_zero))
    if not enough:
        least = "0 or more" if or_zero else "above 0"
        raise ValueError(
            f"{name} must be a number {least}"
            f"{'' if name == 'noise' else ', or a schedule of the step'}. Received: "
            f"{value!r}."
        )
    return float(value)


def _at(value, step):
    return value(step) if isinstance(value, _Schedule) else value
