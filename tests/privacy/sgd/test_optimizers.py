"""Every optimizer of Keras takes the steps that it takes in plain training."""

import inspect

import keras
import numpy as np
import pytest
from keras import layers, optimizers
from privacy.sgd.steps import private

from tfrwc.privacy import make_private

RNG = np.random.default_rng(0)
X = RNG.normal(size=(12, 5)).astype(np.float32)
Y = RNG.normal(size=(12, 2)).astype(np.float32)
OPTIONS = {
    "weight decay": {"weight_decay": 0.01},
    "averaged": {"use_ema": True, "ema_overwrite_frequency": 2},
    "clipped": {"clipnorm": 0.1},
    "clipped by value": {"clipvalue": 0.01},
    "clipped all together": {"global_clipnorm": 0.1},
    "scaled": {"loss_scale_factor": 1000.0},
}
# Of a module, not to be used alone, or refused.
OTHERS = {"Optimizer", "LossScaleOptimizer", "MultiOptimizer"}
KINDS = {
    name: kind
    for name, kind in vars(optimizers).items()
    if inspect.isclass(kind)
    and issubclass(kind, optimizers.Optimizer)
    and name not in OTHERS
}


def network():
    return keras.Sequential(
        [
            layers.Input((5,)),
            layers.Dense(
                4, "tanh", kernel_regularizer="l2", kernel_constraint="max_norm"
            ),
            layers.Dense(2, name="last"),
        ]
    )


def check(kind, **options):
    plain, other = network(), network()
    other.set_weights(plain.get_weights())
    before = plain.get_weights()
    wrapped = make_private(
        other, noise_multiplier=0.0, clip=np.inf, batch_size=4, train_size=12
    )
    for model in (plain, wrapped):
        optimizer = kind(learning_rate=0.05, **options)
        optimizer.exclude_from_weight_decay(var_names=["last"])
        model.compile(optimizer, "mse")
        model.fit(X, Y, 4, epochs=2, shuffle=False, verbose=0)
    for a, b, old in zip(plain.get_weights(), other.get_weights(), before, strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-3, atol=1e-5)
        assert np.abs(a - old).max() > 1e-6


@pytest.mark.parametrize(
    ("kind", "option"),
    [("SGD", "scaled"), ("Adam", "averaged"), ("Lion", "weight decay")],
)
def test_steps_are_those_of_plain_training(kind, option):
    check(KINDS[kind], **OPTIONS[option])


@pytest.mark.slow
@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("kind", KINDS)
def test_steps_of_every_other_optimizer(kind, option):
    check(KINDS[kind], **OPTIONS[option])


@pytest.mark.skipif(
    not hasattr(optimizers, "MultiOptimizer"), reason="this Keras has none"
)
@pytest.mark.parametrize("by", ["map", "function"])
def test_an_optimizer_for_each_weight(by):
    def several():
        kernels, rest = optimizers.Adam(0.05), optimizers.SGD(0.1)
        if by == "map":
            inner = optimizers.OptimizerMap(rest, {".*kernel": kernels})
            return optimizers.MultiOptimizer(inner)
        return optimizers.MultiOptimizer(
            lambda v: kernels if v.path.endswith("kernel") else rest
        )

    def wrapped(model):
        return make_private(
            model, noise_multiplier=0.0, clip=np.inf, batch_size=4, train_size=12
        )

    plain, other = network(), network()
    other.set_weights(plain.get_weights())
    for model in (plain, wrapped(other)):
        model.compile(several(), "mse")
        model.fit(X, Y, 4, epochs=2, shuffle=False, verbose=0)
    for a, b in zip(plain.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-3, atol=1e-5)


@pytest.mark.skipif(
    not hasattr(optimizers, "MultiOptimizer"), reason="this Keras has none"
)
def test_optimizers_inside_another_are_checked():
    inner = optimizers.SGD(0.1, gradient_accumulation_steps=2)
    model = private(network(), 4)
    with pytest.raises(ValueError, match="noise to every part of a batch"):
        model.compile(optimizers.MultiOptimizer(optimizers.OptimizerMap(inner)), "mse")
    model.compile(optimizers.MultiOptimizer(lambda variable: inner), "mse")
    with pytest.raises(ValueError, match="noise to every part of a batch"):
        model.fit(X[:4], Y[:4], 4, verbose=0)


@pytest.mark.filterwarnings("ignore:Layer .* has no rule:RuntimeWarning")
def test_what_adds_a_loss_of_its_weights():
    class Penalised(layers.Layer):
        """Adds losses of its weights, one of which no example reaches."""

        def build(self, shape):
            self.used = self.add_weight(shape=shape[-1:], name="used")
            self.unused = self.add_weight(
                shape=(3,), initializer="ones", regularizer="l2", name="unused"
            )

        def call(self, x):
            self.add_loss(keras.ops.sum(self.used**4))
            self.add_loss(keras.ops.sin(self.unused))
            return x * self.used

    def penalised():
        keras.utils.set_random_seed(3)
        return keras.Sequential([layers.Input((5,)), Penalised(), layers.Dense(2)])

    plain, other = penalised(), penalised()
    for model in (plain, private(other, 12)):
        model.compile(optimizers.SGD(0.1), "mse")
        model.fit(X, Y, 12, epochs=2, shuffle=False, verbose=0)
    for a, b in zip(plain.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)
