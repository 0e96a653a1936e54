"""Kinds of models, and ways to compile and run them."""

import keras
import numpy as np
from keras import layers
from recording.battery.helpers import Oracle, case, compiled, fit, network
from recording.networks import Branching

from tfrwc import RWCCallback
from tfrwc.recording import backends


@case()
def nested_and_shared_layers():
    x = layers.Input((4,))
    twice = layers.Dense(4)
    inner = keras.Sequential([layers.Input((4,)), layers.Dense(4)])
    model = keras.Model(x, layers.Dense(2)(twice(twice(inner(x)))))
    callback, oracle = RWCCallback(watch="trainable"), Oracle(watch="trainable")
    fit(compiled(model), callback, oracle)
    oracle.check(callback.recording)
    assert callback.recording.values().shape == (3, 6)


@case()
def built_by_fit():
    built, unbuilt = RWCCallback(), RWCCallback()
    fit(network(), built)
    fit(network(build=False), unbuilt)
    np.testing.assert_allclose(
        unbuilt.recording.values(), built.recording.values(), rtol=1e-4
    )
    subclassed = RWCCallback()
    fit(compiled(Branching()), subclassed)
    assert (subclassed.recording.values() > 0).all()


def several_optimizers():
    """Each layer may have an optimizer of its own; then there is no learning rate."""
    model = network(
        optimizer=keras.optimizers.MultiOptimizer(
            keras.optimizers.OptimizerMap(
                keras.optimizers.SGD(0.05), {".*/kernel": keras.optimizers.Adam(0.01)}
            )
        )
    )
    callback, oracle = RWCCallback(every=1), Oracle("step")
    fit(model, callback, oracle)
    oracle.check(callback.recording)
    assert "learning_rate" not in callback.recording.logs


if hasattr(keras.optimizers, "MultiOptimizer"):  # Keras 3.12 has none
    case()(several_optimizers)


@case("jax")
def state_left_with_the_trainer():
    """A record within an epoch does not make Keras gather the whole model's state."""

    class Trainer(keras.Sequential):
        gathered = 0

        def jax_state_sync(self):
            self.gathered += not getattr(self, "_jax_state_synced", True)
            super().jax_state_sync()

    def trained(*callbacks):
        keras.utils.set_random_seed(0)
        model = Trainer([layers.Input((4,)), layers.Dense(8), layers.Dense(2)])
        fit(compiled(model), *callbacks)
        return model

    callback, oracle = RWCCallback(every=1), Oracle("step")
    assert trained(callback).gathered == 3  # once an epoch, by `fit` itself
    assert trained(oracle).gathered == 12
    oracle.check(callback.recording)


@case("tensorflow", "jax")
def compiled_step():
    callback, oracle = RWCCallback(every=1), Oracle("step")
    fit(network(jit_compile=True), callback, oracle)
    oracle.check(callback.recording)


@case()
def eager_step():
    callback, oracle = RWCCallback(every=1), Oracle("step")
    fit(network(run_eagerly=True), callback, oracle)
    oracle.check(callback.recording)


@case()
def custom_train_step():
    class Custom(keras.Sequential):
        if backends.BACKEND == "tensorflow":

            def train_step(self, batch):
                import tensorflow as tf

                x, y = batch
                with tf.GradientTape() as tape:
                    loss = keras.ops.mean((self(x, training=True) - y) ** 2)
                weights = self.trainable_variables
                self.optimizer.apply(tape.gradient(loss, weights), weights)
                return {"own": loss}

        elif backends.BACKEND == "jax":

            def loss_of(self, trained, rest, x, y):
                out, rest = self.stateless_call(trained, rest, x, training=True)
                return keras.ops.mean((out - y) ** 2), rest

            def train_step(self, state, batch):
                import jax

                trained, rest, own, metrics = state
                gradient = jax.value_and_grad(self.loss_of, has_aux=True)
                (loss, rest), slopes = gradient(trained, rest, *batch)
                trained, own = self.optimizer.stateless_apply(own, slopes, trained)
                return {"own": loss}, (trained, rest, own, metrics)

        else:

            def train_step(self, batch):
                import torch

                x, y = batch
                self.zero_grad()
                loss = keras.ops.mean((self(x, training=True) - y) ** 2)
                loss.backward()
                weights = list(self.trainable_weights)
                with torch.no_grad():
                    self.optimizer.apply([w.value.grad for w in weights], weights)
                return {"own": loss}

    keras.utils.set_random_seed(0)
    model = Custom([layers.Input((4,)), layers.Dense(8, "tanh"), layers.Dense(2)])
    callback, oracle = RWCCallback(every=2), Oracle("step")
    fit(compiled(model), callback, oracle)
    oracle.check(callback.recording, kept=range(0, 13, 2))
    assert "own" in callback.recording.logs
