"""The role of a weight in its layer, over layers of Keras and of others."""

import keras
import pytest
from keras import layers

from tfrwc.recording.roles import named_role, shaped_role
from tfrwc.recording.watch import explain, tensors


def functional(shape, function):
    x = layers.Input(shape)
    return keras.Model(x, function(x))


def chain(shape, *stack):
    return keras.Sequential([layers.Input(shape), *stack])


def lora():
    model = chain((5,), layers.Embedding(5, 4), layers.Dense(3, name="adapted"))
    for layer in model.layers:
        layer.enable_lora(2)
    return model


# A model, and the names of its kernels; in all of them biases or scales have several
# dimensions, or kernels a single long one.
MODELS = {
    "attention": (
        lambda: functional((5, 4), lambda x: layers.MultiHeadAttention(2, 3)(x, x)),
        ["kernel"] * 4,
    ),
    "gru": (lambda: chain((5, 4), layers.GRU(3)), ["kernel", "recurrent_kernel"]),
    "prelu": (
        lambda: chain((8, 8, 1), layers.Conv2D(2, 3), layers.PReLU()),
        ["kernel"],
    ),
    "normalization": (
        lambda: chain(
            (5, 4),
            layers.LayerNormalization(axis=(1, 2)),
            # Over several axes Keras 3.12 takes a list alone.
            layers.RMSNormalization(axis=[1, 2]),
            layers.Dense(1),
        ),
        ["kernel"],
    ),
    "einsum": (
        lambda: chain(
            (5, 4), layers.EinsumDense("abc,cd->abd", (5, 3), bias_axes="bd")
        ),
        ["kernel"],
    ),
    "one unit": (lambda: chain((1,), layers.Dense(1), layers.Dense(1)), ["kernel"] * 2),
    "separable": (
        lambda: chain((8, 8, 3), layers.SeparableConv2D(2, 3)),
        ["depthwise_kernel", "pointwise_kernel"],
    ),
    "spectral": (
        lambda: chain((4,), layers.SpectralNormalization(layers.Dense(3))),
        ["kernel"],
    ),
    "embedding": (lambda: chain((5,), layers.Embedding(5, 1)), ["embeddings"]),
    "lora": (
        lora,
        [
            *("embeddings", "lora_embeddings_a", "lora_embeddings_b"),
            *("kernel", "lora_kernel_a", "lora_kernel_b"),
        ],
    ),
}


@pytest.mark.parametrize("name", MODELS)
def test_kernels_of_keras_layers(name):
    make, expected = MODELS[name]
    table = explain(make(), "kernels")
    chosen = table[table["watched"]]
    assert [path.rsplit("/", 1)[-1] for path in chosen["path"]] == expected


def test_the_reason_names_the_role():
    why = explain(MODELS["attention"][0]()).set_index("name")["why"]
    assert "bias" in why["query/bias"]
    assert "kernel" in why["query/kernel"]
    assert "alpha" in explain(MODELS["prelu"][0]())["why"].iloc[-1]


def test_depth_counts_layers_with_a_kernel():
    stack = [
        layers.LayerNormalization(axis=(1, 2)),
        *(layers.Dense(3), layers.PReLU(), layers.LayerNormalization(axis=(1, 2))),
        layers.Dense(2),
    ]
    depths = [t.depth for t in tensors(chain((5, 4), *stack))]
    assert depths == [0, 0, 0, 0, 0, 0, 0, 1, 1]


@pytest.mark.parametrize(
    ("name", "shape", "is_kernel"),
    [
        ("weight", (4, 3), True),
        ("weight", (4, 1), True),
        ("W", (4, 1), True),
        ("weight", (8,), False),
        ("bias", (2, 3), False),
        ("b", (2, 3), False),
        ("relative_position_bias_table", (49, 3), False),
        ("rel_pos_bias", (2, 7, 7), False),
        ("cls_token", (1, 1, 8), False),
        ("class_embedding", (1, 1, 8), False),
        ("pos_embed", (1, 9, 8), True),
        ("token_embedding", (100, 8), True),
        ("layer_scale_gamma", (1, 1, 8), False),
        ("kernel_scale", (5, 8), False),
        ("offset_kernel", (3, 3, 4, 18), True),
        ("variable", (4, 3), True),
        ("variable", (1, 3), False),
        ("variable", (), False),
        ("w1", (4, 5, 6), True),
        ("experts", (4, 5, 6), True),
        ("lora_kernel_a", (4, 2), True),
        ("lora_kernel_b", (2, 4), True),
        ("lora_B", (2, 4), True),
        ("lora_alpha", (), False),
        ("B", (4, 3), True),
        ("B", (4,), False),
        ("W_B", (4, 3), True),
        ("ws", (4, 3), True),
        ("bs", (2, 3), False),
    ],
)
def test_weights_of_layers_of_others(name, shape, is_kernel):
    role = named_role([name], shape) or shaped_role(shape)
    assert role.is_kernel == is_kernel


class Adapted(layers.Dense):
    """A layer of somebody who begins with one of Keras."""


class Nested(layers.Layer):
    def build(self, shape):
        add = self.add_weight
        self.parts = {"gate": {"kernel": add(shape=(4, 3)), "bias": add(shape=(2, 3))}}
        self.cycle = []
        self.cycle.append(self.cycle)
        self.stack = [[add(shape=(4, 3))]]

    def call(self, x):
        return x


def test_lora_of_a_layer_that_begins_with_one_of_keras():
    model = chain((5,), Adapted(3))
    model.layers[0].enable_lora(2)
    watched = explain(model).query("watched")["name"]
    assert [name.split("/")[1] for name in watched] == [
        *("kernel", "lora_kernel_a", "lora_kernel_b")
    ]


def test_names_of_weights_in_nested_containers():
    model = chain((4,), Nested())
    assert [t.role.name for t in tensors(model)] == ["kernel", "bias", "kernel"]


@pytest.mark.skipif(keras.backend.backend() != "jax", reason="a layer for JAX alone")
def test_weights_of_a_function_of_jax():
    import jax.numpy as jnp

    def start(rng, inputs, training=None):
        return {"w": jnp.ones((4, 3)), "b": jnp.ones((2, 3)), "scale": jnp.ones((3, 4))}

    def call(params, inputs):
        return inputs @ params["w"]

    model = chain((4,), layers.JaxLayer(call, init_fn=start))
    watched = explain(model).query("watched")
    assert [*watched["role"]] == ["weight matrix"]


@pytest.mark.skipif(keras.backend.backend() != "torch", reason="a layer for PyTorch")
def test_weights_of_a_module_of_torch():
    from torch import nn

    module = nn.Sequential(nn.Linear(4, 3), nn.PReLU(), nn.Linear(3, 2))
    watched = explain(chain((4,), layers.TorchModuleWrapper(module))).query("watched")
    assert [*watched["shape"]] == [(3, 4), (2, 3)]
