"""Models and trainings other than those of `fit` with one optimizer, on any backend."""

import keras
import numpy as np
from keras import layers, ops

BACKEND = keras.backend.backend()


def slopes(model, x, y):
    """The loss and its gradients, and nothing else."""
    weights = model.trainable_variables
    if BACKEND == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape() as tape:
            loss = ops.mean((model(x) - y) ** 2)
        return loss, tape.gradient(loss, [w.value for w in weights])
    if BACKEND == "torch":
        for weight in weights:
            weight.value.grad = None
        loss = ops.mean((model(x) - ops.convert_to_tensor(y)) ** 2)
        loss.backward()
        return loss.detach(), [weight.value.grad for weight in weights]
    import jax

    def loss_of(trained, rest):
        outputs, _ = model.stateless_call(trained, rest, x)
        return ops.mean((outputs - y) ** 2)

    trained = [weight.value for weight in weights]
    rest = [weight.value for weight in model.non_trainable_variables]
    return jax.value_and_grad(loss_of)(trained, rest)


def descend(model, optimizer, x, y):
    """One step by hand; returns the loss."""
    loss, gradients = slopes(model, x, y)
    if BACKEND == "torch":
        import torch

        with torch.no_grad():
            optimizer.apply(gradients, model.trainable_variables)
    else:
        optimizer.apply(gradients, model.trainable_variables)
    return float(ops.convert_to_numpy(loss))


def stack():
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [layers.Input((4,)), layers.Dense(8, "tanh"), layers.Dense(2)]
    )


def batches(n=4):
    # Here, since the battery imports this module.
    from recording.battery.helpers import data

    x, y = data()
    return list(zip(np.split(x, n), np.split(y, n), strict=True))


def by_hand(callbacks, model, step, epochs=3, skip=(), **params):
    """A loop that calls all methods of callbacks but those in `skip`."""
    listed = keras.callbacks.CallbackList(callbacks, model=model, **params)

    def call(name, *arguments):
        # A CallbackList of Keras insists on on_train_begin.
        for each in callbacks if skip else [listed]:
            if name not in skip:
                getattr(each, name)(*arguments)

    call("on_train_begin")
    for epoch in range(epochs):
        call("on_epoch_begin", epoch)
        for number, (x, y) in enumerate(batches()):
            call("on_train_batch_begin", number)
            loss = step(x, y)
            call("on_train_batch_end", number, {"loss": loss})
        call("on_epoch_end", epoch, {"loss": loss})
    call("on_train_end")
