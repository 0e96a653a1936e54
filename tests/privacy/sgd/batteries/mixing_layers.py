"""Layers that mix the examples of a batch, each in a way of its own."""

import keras
import tensorflow as tf
from keras import layers, ops


class Mixes(keras.Layer):
    """Adds, to its inputs, a function of the whole batch.

    Args:
        function: of the inputs (examples, features) to what is added.
        training_alone: whether nothing is added outside of training.
    """

    def __init__(self, function, training_alone=False, **kwargs):
        super().__init__(**kwargs)
        self.function, self.training_alone = function, training_alone

    def call(self, x, training=None):
        if self.training_alone and not training:
            return x
        return x + self.function(x)


def mean(x):
    return ops.mean(x, axis=0, keepdims=True)


def neighbour(x):
    return ops.roll(x, 1, axis=0)


def beside_ranks(x):
    """The rank of each value in the batch: whole numbers, without a gradient."""
    return ops.cast(ops.argsort(ops.argsort(x, axis=0), axis=0), x.dtype)


def above_four(x):
    is_large = ops.cast(ops.shape(x)[0] > 4, x.dtype)
    return -mean(x) * is_large


def above_four_in_python(x):
    return -mean(x) if x.shape[0] is not None and x.shape[0] > 4 else 0 * x


def of_sixteen(x):
    """Only in batches of exactly the size of training."""
    return -mean(x) * ops.cast(ops.equal(ops.shape(x)[0], 16), x.dtype)


def above_two(x):
    return ops.where(ops.max(x) > 2, -mean(x), 0 * x)


def below_minus_one(x):
    return tf.cond(tf.reduce_min(x) < -1, lambda: -mean(x), lambda: 0 * x)


def above_two_hundred(x):
    return ops.where(ops.max(ops.abs(x)) > 200, ops.max(x), 0 * x)


def tiny(x):
    return 1e-6 * mean(x)


def unseen(x):
    """No gradient leads through it, nor a value that is not a number."""
    centre = ops.stop_gradient(mean(x))
    return -ops.where(ops.isnan(centre), 0.0, centre)


def over_softmax(x):
    return ops.softmax(x, axis=0)


def of_all_pairs(x):
    """Attention of the examples to one another."""
    return ops.matmul(ops.softmax(ops.matmul(x, ops.transpose(x))), x)


def running_sum(x):
    return ops.cumsum(x, axis=0)


def by_scan(x):
    """A state that is carried from example to example."""
    return tf.scan(lambda state, row: 0.5 * state + row, x)


def of_pairs(x):
    """Reshapes rows of two examples, where the batch can be halved."""
    half = ops.shape(x)[0] // 2
    pairs = ops.reshape(x[: 2 * half], (half, -1))
    swapped = ops.reshape(ops.flip(pairs, axis=1), (2 * half, x.shape[1]))
    return ops.concatenate([swapped, 0 * x[2 * half :]], axis=0)


def by_size(x):
    return x / ops.cast(ops.shape(x)[0], x.dtype)


def by_place(x):
    places = ops.arange(ops.shape(x)[0], dtype=x.dtype)
    return ops.expand_dims(places, 1)


def of_largest(x):
    """Only the example with the largest norm is changed."""
    norms = ops.sum(x**2, axis=1, keepdims=True)
    return ops.where(norms >= ops.max(norms), -x, 0 * x)


FUNCTIONS = {
    "mean": mean,
    "neighbour": neighbour,
    "ranks": beside_ranks,
    "above four": above_four,
    "above four, in Python": above_four_in_python,
    "of sixteen": of_sixteen,
    "above two": above_two,
    "below minus one": below_minus_one,
    "above two hundred": above_two_hundred,
    "tiny": tiny,
    "unseen": unseen,
    "softmax": over_softmax,
    "all pairs": of_all_pairs,
    "running sum": running_sum,
    "scan": by_scan,
    "pairs": of_pairs,
    "by size": by_size,
    "by place": by_place,
    "of the largest": of_largest,
}


class Capacity(keras.Layer):
    """Two experts that take at most half of the batch each, first come first served."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.gate, self.experts = layers.Dense(2), [layers.Dense(6) for _ in range(2)]

    def call(self, x):
        gates = ops.softmax(self.gate(x))
        chosen = ops.one_hot(ops.argmax(gates, axis=-1), 2)
        places = ops.cumsum(chosen, axis=0) * chosen
        limit = ops.cast(ops.shape(x)[0], x.dtype) / 2
        gates = gates * ops.cast(places <= limit, x.dtype) * chosen
        parts = [gates[:, i : i + 1] * self.experts[i](x) for i in range(2)]
        return x + parts[0] + parts[1]


class ExpertsChoice(keras.Layer):
    """Each expert takes the two examples that it scores highest."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.score, self.expert = layers.Dense(1), layers.Dense(6)

    def call(self, x):
        scores = self.score(x)[:, 0]
        least = ops.sort(scores)[-2] if x.shape[0] else ops.min(ops.top_k(scores, 2)[0])
        return x + ops.where((scores >= least)[:, None], self.expert(x), 0.0)


