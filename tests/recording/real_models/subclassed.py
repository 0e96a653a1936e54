"""Networks and layers that are not of Keras, each saying what its kernels are."""

import keras
import numpy as np
from keras import layers, ops
from recording.loops import descend
from recording.networks import Branching
from recording.real_models.architectures import dense, graph
from recording.real_models.table import model
from recording.real_models.training import compiled, train_by

OWN_MODEL = "a class that is not of Keras: its configuration lists no layers"
OWN_LAYER = "from the first layer on that is not of Keras, the order is not told"


def with_data(model, features=4, outputs=2, n=8):
    """A compiled model that one call has built, and data for it."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n, features)).astype("float32")
    model(x[:4])
    y = rng.normal(size=(n, outputs)).astype("float32")
    return compiled(model), x, y


@model(untold=OWN_MODEL)
def branching():
    return with_data(Branching())


@model(untold=OWN_MODEL, sees_first_epoch=False)
def built_by_fit():
    _, x, y = with_data(Branching())
    return compiled(Branching()), x, y


class Containers(keras.Model):
    """Layers in lists and dicts, and lists in them."""

    def __init__(self):
        super().__init__()
        self.stages = [[layers.Dense(4), layers.Dense(5)], [layers.Dense(4)]]
        self.heads = {"first": layers.Dense(2), "other": layers.Dense(2)}

    def call(self, x):
        for stage in self.stages:
            for layer in stage:
                x = layer(x)
        return sum(head(x) for head in self.heads.values())


@model(untold=OWN_MODEL)
def containers():
    return with_data(Containers())


class Graph(keras.Model):
    """A functional model by inheritance."""

    def __init__(self):
        x = layers.Input((4,))
        h = layers.Dense(5, "tanh")(x)
        super().__init__(x, layers.Dense(2)(h))

    def get_config(self):
        return {}


@model(untold=OWN_MODEL)
def functional_by_inheritance():
    return compiled(Graph())


class Target(keras.Model):
    """A network, and a copy that its `call` does not name."""

    NETWORKS = (("online",), ("target",))

    def __init__(self):
        super().__init__()
        self.online = dense(4, 2)
        self.target = dense(4, 2)
        self.target.trainable = False

    def call(self, x):
        return self.online(x)


@model(untold=OWN_MODEL)
def target_network():
    return with_data(Target())


class Distiller(keras.Model):
    """A student that learns from a frozen teacher."""

    def __init__(self):
        super().__init__()
        self.teacher = dense(6, 2)
        self.teacher.trainable = False
        self.student = dense(3, 2)

    def call(self, x):
        return self.student(x) - self.teacher(x)


@model(untold=OWN_MODEL)
def distillation():
    return with_data(Distiller())


class Adversaries(keras.Model):
    """A generator and a critic with an optimizer each, called in the step alone."""

    NETWORKS = (("generator",), ("critic",))

    def __init__(self):
        super().__init__()
        self.generator = dense(5, 4, features=3)
        self.critic = dense(5, 4, 1)
        # They keep moments of the shapes of the weights, in files as well.
        self.g_optimizer = keras.optimizers.Adam(0.02)
        self.d_optimizer = keras.optimizers.RMSprop(0.01)
        self.built = True

    def step(self, batch):
        """One step of each; that of the generator is through the critic."""
        noise, real = (np.array(ops.convert_to_numpy(part)) for part in batch)
        fake = ops.convert_to_numpy(self.generator(noise))
        both, truth = np.concatenate([real, fake]), np.repeat([1.0, 0.0], len(real))
        truth = truth[:, None].astype("float32")
        loss = descend(self.critic, self.d_optimizer, both, truth)
        self.critic.trainable = False
        through = keras.Sequential([self.generator, self.critic])
        descend(through, self.g_optimizer, noise, np.ones((len(noise), 1), "float32"))
        self.critic.trainable = True
        return {"loss": loss}


@model(untold=OWN_MODEL)
def gan():
    model = Adversaries()
    model.compile()
    rng = np.random.default_rng(0)
    x, y = (rng.normal(size=(8, n)).astype("float32") for n in (3, 4))
    train_by(model, Adversaries.step)
    return model, x, y


class Sampler(layers.Layer):
    """A latent vector with noise, and the loss that keeps it near a Gaussian."""

    def __init__(self):
        super().__init__()
        self.seeds = keras.random.SeedGenerator(0)

    def call(self, moments):
        mean, log_variance = ops.split(moments, 2, axis=-1)
        penalty = ops.square(mean) + ops.exp(log_variance) - log_variance - 1
        self.add_loss(0.5 * ops.mean(ops.sum(penalty, axis=-1)))
        noise = keras.random.normal(ops.shape(mean), seed=self.seeds)
        return mean + ops.exp(0.5 * log_variance) * noise


class Autoencoder(keras.Model):
    def __init__(self):
        super().__init__()
        self.encoder = dense(6, 4)
        self.sampler = Sampler()
        self.decoder = dense(6, 4, features=2)

    def call(self, x):
        return self.decoder(self.sampler(self.encoder(x)))


@model(untold=OWN_MODEL)
def variational_autoencoder():
    return with_data(Autoencoder(), outputs=4)


class Experts(layers.Layer):
    """Dense layers, of which a router weighs the outputs."""

    PARTS = ("router", "experts")

    def __init__(self, units=4, number=3):
        super().__init__()
        self.router = layers.Dense(number, "softmax", use_bias=False)
        self.experts = [layers.Dense(units, "tanh") for _ in range(number)]

    def call(self, x):
        outputs = ops.stack([expert(x) for expert in self.experts], axis=-1)
        return ops.sum(outputs * self.router(x)[..., None, :], axis=-1)


@model(untold=OWN_LAYER, known_depths=1)
def mixture_of_experts():
    return graph((4,), lambda x: layers.Dense(2)(Experts()(layers.Dense(4)(x))))


class StackedExperts(layers.Layer):
    """Experts in one tensor."""

    KERNELS = ("experts", "router")

    def build(self, shape):
        self.router = self.add_weight(shape=(shape[-1], 3), name="router")
        self.experts = self.add_weight(shape=(3, shape[-1], 5), name="experts")
        self.bias = self.add_weight(shape=(3, 5), name="bias")

    def call(self, x):
        outputs = ops.einsum("bi,eio->beo", x, self.experts) + self.bias
        return ops.einsum("beo,be->bo", outputs, ops.softmax(x @ self.router))


@model(
    untold=OWN_LAYER,
    known_depths=1,
    other_kernels="of a weight without a known name only the shape tells what it is",
    more=("stacked_experts/bias",),
)
def mixture_of_stacked_experts():
    return graph((4,), lambda x: layers.Dense(2)(StackedExperts()(layers.Dense(6)(x))))


class Linear(layers.Layer):
    KERNELS = ("w",)

    def __init__(self, units):
        super().__init__()
        self.units = units

    def build(self, shape):
        self.w = self.add_weight(shape=(shape[-1], self.units), name="w")
        self.b = self.add_weight(shape=(self.units,), name="b")

    def call(self, x):
        return x @ self.w + self.b


@model(untold=OWN_LAYER, known_depths=1)
def layers_of_ones_own():
    return graph((4,), lambda x: Linear(1)(Linear(6)(layers.Dense(5)(x))))


class Patches(layers.Layer):
    """Patches of an image with a class token and places."""

    KERNELS = ("positions",)

    def build(self, shape):
        self.project = layers.Conv2D(4, 2, strides=2)
        self.project.build(shape)
        number = (shape[1] // 2) * (shape[2] // 2) + 1
        self.token = self.add_weight(shape=(1, 1, 4), name="cls_token")
        self.positions = self.add_weight(shape=(1, number, 4), name="pos_embed")

    def call(self, x):
        x = ops.reshape(self.project(x), (-1, self.positions.shape[1] - 1, 4))
        token = ops.broadcast_to(self.token, (ops.shape(x)[0], 1, 4))
        return ops.concatenate([token, x], axis=1) + self.positions


@model(untold=OWN_LAYER)
def vision_transformer():
    def function(x):
        h = Patches()(x)
        normal = layers.LayerNormalization()(h)
        h = h + layers.MultiHeadAttention(2, 2)(normal, normal)
        h = h + layers.Dense(4)(layers.Dense(8, "gelu")(layers.LayerNormalization()(h)))
        return layers.Dense(2)(h[:, 0])

    return graph((4, 4, 3), function)


class Tied(layers.Layer):
    """A layer that uses the kernel of another one, and holds that layer."""

    def __init__(self, other):
        super().__init__()
        self.other = other
        self.scale = None

    def get_config(self):
        return {}

    def build(self, shape):
        self.scale = self.add_weight(shape=(4,), name="scale", initializer="ones")

    def call(self, x):
        return ops.matmul(x, ops.transpose(self.other.kernel)) * self.scale


@model(untold=OWN_LAYER, known_depths=2)
def tied_kernels():
    def function(x):
        first = layers.Dense(5, "tanh")
        return Tied(first)(layers.Dense(5)(first(x)))

    return graph((4,), function)
