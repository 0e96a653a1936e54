"""Models as people publish them, beside what they are trained on.

Made of layers of `published_layers`, in the manner of the examples of Keras and of
papers' repositories: each must be trained as one example after the other would, or be
refused with words that are true of it.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import layers, ops
from privacy.sgd.batteries import published_layers as own

N = 8
RNG = np.random.default_rng(0)


class Published(NamedTuple):
    """A model and data for one step of it.

    Attributes:
        make: function without arguments to a new model, not compiled.
        x: arrays (N, ...), or a structure of them.
        y: array (N, ...); None for one of three classes.
        loss: function without arguments to a loss; None for that of logits.
    """

    make: Callable[[], keras.Model]
    x: Any
    y: Any = None
    loss: Callable[[], Any] | None = None

    def labels(self):
        return RNG.integers(0, 3, N) if self.y is None else self.y

    def new_loss(self):
        if self.loss is not None:
            return self.loss()
        return keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def real(*shape):
    return RNG.normal(size=(N, *shape)).astype(np.float32)


def tokens(*shape, padded=False):
    ids = RNG.integers(1, 20, (N, *shape)).astype(np.int32)
    return np.where(RNG.random(ids.shape) < 0.4, 0, ids) if padded else ids


def edges(count):
    return (RNG.random((N, count, count)) < 0.5).astype(np.float32)


def of(shape, *hidden, dtype="float32"):
    """A Sequential with three logits."""
    ends = [layers.Flatten(), layers.Dense(3)]
    return keras.Sequential([layers.Input(shape, dtype=dtype), *hidden, *ends])


def of_inputs(function, *shapes):
    """A functional model of several inputs, with three logits."""
    inputs = [layers.Input(shape) for shape in shapes]
    return keras.Model(inputs, layers.Dense(3)(function(*inputs)))


def text_classifier(length=6):
    return keras.Sequential(
        [
            layers.Input((length,), dtype="int32"),
            own.Tokens(8, 20, 6),
            own.Block(6),
            layers.GlobalAveragePooling1D(),
            layers.Dense(3),
        ]
    )


def vision_transformer():
    inputs = layers.Input((8, 8, 3))
    x = own.PatchEncoder(4, 6)(own.Patches(4)(inputs))
    x = own.ClassToken()(x)
    for _ in range(2):
        normal = layers.LayerNormalization()(x)
        x = x + layers.MultiHeadAttention(2, 3)(normal, normal)
    return keras.Model(inputs, layers.Dense(3)(x[:, 0]))


def mixer():
    parts = [own.Patches(4), layers.Dense(6), own.Mixer(4, 6), own.Mixer(4, 6)]
    return of((8, 8, 3), *parts)


def convolution_mixer():
    inputs = layers.Input((8, 8, 3))
    x = layers.Conv2D(6, 2, 2, activation="gelu")(layers.Rescaling(1 / 255)(inputs))
    for _ in range(2):
        deep = layers.DepthwiseConv2D(3, padding="same", activation="gelu")(x)
        x = layers.Add()([layers.GroupNormalization(2)(deep), x])
        x = layers.Conv2D(6, 1, activation="gelu")(x)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(3)(x))


def u_net():
    inputs = layers.Input((8, 8, 1))
    first = layers.Conv2D(4, 3, padding="same", activation="relu")(inputs)
    x = layers.Conv2D(6, 3, padding="same")(layers.MaxPooling2D()(first))
    x = layers.GroupNormalization(2)(x)
    x = layers.Conv2DTranspose(4, 3, 2, padding="same")(x)
    x = layers.SeparableConv2D(4, 3, padding="same")(layers.Concatenate()([x, first]))
    return keras.Model(inputs, layers.Conv2D(3, 1, activation="softmax")(x))


def siamese():
    inputs = [layers.Input((6, 6, 1)) for _ in range(2)]
    tower = keras.Sequential([layers.Conv2D(3, 3), layers.Flatten(), layers.Dense(4)])
    one, other = map(tower, inputs)
    distance = ops.sum((one - other) ** 2, axis=1, keepdims=True)
    return keras.Model(inputs, ops.sqrt(ops.maximum(distance, 1e-7)))


def contrastive():
    def loss(y, distance):
        near, far = distance**2, ops.maximum(1 - distance, 0) ** 2
        return ops.mean((1 - y) * near + y * far)

    return loss


def critic():
    hidden = [layers.Conv2D(4, 5, 2, "same"), layers.LeakyReLU(0.2), layers.Flatten()]
    return keras.Sequential([layers.Input((8, 8, 1)), *hidden, layers.Dense(1)])


def wasserstein():
    return lambda y, outputs: ops.mean(y * outputs)


def set_of_points(points, mask):
    x = layers.Dense(5, "relu")(points) * ops.expand_dims(mask, -1)
    return ops.sum(x, axis=1) / (1 + ops.sum(mask, axis=1, keepdims=True))


class TiedAutoencoder(keras.Model):
    """Its decoder is the turned kernel of its encoder."""

    def __init__(self):
        super().__init__()
        self.encoder = layers.Dense(3, "tanh")

    def build(self, shape):
        self.encoder.build(shape)
        self.shift = self.add_weight(shape=(shape[-1],), name="shift")

    def call(self, x):
        return self.encoder(x) @ ops.transpose(self.encoder.kernel) + self.shift


class Recommender(keras.Model):
    def __init__(self):
        super().__init__()
        self.users, self.films = layers.Embedding(20, 4), layers.Embedding(20, 4)

    def call(self, x):
        products = self.users(x[:, 0]) * self.films(x[:, 1])
        return ops.sum(products, axis=1, keepdims=True)


def sequences():
    inputs = [layers.Input((None, 3)) for _ in range(2)]
    _, *state = layers.LSTM(4, return_state=True)(inputs[0])
    x = layers.LSTM(4, return_sequences=True)(inputs[1], initial_state=state)
    return keras.Model(inputs, layers.Dense(3)(x))


def masked():
    inputs = layers.Input((None,), dtype="int32")
    x = layers.Embedding(20, 4, mask_zero=True)(inputs)
    x = layers.Bidirectional(layers.GRU(3))(x)
    return keras.Model(inputs, layers.Dense(3)(x))


def of_words():
    vectorize = layers.TextVectorization(20, output_sequence_length=4)
    vectorize.adapt(TEXTS)
    inputs = layers.Input((), dtype="string")
    x = layers.Embedding(20, 4)(vectorize(inputs))
    return keras.Model(inputs, layers.Dense(3)(layers.GlobalAveragePooling1D()(x)))


TEXTS = np.array(["a cat sat", "dogs bark", "on", "", "all night long"] * 2, object)
TEXTS = TEXTS[:N]


def transfer():
    base = keras.applications.MobileNetV2((32, 32, 3), 0.35, False, None, pooling="avg")
    base.trainable = False
    inputs = layers.Input((32, 32, 3))
    scaled = keras.applications.mobilenet_v2.preprocess_input(inputs)
    return keras.Model(inputs, layers.Dense(3)(base(scaled, training=False)))


def repeated(layer, shape, times=3):
    return of(shape, *[layer] * times)


def mean_squares():
    return keras.losses.MeanSquaredError()


PUBLISHED = {
    "text classifier": Published(text_classifier, tokens(6)),
    "text classifier, any length": Published(lambda: text_classifier(None), tokens(6)),
    "vision transformer": Published(vision_transformer, real(8, 8, 3)),
    "mixer": Published(mixer, real(8, 8, 3)),
    "convolution mixer": Published(convolution_mixer, 100 * real(8, 8, 3)),
    "u-net": Published(
        u_net,
        real(8, 8, 1),
        RNG.integers(0, 3, (N, 8, 8, 1)),
        keras.losses.SparseCategoricalCrossentropy,
    ),
    "siamese": Published(
        siamese,
        [real(6, 6, 1), real(6, 6, 1)],
        RNG.integers(0, 2, (N, 1)).astype(np.float32),
        contrastive,
    ),
    "critic": Published(
        critic,
        real(8, 8, 1),
        RNG.choice([-1.0, 1.0], (N, 1)).astype("float32"),
        wasserstein,
    ),
    "set": Published(
        lambda: of_inputs(set_of_points, (None, 3), (None,)),
        [real(5, 3), (RNG.random((N, 5)) < 0.7).astype(np.float32)],
    ),
    "graph": Published(
        lambda: of_inputs(
            lambda x, e: layers.Flatten()(own.Graph()([own.Graph()([x, e]), e])),
            (5, 4), (5, 5),
        ),
        [real(5, 4), edges(5)],
    ),
    "graph attention": Published(
        lambda: of_inputs(
            lambda x, e: layers.Flatten()(own.GraphAttention()([x, e])), (5, 4), (5, 5)
        ),
        [real(5, 4), edges(5)],
    ),
    "attention of one's own": Published(
        lambda: of((5, 6), own.Attention()), real(5, 6)
    ),
    "attention of one head": Published(
        lambda: of((5, 6), own.Attention(heads=1)), real(5, 6)
    ),
    "the same attention three times": Published(
        lambda: repeated(own.Attention(), (5, 6)), real(5, 6)
    ),
    "the same block three times": Published(
        lambda: repeated(own.Block(6), (5, 6)), real(5, 6)
    ),
    "recurrent attention": Published(
        lambda: of((5, 4), layers.LSTM(4, return_sequences=True), own.AdditiveScores()),
        real(5, 4),
    ),
    "gated": Published(lambda: of((5,), own.Gated(4), own.Gated(4)), real(5)),
    "film": Published(
        lambda: of_inputs(
            lambda x, z: layers.Flatten()(own.Film(4)([layers.Conv2D(4, 3)(x), z])),
            (6, 6, 2), (3,),
        ),
        [real(6, 6, 2), real(3)],
    ),
    "hypernetwork": Published(
        lambda: of_inputs(lambda x, z: own.Hyper()([x, z]), (4,), (2,)),
        [real(4), real(2)],
    ),
    "tied autoencoder": Published(TiedAutoencoder, real(6), real(6), mean_squares),
    "weight norm": Published(
        lambda: of((4, 6), own.WeightNorm(5), layers.ReLU()), real(4, 6)
    ),
    "standardised convolution": Published(
        lambda: of((6, 6, 3), own.StandardisedConv(4, 3)), real(6, 6, 3)
    ),
    "lora": Published(lambda: of((4, 6), own.Lora(layers.Dense(5))), real(4, 6)),
    "experts": Published(lambda: of((6,), own.Experts()), real(6)),
    "best experts": Published(lambda: of((6,), own.Experts(best=2)), real(6)),
    "prototypes": Published(lambda: of((6,), own.Prototypes()), real(6)),
    "capsules": Published(lambda: of((5, 4), own.Capsules()), real(5, 4)),
    "quantised": Published(lambda: of((4, 6), own.Quantised()), real(4, 6)),
    "recurrent cell": Published(
        lambda: of((5, 3), layers.RNN(own.Cell(4))), real(5, 3)
    ),
    "coordinates": Published(
        lambda: of((5, 2), own.Fourier(), layers.Dense(6, "relu")), real(5, 2)
    ),
    "recommender": Published(Recommender, tokens(2), real(1), mean_squares),
    "sequence to sequence": Published(
        sequences, [real(4, 3), real(5, 3)], RNG.integers(0, 3, (N, 5))
    ),
    "masked": Published(masked, tokens(6, padded=True)),
    "words": Published(of_words, TEXTS),
    "transfer": Published(transfer, real(32, 32, 3)),
}  # fmt: skip
