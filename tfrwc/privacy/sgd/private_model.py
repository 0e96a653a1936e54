"""The Keras model whose `fit` is private; `tfrwc.privacy.make_private` makes it."""

import itertools
import math
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
from tfrwc.privacy.guarantee import EpsilonDelta
from tfrwc.privacy.sgd import augmentation, clipping, rehearsal, safeguards
from tfrwc.privacy.sgd import step as parts
from tfrwc.privacy.sgd.account import Account
from tfrwc.privacy.sgd.example_losses import example_losses
from tfrwc.privacy.sgd.noise import NoiseKey, noisy_mean
from tfrwc.privacy.sgd.sampling import PoissonBatches
from tfrwc.privacy.sgd.settings import CalibratedSettings
from tfrwc.privacy.sgd.statement import TrainingStatement

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
)


def _setting(name: str) -> property:
    return property(lambda private: getattr(private.settings, name))


@keras.saving.register_keras_serializable("tfrwc")
class PrivateModel(keras.Model):
    """A model under private training; made by `make_private`.

    Weights count the steps, so that checkpoints carry the account with them.

    Args:
        model: to be trained.
        settings: of the training.
        augmentation: Keras layer that changes the inputs in training, or None.
        **kwargs: of `keras.Model`.

    Attributes:
        model: the model that is trained, to be published without this wrapper.
        settings, augmentation: as given.
        noise_multiplier, delta, clip, batch_size, train_size,
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
        **kwargs: Any,
    ) -> None:
        kwargs.setdefault("name", f"private_{model.name}")
        super().__init__(**kwargs)
        safeguards.check_layers(model)
        self.model = model
        self.settings = settings
        self.augmentation = augmentation
        self._noise_key = NoiseKey(settings.insecure_seed)
        self._poisson = False
        self._prepared: clipping.PreparedModel | None = None
        self._is_summed = False  # the loss of a batch, over its examples
        self._account = Account(settings, self.add_weight)
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
        safeguards.check_compilation(optimizer, loss, steps)
        kwargs.setdefault("jit_compile", False)
        if kwargs["jit_compile"] is True and self.settings.physical_batch_size:
            raise ValueError(
                "XLA compiles whole batches only. Leave out jit_compile, or "
                "physical_batch_size of make_private."
            )
        self._prepared = None
        super().compile(optimizer, loss, auto_scale_loss=False, **kwargs)

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compile as a saved model was, and build the optimizer."""
        self.compile(**keras.saving.deserialize_keras_object(config))
        if self.built:
            self.optimizer.build(self.trainable_variables)

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        **kwargs: Any,
    ) -> keras.callbacks.History:
        """As `keras.Model.fit`, with the batch size of `make_private`.

        Arrays are cut into shuffled batches of a fixed size, which the account takes
        for Poisson samples (the statement says so); `poisson_batches` draws these.

        Raises:
            ValueError: if the data are not what the account is for, or the budget
                does not last for them.
        """
        self._account.check_origin()
        if isinstance(x, PoissonBatches) and kwargs.get("class_weight") is not None:
            x = x.with_class_weights(kwargs.pop("class_weight"))
        poisson = isinstance(x, PoissonBatches)
        if poisson != self._poisson:
            self._poisson = poisson
            self.train_function: Any = None
        split = kwargs.get("validation_split") or 0.0
        steps = safeguards.check_data(x, batch_size, split, self.settings)
        steps = kwargs.get("steps_per_epoch") or steps
        if steps is not None:
            epochs_to_do = epochs - kwargs.get("initial_epoch", 0)
            self._account.check_budget(steps * epochs_to_do)
        batch_size = None if safeguards.makes_batches(x) else self.settings.batch_size
        return super().fit(x, y, batch_size=batch_size, epochs=epochs, **kwargs)

    def train_step(self, data: Any) -> dict[str, Any]:
        """A step of DP-SGD on a batch; the metrics after it."""
        x, y, weight = keras.utils.unpack_x_y_sample_weight(data)
        settings = self.settings
        count = tf.shape(keras.tree.flatten(x)[0])[0]
        if not self._poisson:
            tf.debugging.assert_less_equal(
                count, settings.batch_size, "A batch has more than batch_size examples."
            )
        trainable = self.trainable_variables
        if settings.physical_batch_size is None:
            sums = self._clipped_sums((x, y, weight))
        else:
            sums = parts.sums_in_parts(
                self._clipped_sums,
                (x, y, weight),
                count,
                settings.physical_batch_size,
                trainable,
            )
        noisy = noisy_mean(list(sums.values()), settings, self._noise_key, count)
        if self._is_summed:
            noisy = parts.sums_of_means(noisy, settings, count)
        gradients = parts.with_penalties(
            trainable,
            dict(zip(sums, noisy, strict=True)),
            parts.added_losses(self.model, x, self.augmentation),
        )
        parts.apply_gradients(self.optimizer, trainable, gradients)
        self._account.count_step(self._poisson)
        metrics: dict[str, Any] = self.get_metrics_result()
        return metrics

    def make_train_function(self, force: bool = False) -> None:
        """As Keras', with a step that asks the budget first."""
        if self.train_function is not None and not force:
            return
        super().make_train_function(force)
        if self._prepared is not None:  # layers may have been frozen since
            self._prepared = clipping.prepare(self.model)
        step: Any = self.train_function

        def step_within_budget(iterator: Any) -> Any:
            self._account.check_budget(1)
            if self._prepared is None:
                iterator = self._rehearse(iterator)
            return step(iterator)

        self.train_function = step_within_budget

    @property
    def steps(self) -> int:
        """Private steps so far, also those before a checkpoint was loaded."""
        return self._account.steps

    def privacy_spent(self) -> EpsilonDelta:
        """Epsilon and delta, of one example, of the steps so far."""
        return self._account.spent()

    def statement(self, images_per_patient: int = 1) -> TrainingStatement:
        """What the steps so far guarantee.

        Args:
            images_per_patient: greatest number of images of one patient.
        """
        return self._account.statement(images_per_patient)

    def get_config(self) -> dict[str, Any]:
        """What a file of the model says of it."""
        return {
            "model": keras.saving.serialize_keras_object(self.model),
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

    def _rehearse(self, iterator: Any) -> Any:
        """Check a step on made-up data like those of an iterator, which it returns."""
        if isinstance(iterator, tf.data.Iterator):
            data = iterator.element_spec
        else:
            data = next(iterator)
            iterator = itertools.chain([data], iterator)
        data = rehearsal.made_up(keras.utils.unpack_x_y_sample_weight(data))
        if self.augmentation is not None:
            augmentation.check_examples_apart(self.augmentation, data[0])
            data = augmentation.views(self.augmentation, 1, data)
        clipping.forward(self.model, data[0])  # builds what is not built
        safeguards.check_layers(self.model)
        prepared = clipping.prepare(self.model)
        self._is_summed = rehearsal.check_step(prepared, self._compile_loss, data)
        self._prepared = prepared
        return iterator

    def _clipped_sums(self, data: tuple[Any, Any, Any]) -> dict[int, tf.Tensor]:
        """Clipped sums, by id of the variable, of examples whose metrics it updates."""
        prepared, views = self._prepared, self.settings.augmentation_multiplicity
        if prepared is None:  # the step is called without Keras' training loop
            prepared = clipping.prepare(self.model)
        x, y, weight = augmentation.views(self.augmentation, views, data)
        result = clipping.clipped_sums(
            prepared,
            lambda outputs: example_losses(self._compile_loss, y, outputs, weight),
            x,
            self.settings.clip,
            views=views,
            jit_compile=self.jit_compile is True,
        )
        loss = self.compute_loss(
            x=x, y=y, y_pred=result.outputs, sample_weight=weight, training=True
        )
        count = tf.shape(result.norms)[0]
        self._loss_tracker.update_state(loss, sample_weight=count)
        self.compute_metrics(x, y, result.outputs, sample_weight=weight)
        return result.sums
