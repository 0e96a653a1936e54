"""Train many β-VAEs of one architecture together, in one compiled program.

The weights of all members are stacked along a leading axis, and one step updates all.
Each member sees the order of examples and the noise that its own seed gives, whoever
else is in the ensemble.
"""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from tfrwc.compat.extras import extra
from tfrwc.disentangle.beta_vae import BetaVAE
from tfrwc.disentangle.sweep.chance import matched, noise_of, order_of
from tfrwc.disentangle.sweep.loss_scale import LossScales
from tfrwc.disentangle.sweep.options import TrainingOptions
from tfrwc.disentangle.sweep.terms import TERMS

with extra("vae"):
    import tensorflow as tf

# For the evaluation: examples in one call, and values of x in all.
_EXAMPLES_AT_ONCE = 256
_VALUES = 2**18


class Ensemble:
    """Members that differ in β and seed, and how they are trained.

    Args:
        template: a model of their architecture.
        betas, seeds: of each member.
        weights: the template's trainable variables for all members, each (members, …).
        examples: all x (examples, …).
        options: how they are trained.
    """

    def __init__(
        self,
        template: BetaVAE,
        betas: Sequence[float],
        seeds: Sequence[int],
        weights: Sequence[NDArray[np.floating]],
        examples: NDArray[np.floating],
        options: TrainingOptions,
    ) -> None:
        self._template = template
        self._dtype = template.loss_dtype
        self._betas = tf.constant(betas, self._dtype)
        self._seeds, index = np.unique(seeds, return_inverse=True)
        self._seed_index = tf.constant(index, tf.int32)
        self._examples = tf.constant(examples, self._dtype)
        self._batch_size = min(options.batch_size, len(examples))
        self._steps = len(examples) // self._batch_size
        self.weights = [keras.Variable(w, name="stacked") for w in weights]
        schedule = keras.optimizers.schedules.CosineDecay(
            options.learning_rate, self._steps * options.epochs
        )
        self.optimizer = keras.optimizers.Adam(schedule)
        self.optimizer.build(self.weights)
        half = template.compute_dtype == "float16"
        self._scales = LossScales(len(self._betas)) if half else None
        # One loop over each weight with all that Adam remembers of it: as operations of
        # their own, its dozen steps take nearly as long as the gradients. Not on GPUs:
        # XLA needs more of CUDA there than TensorFlow brings.
        on_gpu = bool(tf.config.list_physical_devices("GPU"))
        self._update = tf.function(self._move, autograph=False, jit_compile=not on_gpu)

    @property
    def members(self) -> int:
        """How many there are."""
        return len(self._betas)

    def epoch(self, number: int, training: NDArray[np.bool_]) -> NDArray[np.float32]:
        """Train for one epoch.

        Args:
            number: of the epoch, counted from 0.
            training: bools (members,); where False, the member keeps its weights.

        Returns:
            Means of the `TERMS` over the epoch, (terms, members).
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
        totals = self._run_epoch(
            tf.constant(order, tf.int32), tf.constant(number), training
        )
        means: NDArray[np.float32] = totals.numpy() / self._steps
        return means

    def evaluate(self) -> dict[str, NDArray[np.float64]]:
        """The `TERMS` over all examples, and rates and variances of each latent.

        Each example gets the same number of draws of z, in antithetic pairs: at least
        one, and as many as make `_VALUES` values of x in all.

        Returns:
            The `TERMS`, each (members,); rates, in nats, and variances, those of the
            means of q(z|x), each (members, n_latents).
        """
        count, draws = len(self._examples), 2 * int(tf.size(self._examples))
        pairs = -(-_VALUES // draws)
        at_once = min(pairs, -(-_EXAMPLES_AT_ONCE // count))
        calls = -(-pairs // at_once)
        sums: Any = 0
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

    def state(self) -> list[NDArray[Any]]:
        """Everything that training changes, as arrays, the weights first."""
        return [keras.ops.convert_to_numpy(v) for v in self._variables()]

    def set_state(self, arrays: Sequence[NDArray[Any]]) -> None:
        """Go back to a `state`."""
        for variable, array in zip(self._variables(), arrays, strict=True):
            variable.assign(array)

    def _variables(self) -> list[keras.Variable]:
        scales = self._scales.variables if self._scales else []
        return [*self.weights, *self.optimizer.variables, *scales]

    # Without AutoGraph, which does not read the source of Python 3.13.
    @tf.function(autograph=False, reduce_retracing=True)  # type: ignore[untyped-decorator]
    def _run_epoch(self, order: tf.Tensor, number: tf.Tensor, training: Any) -> Any:
        # Each example's noise comes back with the other sign in the next epoch: the
        # noise of the gradients, which hides the slow directions, largely cancels.
        sign = tf.cast(1 - 2 * (number % 2), self._dtype)
        noises = self._noise(len(self._examples), number // 2, 0)
        if len(self._examples) > self._template.n_latents:
            noises = matched(noises)
        noises *= sign

        def step(i: tf.Tensor, totals: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            batch = order[:, i]
            x = tf.gather(tf.gather(self._examples, batch), self._seed_index)
            noise = tf.gather(tf.gather(noises, batch, batch_dims=1), self._seed_index)
            return i + 1, totals + self._step(x, noise, training)

        start = (tf.constant(0), tf.zeros((len(TERMS), self.members), self._dtype))
        _, totals = tf.while_loop(lambda i, _: i < self._steps, step, start)
        return totals

    def _step(self, x: tf.Tensor, noise: tf.Tensor, training: Any) -> tf.Tensor:
        """Update all members that still train; the `TERMS`, (terms, members)."""
        with tf.GradientTape() as tape:
            terms = self._each(self._mean_terms, x, noise)
            losses = self._scales.scaled(terms[0]) if self._scales else terms[0]
            total = tf.reduce_sum(losses)
        values = [w.value for w in self.weights]
        gradients = tape.gradient(total, values)
        if self._scales:
            gradients, finite = self._scales.unscaled(gradients)
            training = tf.logical_and(training, finite)
        self._update(gradients, training)
        return tf.stack(terms)

    def _move(self, gradients: list[tf.Tensor], training: tf.Tensor) -> None:
        """Update the weights of the members that train."""
        # A step that is left out leaves no trace in what Adam remembers, either.
        slots = (
            [v for v in self.optimizer.variables if len(v.shape)]
            if self._scales
            else []
        )
        moved = [*self.weights, *slots]
        before = [tf.identity(variable.value) for variable in moved]
        self.optimizer.apply(gradients, self.weights)
        for variable, old in zip(moved, before, strict=True):
            goes_on = tf.reshape(training, [-1] + [1] * (len(variable.shape) - 1))
            variable.assign(tf.where(goes_on, variable.value, old))

    @tf.function(autograph=False, reduce_retracing=True)  # type: ignore[untyped-decorator]
    def _sums(self, x: tf.Tensor, position: tf.Tensor) -> list[tf.Tensor]:
        noise = tf.gather(self._noise(tf.shape(x)[0], position, 1), self._seed_index)
        x = tf.repeat(x[None], self.members, axis=0)
        one, other = (self._each(self._sum_terms, x, n) for n in (noise, -noise))
        return [(a + b) / 2 for a, b in zip(one, other, strict=True)]

    def _noise(self, count: Any, position: Any, purpose: int) -> tf.Tensor:
        """Noise (seeds, count, n_latents)."""
        shape = (count, self._template.n_latents)
        drawn = [noise_of(seed, shape, position, purpose) for seed in self._seeds]
        return tf.cast(tf.stack(drawn), self._dtype)

    def _each(
        self, function: Callable[..., Any], x: tf.Tensor, noise: tf.Tensor
    ) -> Any:
        """function(beta, x, noise) of each member, with its weights in the template."""
        variables = self._template.trainable_variables

        def member(arguments: Any) -> Any:
            weights, beta, x, noise = arguments
            mapping = list(zip(variables, weights, strict=True))
            with keras.StatelessScope(state_mapping=mapping):
                return function(beta, x, noise)

        values = [w.value for w in self.weights]
        return tf.vectorized_map(member, (values, self._betas, x, noise))

    def _mean_terms(
        self, beta: tf.Tensor, x: tf.Tensor, noise: tf.Tensor
    ) -> list[tf.Tensor]:
        return [tf.reduce_mean(term) for term in self._terms(beta, x, noise)[0]]

    def _sum_terms(
        self, beta: tf.Tensor, x: tf.Tensor, noise: tf.Tensor
    ) -> list[tf.Tensor]:
        terms, inferred = self._terms(beta, x, noise)
        mean, scale = inferred["mean"], inferred["scale"]
        variance = tf.square(scale)
        if len(scale.shape) == 3:
            variance = tf.reduce_sum(variance, axis=-1)
        rates = (mean**2 + variance - 1 - tf.math.log(variance)) / 2
        parts = [tf.stack(terms, axis=-1), rates, mean, mean**2]
        return [tf.reduce_sum(part, axis=0) for part in parts]

    def _terms(
        self, beta: tf.Tensor, x: tf.Tensor, noise: tf.Tensor
    ) -> tuple[list[tf.Tensor], dict[str, Any]]:
        """The `TERMS`, each (examples,), and what the member inferred."""
        inferred = self._template.infer(x, noise)
        terms = self._template.terms(x, inferred)
        loss = beta * terms["rate"] - terms["log_likelihood"]
        return [loss, *(terms[name] for name in TERMS[1:])], inferred
