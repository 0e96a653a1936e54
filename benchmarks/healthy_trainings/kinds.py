"""Small trainings of further kinds, beside the twenty that faults are planted into.

Plateaus, rare classes, noisy labels and targets, counts, penalties, frozen layers, two
inputs or outputs, losses of one's own: what a diagnosis may take for a fault.
"""

import keras
import numpy as np
from networks import in_a_row, mlp
from sklearn import datasets
from trainings import SPARSE, SQUARES, YES_NO, Training, digits, friedman, standard

L, ops = keras.layers, keras.ops


def clusters(rng, classes=3, noise=0.0, rare=None):
    weights = None if rare is None else [1 - rare, rare]
    x, y = datasets.make_classification(
        900,
        12,
        n_informative=8,
        n_classes=classes,
        flip_y=noise,
        weights=weights,
        random_state=int(rng.integers(2**31)),
    )
    return standard(x), y


def parity(rng):
    x = rng.choice([-1.0, 1.0], (1000, 8)).astype("float32")
    return x, (x[:, :2].prod(-1) > 0).astype(int)


def noisy_line(rng):
    x = rng.normal(size=(900, 10)).astype("float32")
    y = x @ rng.normal(size=10) + 5 * rng.normal(size=900)
    return x, standard(y[:, None])


def outliers(rng):
    x, y = friedman(rng)
    return x, (y + 10 * (rng.random(y.shape) < 0.03)).astype("float32")


def counts(rng):
    x = rng.normal(size=(900, 6)).astype("float32")
    mean = np.exp(x @ np.array([0.6, -0.4, 0.3, 0, 0, 0]) + 1)
    return x, rng.poisson(mean)[:, None].astype("float32")


def blurred(rng):
    x, _ = digits(False)(rng)
    return (x + rng.normal(0, 0.3, x.shape)).astype("float32"), x


def ratings(rng):
    users, items = rng.normal(size=(40, 3)), rng.normal(size=(60, 3))
    pairs = np.stack([rng.integers(0, 40, 1500), rng.integers(0, 60, 1500)], 1)
    dots = (users[pairs[:, 0]] * items[pairs[:, 1]]).sum(-1)
    y = np.clip(np.round(3 + dots + rng.normal(0, 0.3, 1500)), 1, 5)
    return pairs.astype("int32"), y[:, None].astype("float32")


def sequences(rng):
    """Which of three notes is heard most often in a row of 16."""
    y = rng.integers(0, 3, 900)
    own = rng.random((900, 16)) < 0.35
    return np.where(own, y[:, None], rng.integers(0, 3, (900, 16))), y


def two_tasks(rng):
    x, y = digits()(rng)
    return x, {"digit": y, "even": (y % 2 == 0).astype("float32")}


def with_norms(make):
    hidden = [
        x for _ in range(3) for x in (L.Dense(64, "gelu"), L.LayerNormalization())
    ]
    return in_a_row((64,), *hidden, make.last(10, "softmax"))


def with_dropout(make):
    hidden = [x for _ in range(2) for x in (L.Dense(96, "relu"), L.Dropout(0.5))]
    return in_a_row((64,), *hidden, make.last(10, "softmax"))


def with_penalty(make):
    penalty = keras.regularizers.L2(1e-3)
    hidden = [L.Dense(64, "relu", kernel_regularizer=penalty) for _ in range(2)]
    return in_a_row((64,), *hidden, make.last(10, "softmax"))


def logits(make):
    return in_a_row((64,), L.Dense(48, "relu"), L.Dense(10))


def frozen_features(make):
    features = L.Conv2D(32, 3, activation="relu")
    features.trainable = False
    return in_a_row(
        (8, 8, 1), features, L.MaxPooling2D(), L.Flatten(), make.last(10, "softmax")
    )


def patches(make):
    images = L.Input((8, 8, 1))
    x = L.Reshape((16, 24))(L.Conv2D(24, 2, 2)(images))
    x = x + L.Embedding(16, 24)(ops.arange(16))
    for _ in range(2):
        y = L.LayerNormalization()(x)
        x = x + L.MultiHeadAttention(2, 12)(y, y)
        x = x + L.Dense(24)(L.Dense(48, "gelu")(L.LayerNormalization()(x)))
    x = L.GlobalAveragePooling1D()(L.LayerNormalization()(x))
    return keras.Model(images, L.Dense(10, "softmax")(x))


