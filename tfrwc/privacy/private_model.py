"""The Keras model whose `fit` is private; `tfrwc.privacy.make_private` makes it."""

import itertools
import math
import secrets

import keras
import numpy as np

if keras.backend.backend() != "tensorflow":
    raise ImportError(
        "make_private needs Keras' TensorFlow backend, because its queries are those "
        f"of tensorflow-privacy. Received: {keras.backend.backend()}. Set "
        'KERAS_BACKEND=tensorflow, beside what pip install "tfrwc[privacy]" brings. '
        "For JAX there is the package jax-privacy."
    )


from tfrwc.compat.extras import extra
from tfrwc.compat.tensorflow_privacy import noised_mean
from tfrwc.privacy import _augmentation, _clipping, checks, sgd_accounting
from tfrwc.privacy._checks import check_count
from tfrwc.privacy.accounting import EpsilonDelta
from tfrwc.privacy.noise import insecure_test_key
from tfrwc.privacy.sampling import PoissonBatches
from tfrwc.privacy.training_statement import TrainingStatement

with extra("privacy"):
    import tensorflow as tf


@keras.saving.register_keras_serializable("tfrwc")
class PrivateModel(keras.Model):
    """A model under private training; made by `make_private`.

    Weights count the steps, so that checkpoints carry the account with them.

    Attributes:
        model: the model that is trained, to be published without this wrapper.
        noise_multiplier, clip, delta, batch_size, train_size, augmentation,
            augmentation_multiplicity: of `make_private`.
    """

    def __init__(
        self,
        model,
        *,
        noise_multiplier,
        delta,
        clip,
        batch_size,
        train_size,
        epsilon=None,
        planned_steps=None,
        physical_batch_size=None,
        augmentation=None,
        augmentation_multiplicity=1,
        insecure_seed=None,
        **kwargs,
    ):
        kwargs.setdefault("name", f"private_{model.name}")
        super().__init__(**kwargs)
        checks.check_layers(model)
        self.model = model
        self.noise_multiplier = noise_multiplier
        self.delta = delta
        self.clip = clip
        self.batch_size = batch_size
        self.train_size = train_size
        self.epsilon = epsilon
        self.planned_steps = planned_steps
        self.physical_batch_size = physical_batch_size
        self.augmentation = augmentation
        self.augmentation_multiplicity = augmentation_multiplicity
        self.insecure_seed = insecure_seed
        self._noise_key = _NoiseKey(insecure_seed)
        self._poisson = False
        self._steps = self._counter("private_steps")
        self._fixed_steps = self._counter("private_steps_of_fixed_batches")
        self._account = self.add_weight(
            name="private_account",
            shape=(2,),
            initializer="zeros",
            trainable=False,
            dtype="float32",
            autocast=False,
        )
        self._account.assign([noise_multiplier, batch_size / train_size])
        self.built = model.built

    def call(self, x, training=None):
        if self.model._call_has_training_arg:
            return self.model(x, training=training)
        return self.model(x)

    def compile(self, optimizer="rmsprop", loss=None, **kwargs):
        """As `keras.Model.compile`; XLA only if `jit_compile=True` asks for it.

        Raises:
            ValueError: for settings that break the account.
        """
        checks.check_settings(optimizer, loss, kwargs.get("steps_per_execution", 1))
        kwargs.setdefault("jit_compile", False)
        if kwargs["jit_compile"] is True and self.physical_batch_size:
            raise ValueError(
                "XLA compiles whole batches only. Leave out jit_compile, or "
                "physical_batch_size of make_private."
            )
        self._tried = False
        super().compile(optimizer, loss, auto_scale_loss=False, **kwargs)

    def compile_from_config(self, config):
        self.compile(**keras.saving.deserialize_keras_object(config))
        if self.built:
            self.optimizer.build(self.trainable_variables)

    def fit(self, x=None, y=None, batch_size=None, epochs=1, **kwargs):
        """As `keras.Model.fit`, with the batch size of `make_private`.

        Arrays are cut into shuffled batches of a fixed size, which the account takes
        for Poisson samples (the statement says so); `poisson_batches` draws these.

        Raises:
            ValueError: if the data are not what the account is for, or the budget
                does not last for them.
        """
        self._check_account()
        poisson = isinstance(x, PoissonBatches)
        if poisson != self._poisson:
            self._poisson, self.train_function = poisson, None
        split = kwargs.get("validation_split") or 0.0
        steps = checks.check_data(x, batch_size, split, self)
        steps = kwargs.get("steps_per_epoch") or steps
        if steps is not None:
            self._check_budget(steps * (epochs - kwargs.get("initial_epoch", 0)))
        batch_size = None if checks.makes_batches(x) else self.batch_size
        return super().fit(x, y, batch_size=batch_size, epochs=epochs, **kwargs)

    def train_step(self, data):
        x, y, weight = keras.utils.unpack_x_y_sample_weight(data)
        count = tf.shape(keras.tree.flatten(x)[0])[0]
        if not self._poisson:
            tf.debugging.assert_less_equal(
                count, self.batch_size, "A batch has more than batch_size examples."
            )
        if self.physical_batch_size is None:
            sums = self._part(x, y, weight)
        else:
            sums = self._in_parts(x, y, weight, count)
        variables = [v for v in self.trainable_variables if id(v) in sums]
        gradients = self._noised([sums[id(v)] for v in variables], count)
        gradients = _with_penalties(variables, gradients)
        self.optimizer.apply_gradients(zip(gradients, variables, strict=True))
        self._steps.assign_add(1)
        if not self._poisson:
            self._fixed_steps.assign_add(1)
        return self.get_metrics_result()

    def make_train_function(self, force=False):
        if self.train_function is not None and not force:
            return
        super().make_train_function(force)
        step = self.train_function

        def step_within_budget(iterator):
            self._check_budget(1)
            if not self._tried:
                iterator = self._try_step(iterator)
            return step(iterator)

        self.train_function = step_within_budget

    @property
    def steps(self) -> int:
        """Private steps so far, also those before a checkpoint was loaded."""
        return int(keras.ops.convert_to_numpy(self._steps))

    def privacy_spent(self) -> EpsilonDelta:
        """Epsilon and delta, of one example, of the steps so far."""
        self._check_account()
        return EpsilonDelta(self._cost(1).epsilon, self.delta)

    def statement(self, images_per_patient=1) -> TrainingStatement:
        """What the steps so far guarantee.

        Args:
            images_per_patient: greatest number of images of one patient.
        """
        self._check_account()
        images = check_count(images_per_patient)
        cost = self._cost(1)
        fixed = int(keras.ops.convert_to_numpy(self._fixed_steps))
        epochs = math.ceil(self.steps * self.batch_size / self.train_size)
        return TrainingStatement(
            epsilon=cost.epsilon,
            delta=self.delta,
            method=cost.method,
            sampling="fixed" if fixed else "poisson",
            epsilon_without_sampling=sgd_accounting.sampled_gaussian(
                self.noise_multiplier, 1, epochs, self.delta
            ).epsilon,
            steps=self.steps,
            noise_multiplier=self.noise_multiplier,
            clip=self.clip,
            batch_size=self.batch_size,
            train_size=self.train_size,
            images_per_patient=images,
            patient_epsilon=self._cost(images).epsilon,
        )

    def get_config(self):
        names = ("noise_multiplier", "delta", "clip", "batch_size", "train_size")
        names += ("epsilon", "planned_steps", "physical_batch_size", "insecure_seed")
        names += ("augmentation_multiplicity",)
        return {
            "model": keras.saving.serialize_keras_object(self.model),
            "augmentation": keras.saving.serialize_keras_object(self.augmentation),
            "name": self.name,
        } | {name: getattr(self, name) for name in names}

    @classmethod
    def from_config(cls, config):
        model, augmentation = (
            keras.saving.deserialize_keras_object(config.pop(name))
            for name in ("model", "augmentation")
        )
        return cls(model, augmentation=augmentation, **config)

    def _try_step(self, iterator):
        """Check a step on made-up data like that of an iterator, which it returns."""
        if isinstance(iterator, tf.data.Iterator):
            data = iterator.element_spec
        else:
            data = next(iterator)
            iterator = itertools.chain([data], iterator)
        data = checks.made_up(keras.utils.unpack_x_y_sample_weight(data))
        if self.augmentation is not None:
            _augmentation.check_examples_apart(self.augmentation, data[0])
            data = _augmentation.views(self.augmentation, 1, data)
        checks.check_step(self.model, self._compile_loss, self._example_losses, data)
        self._tried = True
        return iterator

    def _part(self, x, y, weight):
        """Clipped sums, by id of the variable, of examples whose metrics it updates."""
        x, y, weight = _augmentation.views(
            self.augmentation, self.augmentation_multiplicity, (x, y, weight)
        )
        found = _clipping.clipped_sums(
            self.model,
            lambda outputs: self._example_losses(y, outputs, weight),
            x,
            self.clip,
            views=self.augmentation_multiplicity,
            jit_compile=self.jit_compile is True,
        )
        loss = self.compute_loss(
            x=x, y=y, y_pred=found.outputs, sample_weight=weight, training=True
        )
        count = tf.shape(found.norms)[0]
        self._loss_tracker.update_state(loss, sample_weight=count)
        self.compute_metrics(x, y, found.outputs, sample_weight=weight)
        return found.sums

    def _in_parts(self, x, y, weight, count):
        """As `_part`, with `physical_batch_size` examples in memory at once."""
        size, reached = self.physical_batch_size, set()

        def part(start, *totals):
            given = keras.tree.map_structure(
                lambda t: None if t is None else t[start : start + size],
                (x, y, weight),
            )
            sums = self._part(*given)
            reached.update(sums)
            return start + size, *(
                total + sums.get(id(v), 0.0)
                for total, v in zip(totals, self.trainable_variables, strict=True)
            )

        zeros = [tf.zeros(v.shape) for v in self.trainable_variables]
        _, *totals = tf.while_loop(
            lambda start, *_: start < count, part, (tf.constant(0), *zeros)
        )
        sums = {id(v): t for v, t in zip(self.trainable_variables, totals, strict=True)}
        return {key: total for key, total in sums.items() if key in reached}

    def _example_losses(self, y, outputs, weight):
        """The compiled loss of each row alone, (rows,)."""
        given = tf.nest.flatten((y, weight))

        # With the gradients of the examples, too, taken inside the map: XLA would
        # compile those of the map as a whole again in every step.
        @tf.custom_gradient
        def losses(*flat):
            def one(example):
                made, rest = example
                rest = iter(rest)
                single = [None if t is None else next(rest)[None] for t in given]
                y_one, weight_one = tf.nest.pack_sequence_as((y, weight), single)
                with tf.GradientTape() as tape:
                    tape.watch(made)
                    predicted = tf.nest.pack_sequence_as(
                        outputs, [o[None] for o in made]
                    )
                    # Losses of several outputs have metrics, of whole batches.
                    with keras.StatelessScope():
                        loss = self._compile_loss(y_one, predicted, weight_one)
                unconnected = tf.UnconnectedGradients.ZERO
                return loss, tape.gradient(loss, made, None, unconnected)

            tensors = list(flat), [t for t in given if t is not None]
            found, gradients = tf.vectorized_map(one, tensors)

            def backward(upstream):
                ones = (tf.cast(upstream, g.dtype) for g in gradients)
                return [
                    g * tf.reshape(u, (-1, *[1] * (g.shape.rank - 1)))
                    for g, u in zip(gradients, ones, strict=True)
                ]

            return found, backward

        return losses(*tf.nest.flatten(outputs))

    def _noised(self, sums, count):
        if self.noise_multiplier == 0:
            # Nothing is private: the mean of plain training.
            return [total / tf.cast(count, total.dtype) for total in sums]
        deviation = self.clip * self.noise_multiplier
        seed = self._noise_key.next()
        return noised_mean(sums, self.clip, deviation, self.batch_size, seed)

    def _cost(self, images):
        rate = self.batch_size / self.train_size
        return sgd_accounting.group(
            images, self.noise_multiplier, rate, self.steps, self.delta
        )

    def _counter(self, name):
        return self.add_weight(
            name=name, shape=(), initializer="zeros", trainable=False, dtype="int32"
        )

    def _check_account(self):
        """Raise if a checkpoint of other noise or another sampling rate was loaded."""
        held = keras.ops.convert_to_numpy(self._account)
        asked = [self.noise_multiplier, self.batch_size / self.train_size]
        if not np.allclose(held, asked, rtol=1e-4):
            raise ValueError(
                "The weights are of a private training with noise_multiplier = "
                f"{held[0]:.6g} and sampling rate {held[1]:.4g}; this model was made "
                f"with {asked[0]:.6g} and {asked[1]:.4g}. Give make_private the same "
                "noise_multiplier, batch_size and train_size to go on."
            )

    def _check_budget(self, steps):
        if self.planned_steps is not None and self.steps + steps > self.planned_steps:
            raise ValueError(
                f"epsilon = {self.epsilon:g} lasts for {self.planned_steps} steps. "
                f"{self.steps} are done, and {steps} more were asked for. Give "
                "make_private more epochs."
            )


class _NoiseKey:
    """A secret from which each step's noise is drawn; in no checkpoint or export."""

    def __init__(self, insecure_seed):
        key = secrets.token_bytes(16)
        if insecure_seed is not None:
            key = insecure_test_key(insecure_seed)[:16]
        self._key = np.frombuffer(key, np.int64)
        # Goes on counting whatever is loaded or reset: no noise is drawn twice.
        self._drawn = tf.Variable(0, dtype=tf.int64, trainable=False)

    def next(self):
        return tf.random.experimental.stateless_fold_in(
            tf.constant(self._key), self._drawn.assign_add(1)
        )


def _with_penalties(variables, gradients):
    """Gradients with those of the weights' regularizers, which see no example."""
    penalised = [i for i, v in enumerate(variables) if v.regularizer is not None]
    if not penalised:
        return gradients
    values = [tf.convert_to_tensor(variables[i]) for i in penalised]
    with tf.GradientTape() as tape:
        tape.watch(values)
        total = tf.add_n(
            [
                variables[i].regularizer(w)
                for i, w in zip(penalised, values, strict=True)
            ]
        )
    gradients = list(gradients)
    for i, gradient in zip(penalised, tape.gradient(total, values), strict=True):
        gradients[i] += gradient
    return gradients