class Statistics(keras.Layer):
    """Keeps a mean of its inputs, somewhere.

    Args:
        place: "weight", "variable", "list", "object", "unread" or "seed".
    """

    def __init__(self, place, **kwargs):
        super().__init__(**kwargs)
        self.place = place
        value = None if place in ("weight", "seed") else tf.Variable(tf.zeros(6))
        if place == "list":
            self.kept = {"of": [value]}
        elif place == "object":
            self.kept = type("Kept", (), {})()
            self.kept.mean = value
        else:
            self.kept = value
        if place == "seed":
            self.seed_generator = keras.random.SeedGenerator(0)

    def build(self, shape):
        if self.place == "weight":
            self.kept = self.add_weight((6,), trainable=False, name="seed_generator")

    def call(self, x, training=None):
        centre = ops.mean(x, axis=0)
        if self.place == "seed":
            state = self.seed_generator.state
            state.assign(ops.cast(1000 * ops.stack([centre[0], centre[1]]), "int64"))
            return x + 0.001 * ops.cast(state[0], x.dtype)
        kept = {
            "list": lambda: self.kept["of"][0],
            "object": lambda: self.kept.mean,
        }.get(self.place, lambda: self.kept)()
        if training:
            kept.assign(0.9 * kept + 0.1 * centre)
        return x if self.place == "unread" else x - tf.convert_to_tensor(kept)


class BatchNormalised(layers.BatchNormalization):
    """Normalises over the batch without keeping anything, also when it is frozen."""

    def call(self, inputs, training=None, mask=None):
        mean, variance = ops.moments(inputs, axes=0)
        return (inputs - mean) / ops.sqrt(variance + 1e-3)


class DrawnMixing(keras.Layer):
    """Mixes with examples in another order, at random."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.seed_generator = keras.random.SeedGenerator(0)

    def call(self, x, training=None):
        if not training:
            return x
        return 0.7 * x + 0.3 * keras.random.shuffle(x, seed=self.seed_generator)


class DropoutByTheBatch(keras.Layer):
    """A rate that depends on all examples."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.seed_generator = keras.random.SeedGenerator(0)

    def call(self, x):
        draws = keras.random.uniform(ops.shape(x), seed=self.seed_generator)
        return ops.where(draws < ops.sigmoid(ops.mean(x)), x, 0.0)


class BackwardMixing(keras.Layer):
    """Passes its inputs on, and centres gradients over the batch on the way back."""

    def call(self, x):
        @tf.custom_gradient
        def identity(x):
            return tf.identity(x), lambda g: g - tf.reduce_mean(g, 0, keepdims=True)

        return identity(x)


class ZeroGate(keras.Layer):
    """Mixes by the product of two weights that are both 0 at the start."""

    def build(self, shape):
        self.gates = [self.add_weight((), "zeros") for _ in range(2)]

    def call(self, x):
        return x + self.gates[0] * self.gates[1] * mean(x)


class Fills(keras.Layer):
    """Replaces what is not a number by the mean of the batch."""

    def call(self, x):
        known = ops.logical_not(ops.isnan(x))
        total = ops.sum(ops.where(known, x, 0.0), axis=0, keepdims=True)
        centre = total / ops.sum(ops.cast(known, x.dtype), axis=0, keepdims=True)
        return ops.where(known, x, 0.0) - centre


LAYERS = {
    "capacity": Capacity,
    "experts' choice": ExpertsChoice,
    "kept in a weight": lambda: Statistics("weight"),
    "kept in a variable": lambda: Statistics("variable"),
    "kept in a list": lambda: Statistics("list"),
    "kept in an object": lambda: Statistics("object"),
    "kept and unread": lambda: Statistics("unread"),
    "kept in a seed": lambda: Statistics("seed"),
    "named as a seed": lambda: Statistics("weight", name="net_seed1"),
    "batch normalised": lambda: BatchNormalised(trainable=False),
    "drawn": DrawnMixing,
    "dropout by the batch": DropoutByTheBatch,
    "backward": BackwardMixing,
    "zero gate": ZeroGate,
    "fills": Fills,
    "unit norm of the batch": lambda: layers.UnitNormalization(axis=0),
    "softmax of the batch": lambda: layers.Softmax(axis=0),
    "layer norm of the batch": lambda: Normalised(),
    "training alone": lambda: Mixes(neighbour, training_alone=True),
} | {name: lambda f=f: Mixes(f) for name, f in FUNCTIONS.items()}


class Normalised(keras.Layer):
    """Takes the batch for positions of one example."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.norm = layers.LayerNormalization(axis=[1, 2], center=False, scale=False)

    def call(self, x):
        return self.norm(x[None])[0]
