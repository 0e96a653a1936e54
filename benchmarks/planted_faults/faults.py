"""What is planted: for each fault a plan, and what a diagnosis may call it."""

from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np
from networks import Plan
from trainings import HOT, SPARSE

FOR_ALL = ("classes", "yes_no", "labels", "numbers")


@dataclass(frozen=True)
class Fault:
    """One kind of thing that is wrong.

    Attributes:
        kinds: names that fit.
        plan: from the number of all steps to the `Plan`.
        tasks: that it applies to.
        losses: that it applies to; empty for all.
        words: whether inputs may be numbers of words.
        layer: number of the hidden layer where it is, if it is in one.
        since: share of all steps after which it begins.
    """

    kinds: tuple[str, ...]
    plan: Callable
    tasks: tuple[str, ...] = FOR_ALL
    losses: tuple[str, ...] = ()
    words: bool = True
    layer: int | None = None
    since: float = 0.0

    def applies(self, name, training):
        if training.task not in self.tasks:
            return False
        if self.losses and training.loss not in self.losses:
            return False
        return self.words or name not in ("bag_of_words", "attention", "autoencoder")


class At(keras.callbacks.Callback):
    """Does something to the model before a step."""

    def __init__(self, step, change):
        super().__init__()
        self.step, self.change, self.done = step, change, 0

    def on_train_batch_begin(self, batch, logs=None):
        self.done += 1
        if self.done == self.step:
            self.change(self.model)


def rate_times(factor):
    def change(model):
        model.optimizer.learning_rate = float(model.optimizer.learning_rate) * factor

    return change


def silence(model):
    """Biases so low that no unit of the second to last layer is ever active."""
    biased = [x for x in model.layers if getattr(x, "use_bias", False)][-2]
    biased.bias.assign(np.full(biased.bias.shape, -1e3))


def one_nan(x):
    x = x.copy()
    x.reshape(len(x), -1)[len(x) // 2, 0] = np.nan
    return x


def shuffled(y):
    return y[np.random.default_rng(7).permutation(len(y))]


def initializer(name, **options):
    return lambda: getattr(keras.initializers, name)(**options)


FAULTS = {
    "rate_too_high": Fault(("lr_too_high", "exploding"), lambda n: Plan(rate=1000)),
    "rate_far_too_low": Fault(("lr_too_low",), lambda n: Plan(rate=1e-5)),
    "rate_too_low": Fault(("lr_too_low",), lambda n: Plan(rate=1e-3)),
    "rate_rises": Fault(
        ("lr_too_high", "exploding"),
        lambda n: Plan(callbacks=lambda: [At(n // 2, rate_times(1e3))]),
        since=0.5,
    ),
    "raw_inputs": Fault(
        ("unscaled_input",), lambda n: Plan(x=lambda x: 300 * x + 200), words=False
    ),
    "raw_targets": Fault(
        ("unscaled_target", "exploding"),
        lambda n: Plan(y=lambda y: 1e4 * y + 3e4),
        ("numbers",),
        words=False,
    ),
    "softmax_on_one_unit": Fault(
        ("wrong_last_activation",), lambda n: Plan(last="softmax"), ("yes_no",)
    ),
    "relu_of_numbers": Fault(
        ("wrong_last_activation",),
        lambda n: Plan(last="relu", y=lambda y: y - 2),
        ("numbers",),
        words=False,
    ),
    "softmax_of_several_labels": Fault(
        ("wrong_last_activation", "wrong_loss"),
        lambda n: Plan(last="softmax"),
        ("labels",),
    ),
    "no_last_activation": Fault(
        ("missing_last_activation",),
        lambda n: Plan(last=None),
        ("classes", "yes_no", "labels"),
    ),
    "relu_of_classes": Fault(
        ("wrong_last_activation",),
        lambda n: Plan(last="relu"),
        ("classes", "yes_no", "labels"),
    ),
    "labels_out_of_range": Fault(
        ("wrong_labels", "exploding"),
        lambda n: Plan(y=lambda y: 100 * (y + 1)),
        ("classes",),
        (SPARSE,),
    ),
    "labels_of_minus_one": Fault(
        ("wrong_labels",), lambda n: Plan(y=lambda y: 2.0 * y - 1), ("yes_no", "labels")
    ),
    "absolute_error_of_classes": Fault(
        ("wrong_loss",),
        lambda n: Plan(loss="mean_absolute_error"),
        ("classes",),
        (HOT,),
    ),
    "silent_units": Fault(
        ("dying_relu", "vanishing"),
        lambda n: Plan(bias=-50.0, at=(1,)),
        layer=1,
        words=False,
    ),
    "units_fall_silent": Fault(
        ("dying_relu", "no_gradient", "vanishing"),
        lambda n: Plan(callbacks=lambda: [At(n // 5, silence)]),
        since=0.2,
    ),
    "deep_sigmoids": Fault(
        ("vanishing",), lambda n: Plan(activation="sigmoid", more=8)
    ),
    "zero_weights": Fault(
        ("no_gradient", "dying_relu", "vanishing", "wrong_initializer"),
        lambda n: Plan(initializer=initializer("Zeros")),
    ),
    "huge_weights": Fault(
        ("exploding", "unscaled_input", "vanishing", "dying_relu", "wrong_initializer"),
        lambda n: Plan(initializer=initializer("RandomNormal", stddev=10.0)),
    ),
    "no_activations": Fault(
        ("missing_activation",), lambda n: Plan(activation="linear", more=1)
    ),
    "much_dropout": Fault(("dropout_too_high",), lambda n: Plan(dropout=0.97)),
    "much_decay": Fault(
        ("penalty_too_high", "no_progress", "metric_stands", "vanishing"),
        lambda n: Plan(decay=1.0),
    ),
    "one_nan": Fault(
        ("exploding", "wrong_input"), lambda n: Plan(x=one_nan), words=False
    ),
    "constant_inputs": Fault(
        ("constant_output", "no_progress", "metric_stands", "wrong_input"),
        lambda n: Plan(x=lambda x: x * 0),
    ),
    "shuffled_targets": Fault(
        ("no_progress", "metric_stands", "wrong_labels"), lambda n: Plan(y=shuffled)
    ),
}