def pictures_again(make):
    return in_a_row(
        (8, 8, 1),
        L.Conv2D(16, 3, 2, padding="same", activation="relu"),
        L.Conv2D(16, 3, padding="same", activation="relu"),
        L.Conv2DTranspose(16, 3, 2, padding="same", activation="relu"),
        L.Conv2D(1, 3, padding="same", activation="sigmoid"),
    )


def factors(make):
    pairs = L.Input((2,), dtype="int32")
    user = L.Embedding(40, 8)(pairs[:, 0])
    item = L.Embedding(60, 8)(pairs[:, 1])
    return keras.Model(pairs, L.Dense(1)(L.Dot(1)([user, item])))


def both_ways(make):
    return in_a_row(
        (16,), L.Embedding(3, 8), L.Bidirectional(L.LSTM(12)), make.last(3, "softmax")
    )


def dilated(make):
    return in_a_row(
        (16,),
        L.Embedding(3, 8),
        L.SeparableConv1D(24, 3, activation="relu", padding="same"),
        L.Conv1D(24, 3, activation="relu", dilation_rate=2, padding="same"),
        L.GlobalAveragePooling1D(),
        make.last(3, "softmax"),
    )


def two_heads(make):
    x = L.Input((64,))
    h = L.Dense(64, "relu")(x)
    ends = {
        "digit": L.Dense(10, "softmax", name="digit")(h),
        "even": L.Dense(1, "sigmoid", name="even")(h),
    }
    return keras.Model(x, ends)


def quantile(y, predicted):
    """The error of the 80th percentile, a loss of one's own."""
    off = y - predicted
    return ops.mean(ops.maximum(0.8 * off, -0.2 * off), axis=-1)


def small(units, last, **options):
    return mlp(32, 16, units=units, last=last, inputs=12, **options)


KINDS = {
    "gelu_and_norms": Training("classes", digits(), with_norms, SPARSE),
    "half_dropout": Training("classes", digits(), with_dropout, SPARSE),
    "a_penalty": Training("classes", digits(), with_penalty, SPARSE),
    "logits": Training(
        "logits",
        digits(),
        logits,
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    ),
    "no_hidden_layer": Training(
        "classes", digits(), mlp(units=10, last="softmax"), SPARSE, rate=5e-3
    ),
    "one_sigmoid_layer": Training(
        "classes",
        digits(),
        mlp(64, units=10, last="softmax", activation="sigmoid"),
        SPARSE,
        rate=5e-3,
    ),
    "frozen_features": Training(
        "classes", digits(False), frozen_features, SPARSE, rate=5e-3
    ),
    "patches": Training("classes", digits(False), patches, SPARSE, rate=2e-3),
    "pictures_again": Training(
        "numbers", blurred, pictures_again, YES_NO, rate=3e-3, epochs=10
    ),
    "two_heads": Training(
        "heads", two_tasks, two_heads, {"digit": SPARSE, "even": YES_NO}
    ),
    "clusters": Training("classes", clusters, small(3, "softmax"), SPARSE, rate=3e-3),
    "noisy_labels": Training(
        "classes", lambda r: clusters(r, 2, 0.5), small(2, "softmax"), SPARSE, rate=3e-3
    ),
    "a_rare_class": Training(
        "yes_no",
        lambda r: clusters(r, 2, 0.0, 0.08),
        small(1, "sigmoid"),
        YES_NO,
        rate=3e-3,
    ),
    "parity": Training(
        "yes_no", parity, mlp(32, units=1, last="sigmoid", inputs=8), YES_NO, rate=5e-3
    ),
    "noisy_line": Training(
        "numbers",
        noisy_line,
        mlp(16, units=1, last=None, inputs=10),
        SQUARES,
        rate=3e-3,
    ),
    "outliers": Training(
        "numbers",
        outliers,
        mlp(48, 48, units=1, last=None, inputs=10),
        "huber",
        rate=3e-3,
    ),
    "absolute_error": Training(
        "numbers",
        friedman,
        mlp(48, 48, units=1, last=None, inputs=10, activation="tanh"),
        "mean_absolute_error",
        rate=3e-3,
    ),
    "quantile": Training(
        "numbers", friedman, mlp(48, units=1, last=None, inputs=10), quantile, rate=3e-3
    ),
    "counts": Training(
        "numbers",
        counts,
        mlp(32, units=1, last="softplus", inputs=6),
        "poisson",
        rate=3e-3,
    ),
    "ratings": Training("numbers", ratings, factors, SQUARES, rate=1e-2),
    "both_ways": Training("classes", sequences, both_ways, SPARSE, rate=5e-3),
    "dilated": Training("classes", sequences, dilated, SPARSE, rate=5e-3),
}
