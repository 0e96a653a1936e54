"""Train many β-VAEs of one architecture together, in one compiled program.

The weights of all members are stacked along a leading axis, and one step updates all.
Each member sees the order of examples and the noise that its own seed gives, whoever
else is in the ensemble.
"""

import keras
import numpy as np

from tfrwc.compat.extras import extra

with extra("vae"):
    import tensorflow as tf

TERMS = ("loss", "log_likelihood", "rate", "distortion")
_EXAMPLES_AT_ONCE = 256
_VALUES = 2**18


class Ensemble:
    """Members that differ in β and seed, and how they are trained.

    Args:
        template: a BetaVAE of their architecture.
        betas, seeds: of each member.
        weights: the template's trainable variables for all members, each (members, …).
        examples: float32 array of all x (examples, …).
        batch_size: examples per step; the rest of an epoch that fills no batch is left
            out of it.
        learning_rate: of Adam, decayed to 0 along a cosine over `epochs`.
        epochs: passes over the examples.
    """

    def __init__(
        self,
        template,
        betas,
        seeds,
        weights,
        examples,
        batch_size,
        learning_rate,
        epochs,
    ):
        self._template = template
        self._betas = tf.constant(betas, tf.float32)
        self._seeds, of_seed = np.unique(seeds, return_inverse=True)
        self._of_seed = tf.constant(of_seed, tf.int32)
        self._examples = tf.constant(examples)
        self._batch_size = min(batch_size, len(examples))
        self._steps = len(examples) // self._batch_size
        self.weights = [keras.Variable(w, name="stacked") for w in weights]
        schedule = keras.optimizers.schedules.CosineDecay(
            learning_rate, self._steps * epochs
        )
        self.optimizer = keras.optimizers.Adam(schedule)
        self.optimizer.build(self.weights)

    @property
    def members(self) -> int:
        return len(self._betas)

    def epoch(self, number, training) -> np.ndarray:
        """Train for the epoch of that number; means of the `TERMS` (terms, members).

        Args:
            number: counted from 0.
            training: bools (members,); where False, the member keeps its weights.
        """
        used = self._steps * self._batch_size
        order = np.stack(
            [
                order_of(seed, number, len(self._examples))[:used].reshape(
                    self._steps, self._batch_size
                )
                for seed in self._seeds
            ]
        )
        # A tensor, not to trace the function anew for each number.
        number = tf.constant(number)
        totals = self._run_epoch(tf.constant(order, tf.int32), number, training)
        return totals.numpy() / self._steps

    def evaluate(self) -> dict:
        """The `TERMS` over all examples; and rates and variances of each latent.

        Each example gets the same number of draws of z, in antithetic pairs: at least
        one, and as many as make `_VALUES` values of x in all.

        Returns:
            Arrays (members,); rates, in nats, and variances, of the means of q(z|x),
            (members, n_latents).
        """
        count, draws = len(self._examples), 2 * int(tf.size(self._examples))
        pairs = -(-_VALUES // draws)
        at_once = min(pairs, -(-_EXAMPLES_AT_ONCE // count))
        calls = -(-pairs // at_once)
        sums = 0
        for start in range(0, count, _EXAMPLES_AT_ONCE):
            x = self._examples[start : start + _EXAMPLES_AT_ONCE]
            x = tf.repeat(x, at_once, axis=0)
            for call in range(calls):
                parts = self._sums(x, tf.constant(start * calls + call))
                sums = sums + np.concatenate(parts, axis=1).astype(np.float64)
        sums = sums / (calls * at_once * count)
        terms, (rates, means, squares) = sums[:, :4].T, np.split(sums[:, 4:], 3, axis=1)
        return dict(zip(TERMS, terms, strict=True)) | {
            "rates": rates,
            "variances": squares - means**2,
        }

    def state(self) -> list:
        """Everything that training changes, as arrays."""
        return [
            keras.ops.convert_to_numpy(v)
            for v in [*self.weights, *self.optimizer.variables]
        ]

    def set_state(self, arrays):
        for variable, array in zip(
            [*self.weights, *self.optimizer.variables], arrays, strict=True
        ):
            variable.assign(array)

    @tf.function(reduce_retracing=True)
    def _run_epoch(self, order, number, training):
        totals = tf.zeros((len(TERMS), self.members))
        # Each example's noise comes back with the other sign in the next epoch: the
        # noise of the gradients, which hides the slow directions, largely cancels.
        sign = tf.cast(1 - 2 * (number % 2), tf.float32)
        noises = self._noise(len(self._examples), number // 2, 0)
        if len(self._examples) > self._template.n_latents:
            noises = matched(noises)
        noises *= sign
        for i in tf.range(self._steps):
            seen = order[:, i]
            x = tf.gather(tf.gather(self._examples, seen), self._of_seed)
            noise = tf.gather(tf.gather(noises, seen, batch_dims=1), self._of_seed)
            with tf.GradientTape() as tape:
                terms = self._each(self._mean_terms, x, noise)
                total = tf.reduce_sum(terms[0])
            values = [w.value for w in self.weights]
            gradients = tape.gradient(total, values)
            before = [tf.identity(value) for value in values]
            self.optimizer.apply(gradients, self.weights)
            for weight, old in zip(self.weights, before, strict=True):
                goes_on = tf.reshape(training, [-1] + [1] * (len(weight.shape) - 1))
                weight.assign(tf.where(goes_on, weight.value, old))
            totals += tf.stack(terms)
        return totals

    @tf.function(reduce_retracing=True)
    def _sums(self, x, position):
        noise = tf.gather(self._noise(tf.shape(x)[0], position, 1), self._of_seed)
        x = tf.repeat(x[None], self.members, axis=0)
        one, other = (self._each(self._sum_terms, x, n) for n in (noise, -noise))
        return [(a + b) / 2 for a, b in zip(one, other, strict=True)]

    def _noise(self, count, position, purpose):
        """Noise (seeds, count, n_latents)."""
        shape = (count, self._template.n_latents)
        drawn = [noise_of(seed, shape, position, purpose) for seed in self._seeds]
        return tf.stack(drawn)

    def _each(self, function, x, noise):
        """function(beta, x, noise) of each member, with its weights in the template."""
        variables = self._template.trainable_variables

        def member(arguments):
            weights, beta, x, noise = arguments
            mapping = list(zip(variables, weights, strict=True))
            with keras.StatelessScope(state_mapping=mapping):
                return function(beta, x, noise)

        values = [w.value for w in self.weights]
        return tf.vectorized_map(member, (values, self._betas, x, noise))

    def _mean_terms(self, beta, x, noise):
        return [tf.reduce_mean(term) for term in self._terms(beta, x, noise)[0]]

    def _sum_terms(self, beta, x, noise):
        terms, inferred = self._terms(beta, x, noise)
        mean, scale = inferred["mean"], inferred["scale"]
        variance = tf.square(scale)
        if len(scale.shape) == 3:
            variance = tf.reduce_sum(variance, axis=-1)
        rates = (mean**2 + variance - 1 - tf.math.log(variance)) / 2
        parts = [tf.stack(terms, axis=-1), rates, mean, mean**2]
        return [tf.reduce_sum(part, axis=0) for part in parts]

    def _terms(self, beta, x, noise):
        """The `TERMS`, each (examples,), and what the member inferred."""
        inferred = self._template.infer(x, noise)
        terms = self._template.terms(x, inferred)
        loss = beta * terms["rate"] - terms["log_likelihood"]
        return [loss, *(terms[name] for name in TERMS[1:])], inferred


def order_of(seed, epoch, count) -> np.ndarray:
    """The order in which a member with that seed sees the examples: (count,)."""
    return np.random.default_rng([int(seed), epoch]).permutation(count)


def matched(noise):
    """Noise (seeds, count, n_latents) with mean 0 and covariance 1 over the count.

    In an epoch the examples then see the moments of the noise exactly. What is left
    of its chance is within the epoch, and hardly moves the weights, which matters most
    for a latent near its collapse, where the optimum is flat.
    """
    noise = noise - tf.reduce_mean(noise, axis=1, keepdims=True)
    count = tf.cast(tf.shape(noise)[1], noise.dtype)
    covariance = tf.matmul(noise, noise, transpose_a=True) / count
    root = tf.linalg.cholesky(covariance)
    transposed = tf.linalg.matrix_transpose(noise)
    return tf.linalg.matrix_transpose(tf.linalg.triangular_solve(root, transposed))


def noise_of(seed, shape, position, purpose):
    """Standard normal noise, the same whenever it is asked for.

    Args:
        seed: of the member.
        shape: of the noise.
        position: number of the pair of epochs, or of the examples.
        purpose: 0 for training, 1 for evaluation.
    """
    return tf.random.stateless_normal(shape, [int(seed), 2 * position + purpose])
