"""Twenty small trainings that learn, of the usual kinds of networks and tasks.

Each builds its network from a `Plan`, in which `faults` plants one thing that is wrong.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import keras
import numpy as np
from networks import (
    Layers,
    attention,
    bag_of_words,
    convolutions,
    mlp,
    recurrent,
    residual,
)
from sklearn import datasets


@dataclass(frozen=True)
class Training:
    """A training that learns.

    Attributes:
        task: ``"classes"``, ``"yes_no"``, ``"labels"`` (several) or ``"numbers"``.
        data: from a generator of random numbers to inputs and targets.
        network: from `Layers` to the model.
        loss: of Keras.
        optimizer: its class.
        rate: learning rate.
        epochs, batch: of `fit`.
    """

    task: str
    data: Callable
    network: Callable
    loss: str
    optimizer: type = keras.optimizers.Adam
    rate: float = 1e-3
    epochs: int = 20
    batch: int = 32
    options: dict = field(default_factory=dict)


def standard(x):
    return ((x - x.mean(0)) / np.where(x.std(0) == 0, 1, x.std(0))).astype("float32")


def digits(flat=True, one_hot=False):
    def data(rng):
        x, y = datasets.load_digits(return_X_y=True)
        rows = rng.permutation(len(x))[:1000]
        x, y = (x[rows] / 16).astype("float32"), y[rows]
        x = x if flat else x.reshape(-1, 8, 8, 1)
        return x, np.eye(10, dtype="float32")[y] if one_hot else y

    return data


def table(load, numbers=False):
    def data(rng):
        x, y = load(return_X_y=True)
        rows = rng.permutation(len(x))
        y = standard(y[:, None]) if numbers else y
        return standard(x)[rows], y[rows]

    return data


def friedman(rng):
    x, y = datasets.make_friedman1(800, random_state=int(rng.integers(2**31)))
    return x.astype("float32"), standard(y[:, None])


def moons(rng):
    x, y = datasets.make_moons(600, noise=0.1, random_state=int(rng.integers(2**31)))
    return standard(x), y


def blobs(rng):
    x, y = datasets.make_blobs(
        800, 8, centers=5, cluster_std=3.0, random_state=int(rng.integers(2**31))
    )
    return standard(x), np.eye(5, dtype="float32")[y]


def several_labels(rng):
    x, y = datasets.make_multilabel_classification(
        800, 20, n_classes=4, n_labels=2, random_state=int(rng.integers(2**31))
    )
    return standard(x), y.astype("float32")


def waves(rng):
    """Noisy sines of two speeds: which it is."""
    y = rng.integers(0, 2, 600)
    time = np.arange(24) * np.where(y, 0.9, 0.5)[:, None] + rng.uniform(0, 6, (600, 1))
    return (np.sin(time) + rng.normal(0, 0.2, time.shape))[..., None].astype("f"), y


def next_value(rng):
    """A sine, and what comes next."""
    time = np.arange(17) * rng.uniform(0.2, 0.6, (600, 1)) + rng.uniform(0, 6, (600, 1))
    wave = np.sin(time).astype("float32")
    return wave[:, :-1, None], wave[:, -1:]


def words(rng):
    """Sentences of 20 of 200 words, whose subject is that of most of them."""
    y = rng.integers(0, 3, 900)
    own = rng.integers(0, 50, (900, 20)) + 50 * y[:, None]
    other = rng.integers(0, 200, (900, 20))
    return np.where(rng.random((900, 20)) < 0.4, own, other).astype("int32"), y


def pictures_of_digits(rng):
    x, _ = digits()(rng)
    return x, x


def momentum(rate):
    return {
        "optimizer": keras.optimizers.SGD,
        "rate": rate,
        "options": {"momentum": 0.9},
    }


SPARSE, HOT = "sparse_categorical_crossentropy", "categorical_crossentropy"
YES_NO, SQUARES = "binary_crossentropy", "mean_squared_error"
TRAININGS = {
    "digits_relu": Training(
        "classes", digits(), mlp(64, 32, units=10, last="softmax"), SPARSE
    ),
    "digits_tanh": Training(
        "classes",
        digits(one_hot=True),
        mlp(48, 48, units=10, last="softmax", activation="tanh"),
        HOT,
        **momentum(0.05),
    ),
    "digits_sgd": Training(
        "classes",
        digits(),
        mlp(128, units=10, last="softmax"),
        SPARSE,
        keras.optimizers.SGD,
        0.1,
    ),
    "digits_deep": Training(
        "classes", digits(), mlp(*[64] * 6, units=10, last="softmax"), SPARSE
    ),
    "digits_conv": Training(
        "classes", digits(False), convolutions(False), SPARSE, epochs=8
    ),
    "digits_norm": Training(
        "classes",
        digits(False, True),
        convolutions(True),
        HOT,
        **momentum(0.02),
        epochs=8,
    ),
    "digits_residual": Training("classes", digits(False), residual, SPARSE, rate=3e-3),
    "autoencoder": Training(
        "numbers", pictures_of_digits, mlp(32, 8, 32, units=64, last="sigmoid"), SQUARES
    ),
    "wine": Training(
        "classes",
        table(datasets.load_wine),
        mlp(16, units=3, last="softmax", inputs=13),
        SPARSE,
        rate=5e-3,
        batch=16,
    ),
    "iris": Training(
        "classes",
        table(datasets.load_iris),
        mlp(10, 10, units=3, last="softmax", inputs=4, activation="elu"),
        SPARSE,
        keras.optimizers.RMSprop,
        5e-3,
        batch=16,
    ),
    "cancer": Training(
        "yes_no",
        table(datasets.load_breast_cancer),
        mlp(16, 8, units=1, last="sigmoid", inputs=30),
        YES_NO,
    ),
    "moons": Training(
        "yes_no",
        moons,
        mlp(32, 32, units=1, last="sigmoid", inputs=2),
        YES_NO,
        rate=5e-3,
    ),
    "diabetes": Training(
        "numbers",
        table(datasets.load_diabetes, True),
        mlp(32, 16, units=1, last=None, inputs=10),
        SQUARES,
        rate=5e-3,
    ),
    "friedman": Training(
        "numbers",
        friedman,
        mlp(64, 64, units=1, last=None, inputs=10),
        SQUARES,
        **momentum(0.01),
    ),
    "blobs": Training(
        "classes",
        blobs,
        mlp(32, 32, 32, 32, units=5, last="softmax", inputs=8),
        HOT,
        keras.optimizers.AdamW,
        2e-3,
    ),
    "several_labels": Training(
        "labels",
        several_labels,
        mlp(48, 24, units=4, last="sigmoid", inputs=20),
        YES_NO,
        rate=3e-3,
    ),
    "waves_lstm": Training(
        "yes_no", waves, recurrent(keras.layers.LSTM, 1, "sigmoid"), YES_NO, rate=5e-3
    ),
    "next_value_gru": Training(
        "numbers", next_value, recurrent(keras.layers.GRU, 1, None), SQUARES, rate=5e-3
    ),
    "bag_of_words": Training("classes", words, bag_of_words, SPARSE, rate=5e-3),
    "attention": Training("classes", words, attention, SPARSE, rate=3e-3),
}


def data(training, plan, seed):
    """What a training is given, ``(x, y)``, and the targets without the fault."""
    x, truth = training.data(np.random.default_rng(seed))
    return (plan.x(x), plan.y(truth)), truth


def fit(training, plan, seed, callbacks):
    """Train; returns the model, its score and the names of its hidden layers.

    The score is 1 where all is right, and 0 for the commonest class or the mean.
    """
    keras.utils.set_random_seed(seed)
    (x, y), truth = data(training, plan, seed)
    make = Layers(plan)
    model = training.network(make)
    optimizer = training.optimizer(training.rate * plan.rate, **training.options)
    metrics = [] if training.task == "numbers" else ["accuracy"]
    model.compile(optimizer, plan.loss or training.loss, metrics=metrics)
    model.fit(
        x,
        y,
        batch_size=training.batch,
        epochs=training.epochs,
        verbose=0,
        callbacks=[*callbacks, *plan.callbacks()],
    )
    predicted = np.asarray(model.predict(x, batch_size=256, verbose=0), np.float64)
    return model, score(training.task, truth, predicted, y), make.made


def score(task, truth, predicted, y):
    if not np.isfinite(predicted).all():
        return -np.inf
    if task == "numbers":
        y = np.asarray(y, np.float64)
        return 1 - np.sum((y - predicted) ** 2) / np.sum((y - y.mean(0)) ** 2)
    if task == "classes":
        truth = truth.argmax(-1) if truth.ndim > 1 else truth
        right = (predicted.argmax(-1) == truth).mean()
        most = np.bincount(truth.astype(int)).max() / len(truth)
    else:
        truth = truth.reshape(len(truth), -1)
        right = ((predicted > 0.5) == (truth > 0.5)).mean()
        most = np.maximum(truth.mean(0), 1 - truth.mean(0)).mean()
    return (right - most) / (1 - most)
