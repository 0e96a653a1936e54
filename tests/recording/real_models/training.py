"""Trainings of the models in the table, in a real `fit`."""

import keras
import numpy as np
from keras import ops

BACKEND = keras.backend.backend()


def compiled(model, optimizer=None, **options):
    """A model with an optimizer, compiled without XLA where there is a choice."""
    options.setdefault("jit_compile", "auto" if BACKEND == "jax" else False)
    options = {"loss": "mse"} | options
    model.compile(optimizer or keras.optimizers.SGD(0.01), **options)
    return model


def examples(model, n=8):
    """Inputs and targets of the shapes and types that a model's graph has."""
    rng = np.random.default_rng(0)

    def one(tensor):
        shape = (n, *(length or 1 for length in tensor.shape[1:]))
        if "int" in tensor.dtype:
            return rng.integers(0, 5, shape).astype(tensor.dtype)
        return rng.normal(size=shape).astype("float32")

    x, y = [one(t) for t in model.inputs], [one(t) for t in model.outputs]
    return (x[0] if len(x) == 1 else x), (y[0] if len(y) == 1 else y)


def train_by(model, step):
    """Have `fit` call ``step(model, batch)`` as its training step, uncompiled."""

    def groups():
        optimizer = model.optimizer.variables if model.optimizer else []
        rest = (model.non_trainable_variables, optimizer, model.metrics_variables)
        return (model.trainable_variables, *rest)

    def by_state(state, iterator):
        # In the fit of JAX the weights are handed around, and not in the model.
        for variables, values in zip(groups(), state, strict=True):
            for variable, value in zip(variables, values, strict=True):
                variable.assign(value)
        logs = step(model, next(iterator)) or {}
        return logs, tuple([v.value for v in variables] for variables in groups())

    def by_data(data):
        batch = next(data) if hasattr(data, "__next__") else data[0]
        return step(model, batch) or {}

    model.train_function = by_state if BACKEND == "jax" else by_data
    return model


def add_noise(model, batch):
    """Change every weight at random, and count an update."""
    rng = np.random.default_rng(int(model.optimizer.iterations))
    for variable in model.variables:
        if "float" in str(variable.dtype):
            old = np.array(ops.convert_to_numpy(variable))
            noise = rng.random(old.shape, np.float32)
            noise -= 0.5
            noise *= 0.01
            variable.assign(old + noise)
    model.optimizer.iterations.assign_add(1)


def train_by_noise(model):
    """Have `fit` change the weights of a compiled model by noise."""
    model._symbolic_build = lambda **data: None  # it traces the whole network
    return train_by(model, add_noise)
