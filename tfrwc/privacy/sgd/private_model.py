"""The Keras model whose `fit` is private; `tfrwc.privacy.make_private` makes it."""

import math
from collections.abc import Sequence
from typing import Any

import keras

if keras.backend.backend() != "tensorflow":
    raise ImportError(
        "make_private needs Keras' TensorFlow backend, because its queries are those "
        f"of tensorflow-privacy. Received: {keras.backend.backend()}. Set "
        'KERAS_BACKEND=tensorflow, beside what pip install "tfrwc[privacy]" brings. '
        "For JAX there is the package jax-privacy."
    )


from tfrwc.compat.extras import extra
from tfrwc.privacy.sgd import augmentation, clipping, rehearsal, safeguards
from tfrwc.privacy.sgd import step as parts
from tfrwc.privacy.sgd.account import carrier, steering
from tfrwc.privacy.sgd.account.accounted_model import AccountedModel
from tfrwc.privacy.sgd.account.history import EXAMPLE
from tfrwc.privacy.sgd.example_losses import example_losses
from tfrwc.privacy.sgd.groups import Groups, unpacked
from tfrwc.privacy.sgd.independence.first_batch import (
    KindOfBatches,
    first_batch,
    kind_of_batches,
)
from tfrwc.privacy.sgd.noise import NoiseKey, noisy_mean
from tfrwc.privacy.sgd.operations import rounds_products
from tfrwc.privacy.sgd.settings import CalibratedSettings
from tfrwc.privacy.sgd.traced_step import after_noise, measuring
from tfrwc.privacy.sgd.units import Units
from tfrwc.privacy.statement import with_article

with extra("privacy"):
    import tensorflow as tf

# Of the settings, in the files of private models.
_SAVED = (
    "noise_multiplier",
    "delta",
    "clip",
    "batch_size",
    "train_size",
    "epsilon",
    "planned_steps",
    "physical_batch_size",
    "insecure_seed",
    "augmentation_multiplicity",
    "noise",
    "unit",
    "images_per_unit",
)

MEASURED_OUTSIDE = (
    "A metric or the loss was computed by functions of Python, or kept something in no "
    "variable: that this changed nothing of the model is taken on trust."
)
IN_HALF = (
    "The steps compute in half precision: that the rounding of what one image gives to "
    "a step does not depend on how many others there are is taken on trust."
)
IN_TENSOR_FLOAT = (
    "A GPU multiplies matrices in TensorFloat-32: an image may add 0.1 % more than the "
    "norm to a sum, which is not counted. tf.config.experimental."
    "enable_tensor_float_32_execution(False) has it compute in 32 bits."
)


def _setting(name: str) -> property:
    return property(lambda private: getattr(private.settings, name))


@keras.saving.register_keras_serializable("tfrwc")
class PrivateModel(AccountedModel):
    """A model under private training; made by `make_private`.

    Weights count the steps, so that checkpoints carry the account with them.

    Args:
        model: to be trained.
        settings: of the training.
        augmentation: Keras layer that changes the inputs in training, or None.
        units: which examples belong to a unit, for fits on arrays; or None.
        **kwargs: of `keras.Model`.

    Attributes:
        model: the model that is trained, to be published without this wrapper.
        settings: as given.
        augmentation: as given.
        noise_multiplier: of the settings.
        delta: of the settings.
        clip: of the settings.
        batch_size: of the settings.
        train_size: of the settings.
        augmentation_multiplicity: of the settings.

    Raises:
        ValueError: if the model cannot be trained privately.
    """

    noise_multiplier = _setting("noise_multiplier")
    delta = _setting("delta")
    clip = _setting("clip")
    batch_size = _setting("batch_size")
    train_size = _setting("train_size")
    augmentation_multiplicity = _setting("augmentation_multiplicity")

    def __init__(
        self,
        model: keras.Model,
        settings: CalibratedSettings,
        augmentation: keras.Layer | None = None,
        units: Units | None = None,
        **kwargs: Any,
    ) -> None:
        kwargs.setdefault("name", f"private_{model.name}")
        super().__init__(model, settings, units, **kwargs)
        safeguards.check_layers(model)
        self.augmentation = augmentation
        self._noise_key = NoiseKey(settings.insecure_seed, settings.noise)
        self._prepared: clipping.PreparedModel | None = None
        self._kinds: set[Any] = set()  # of batches, that a step was checked on
        self._is_summed = False  # the loss of a batch, over its examples
        self.built = model.built

    def call(self, x: Any, training: bool | None = None) -> Any:
        """The outputs of the model."""
        if self.model._call_has_training_arg:
            return self.model(x, training=training)
        return self.model(x)

    def compile(
        self, optimizer: Any = "rmsprop", loss: Any = None, **kwargs: Any
    ) -> None:
        """As `keras.Model.compile`; XLA only if `jit_compile=True` asks for it.

        Losses are called on each example alone, and are the mean or the sum over the
        examples. Where Keras would divide by a count over the batch (of what a mask or
        `ignore_class` leaves), it is divided by the count in the example.

        Raises:
            ValueError: for settings that break the account.
        """
        steps = kwargs.get("steps_per_execution", 1)
        safeguards.check_compilation(optimizer, loss)
        self._check_loop(steps)
        kwargs.setdefault("jit_compile", False)
        if kwargs["jit_compile"] is True and self.settings.physical_batch_size:
            raise ValueError(
                "XLA compiles whole batches only. Leave out jit_compile, or "
                "physical_batch_size of make_private."
            )
        if kwargs["jit_compile"] is True and self.settings.noise == "secure":
            raise ValueError(
                'XLA cannot draw noise="secure". Leave out jit_compile, or noise of '
                "make_private."
            )
        self._begin_training()
        super().compile(optimizer, loss, auto_scale_loss=False, **kwargs)
        is_of_others = int(self.optimizer.iterations) > self.steps
        if steering.was_used_before(self.optimizer) or is_of_others:
            self._account.note(steering.USED_BEFORE)

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compile as a saved model was, and build the optimizer."""
        self.compile(**keras.saving.deserialize_keras_object(config))
        if self.built:
            self.optimizer.build(self.trainable_variables)

    def train_step(self, data: Any) -> dict[str, Any]:
        """A step of DP-SGD on a batch; the metrics after it."""
        if not self._is_asked:
            result: dict[str, Any] = self._step_by_hand(data)
            return result
        self._check_layers_since()
        settings = self.settings
        *batch, groups = unpacked(data, is_compiled=self.jit_compile is True)
        self._check_groups(groups)
        units = batch if groups is None else groups
        count = tf.shape(keras.tree.flatten(units)[0])[0]
        batch, is_allowed = self._account.counters.count_step(batch, count)
        x = batch[0]
        trainable = self.trainable_variables
        if settings.physical_batch_size is None:
            sums = self._clipped_sums(batch, groups)
        else:
            sums = parts.sums_in_parts(
                self._clipped_sums,
                batch,
                groups,
                settings.physical_batch_size,
                trainable,
            )
        sums = {i: tf.where(is_allowed, s, tf.zeros_like(s)) for i, s in sums.items()}
        noisy = noisy_mean(list(sums.values()), settings, self._noise_key, count)
        if self._is_summed:
            noisy = parts.sums_of_means(noisy, settings, count)
        zeros = parts.blank(x)
        added = parts.added_losses(self.model, zeros, self.augmentation)
        with after_noise(self.model, [*noisy, *keras.tree.flatten(zeros)]):
            by_id = dict(zip(sums, noisy, strict=True))
            gradients = parts.with_penalties(trainable, by_id, added)
            self._build_optimizer()
            parts.apply_gradients(self.optimizer, trainable, gradients)
        self._account.counters.end_step()
        metrics: dict[str, Any] = self.get_metrics_result()
        return metrics

    def test_step(self, data: Any) -> dict[str, Any]:
        """The metrics of a batch, also of one with units."""
        with measuring(self.model, self.metrics_variables):
            metrics: dict[str, Any] = super().test_step(unpacked(data)[:3])
        return metrics

    def get_config(self) -> dict[str, Any]:
        """What a file of the model says of it."""
        with carrier.silence():
            model = keras.saving.serialize_keras_object(self.model)
        return {
            "model": model,
            "augmentation": keras.saving.serialize_keras_object(self.augmentation),
            "name": self.name,
        } | {name: getattr(self.settings, name) for name in _SAVED}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "PrivateModel":
        """The model that `get_config` describes."""
        config = dict(config)
        model, augmentation = (
            keras.saving.deserialize_keras_object(config.pop(name))
            for name in ("model", "augmentation")
        )
        options = {name: config.pop(name) for name in _SAVED if name in config}
        steps = options.pop("planned_steps", None)
        if steps is not None:
            steps_per_epoch = math.ceil(options["train_size"] / options["batch_size"])
            options["epochs"] = steps // steps_per_epoch
        return cls(model, CalibratedSettings(**options), augmentation, **config)

    def _prepare(self, iterator: Any) -> tuple[KindOfBatches, Any]:
        """Check a step, before the first on a kind of batches, on data like them.

        Returns:
            The kind; and the iterator from its beginning, for a step.
        """
        self._account.check_subject(self.settings, self.model)
        self._check_loop(self.steps_per_execution)
        is_poisson = self._account.counters.drawn == "poisson"
        kind, iterator = kind_of_batches(iterator)
        if (kind, is_poisson) in self._kinds:
            return kind, iterator
        batch, specs, iterator = first_batch(iterator)
        batch, specs = (unpacked(part)[:3] for part in (batch, specs))
        self._prepared, self._is_summed, is_half = rehearsal.rehearse(
            self.model,
            self._compile_loss,
            (batch, specs),
            self.settings,
            self.augmentation,
            is_poisson=is_poisson,
            most_rows=self._most_rows,
            eagerly=self._is_in_python or not kind.is_from_tf_data,
        )
        if is_half:
            self._account.note(IN_HALF, warn=False)
        if rounds_products():
            self._account.note(IN_TENSOR_FLOAT, warn=False)
        # Variables that are made in a step make TensorFlow trace it twice.
        self._build_optimizer()
        rehearsal.build_metrics(self._compile_metrics, self.model, (batch, specs))
        self._kinds.add((kind, is_poisson))
        return kind, iterator

    def _check_loop(self, steps_per_execution: int) -> None:
        replicas = self.distribute_strategy.num_replicas_in_sync
        safeguards.check_loop(steps_per_execution, replicas)

    def _build_optimizer(self) -> None:
        if not self.optimizer.built:
            self.optimizer.build(self.trainable_variables)
        safeguards.check_optimizer(self.optimizer)

    def _begin_training(self) -> None:
        """Forget what was asked of a step that is no longer taken."""
        self._prepared = None
        self._kinds.clear()

    def _check_layers_since(self) -> None:
        """Look at what is trained, as often as Python runs the step."""
        assert self._prepared is not None
        if clipping.what_is_trained(self.model) != self._prepared.trained:
            raise ValueError(
                "Layers were added, frozen or unfrozen since the step was checked. "
                "Call compile before training goes on, as Keras asks for, too."
            )

    def _check_groups(self, groups: Groups | None) -> None:
        """Batches must say what the unit of their examples is, if it has several."""
        unit = self.settings.unit
        if groups is None and unit != EXAMPLE:
            raise ValueError(
                f"The account is for {with_article(unit)}, and these batches do not "
                "say which examples are of one. Give fit the poisson_batches of x, y "
                "and units."
            )
        if groups is not None and unit == EXAMPLE:
            raise ValueError(
                "The account is for an example, and these batches have units of "
                "several examples. Give make_private the unit, or leave units out of "
                "poisson_batches."
            )

    def _clipped_sums(
        self, data: Sequence[Any], groups: Groups | None
    ) -> dict[int, tf.Tensor]:
        """Clipped sums, by id of the variable, of examples whose metrics it updates."""
        prepared, views = self._prepared, self.settings.augmentation_multiplicity
        assert prepared is not None
        x, y, weight = augmentation.views(self.augmentation, views, tuple(data))
        result = clipping.clipped_sums(
            prepared,
            lambda outputs: example_losses(self._compile_loss, y, outputs, weight),
            x,
            self.settings.clip,
            views=views,
            jit_compile=self.jit_compile is True,
            groups=groups,
        )
        others = self.optimizer.variables
        with measuring(self.model, self.metrics_variables, others) as outside:
            loss = self.compute_loss(
                x=x, y=y, y_pred=result.outputs, sample_weight=weight, training=True
            )
            count = tf.shape(keras.tree.flatten(x)[0])[0] // views
            self._loss_tracker.update_state(loss, sample_weight=count)
            self.compute_metrics(x, y, result.outputs, sample_weight=weight)
        if outside:
            with tf.init_scope():
                self._account.note(MEASURED_OUTSIDE, warn=False)
        return result.sums
