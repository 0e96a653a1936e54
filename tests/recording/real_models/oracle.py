"""What a recording of a model must hold, from what is known of Keras' layers.

Nothing here imports the package. Which weights are kernels, and which parts a layer
has, is written down by class and attribute. A layer that is not of Keras says it
itself: ``KERNELS`` names its attributes that are kernels, ``PARTS`` those that are
layers where there are lists among them, and ``NETWORKS`` groups of attributes that are
networks beside each other.
"""

from collections import Counter
from dataclasses import dataclass
from math import prod
from typing import Any

import keras

# Weights in the order in which layers make them: * is a kernel, - is never trained.
_DENSE = "*_kernel bias *lora_kernel_a *lora_kernel_b -kernel_scale"
_CELL = "*kernel *recurrent_kernel bias"
_STATISTICS = "-moving_mean -moving_variance"
WEIGHTS = {
    **dict.fromkeys(("Dense", "EinsumDense", "Conv1D", "Conv2D", "Conv3D"), _DENSE),
    **{f"Conv{n}DTranspose": "*kernel bias" for n in (1, 2, 3)},
    **{f"DepthwiseConv{n}D": "*kernel bias" for n in (1, 2)},
    **{
        f"SeparableConv{n}D": "*depthwise_kernel *pointwise_kernel bias" for n in (1, 2)
    },
    **dict.fromkeys(("LSTMCell", "GRUCell", "SimpleRNNCell", "ConvLSTMCell"), _CELL),
    "Embedding": "*_embeddings *lora_embeddings_a *lora_embeddings_b",
    "ReversibleEmbedding": "*_embeddings *reverse_embeddings",
    "BatchNormalization": f"gamma beta {_STATISTICS} "
    "-moving_stddev -renorm_mean -renorm_stddev",
    "LayerNormalization": "gamma beta",
    "GroupNormalization": "gamma beta",
    "RMSNormalization": "scale",
    # It holds the kernel of the layer within, and comes before it.
    "SpectralNormalization": "*kernel -vector_u",
    "PReLU": "alpha",
    "LayerScale": "gamma",  # of ConvNeXt
    "Attention": "scale concat_score_weight",
    "AdditiveAttention": "scale",
    "Normalization": "-adapt_mean -adapt_variance -count",
    "STFTSpectrogram": "*real_kernel *imag_kernel",
}
_ATTENTION = "_query_dense _key_dense _gate_dense _value_dense _output_dense"
PARTS = {
    "MultiHeadAttention": _ATTENTION,
    "GroupedQueryAttention": _ATTENTION,
    "Bidirectional": "forward_layer backward_layer",
    **dict.fromkeys(("TimeDistributed", "SpectralNormalization"), "layer"),
    **dict.fromkeys(("LSTM", "GRU", "SimpleRNN", "RNN"), "cell"),
    **dict.fromkeys(("ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"), "cell"),
    "StackedRNNCells": "cells",
}
# Layers of Keras that hold no real numbers are not in these tables; a test of every
# model is that the tables find as many elements as Keras counts.
MERGED = ("kernel", "embeddings")


@dataclass(frozen=True)
class Row:
    """What is expected of one weight."""

    name: str
    path: str
    kind: str
    shape: tuple[int, ...]
    depth: int
    is_kernel: bool
    layer: Any
    variable: Any

    @property
    def size(self) -> int:
        return prod(self.shape)

    @property
    def name_in_files(self) -> str:
        """The name that files without a model tell.

        They call kernels with LoRA factors added so, and do not have the names that
        Keras counts up for variables without one.
        """
        layer, own = self.name.split("/")
        if self.variable.name.partition("_")[0] == "variable":
            own = "0"
        if getattr(self.layer, "lora_enabled", False) and own in MERGED:
            own = f"merged_{own}"
        return f"{layer}/{own}"

    @property
    def is_in_files(self) -> bool:
        """Whether files have it: they have LoRA factors within the kernels."""
        return not self.variable.name.startswith("lora_")


def rows_of(model):
    """All weights of real numbers, each once, in order.

    Raises:
        AssertionError: if the tables do not know a layer of the model.
    """
    networks = networks_of(model)
    names, depths, seen, rows = Counter(), Counter(), set(), []
    for layer, network in walk(model, networks, None, set()):
        own = [w for w in weights_of(layer) if id(w[0]) not in seen]
        seen.update(id(variable) for variable, _ in own)
        # A kernel of eight bits is one, too, although nothing is recorded of it.
        depths[network] += any(is_kernel for _, is_kernel in own)
        own = [(v, is_kernel) for v, is_kernel in own if "float" in str(v.dtype)]
        for variable, is_kernel in own:
            name = f"{layer.name}/{variable.name}"
            names[name] += 1
            number = f"#{names[name]}" if names[name] > 1 else ""
            shape, depth = tuple(variable.shape), max(depths[network] - 1, 0)
            kind = type(layer).__name__
            row = (name + number, variable.path, kind, shape, depth, is_kernel)
            rows.append(Row(*row, layer, variable))
    missed = [
        w.path for w in model.weights if id(w) not in seen and "float" in str(w.dtype)
    ]
    assert not missed, f"the tables of the oracle do not know {missed}"
    return rows


def walk(layer, networks, network, seen):
    """A layer and all within it, in order, with the network that each is in."""
    if id(layer) in seen:
        return
    seen.add(id(layer))
    yield layer, network
    for part in parts_of(layer):
        yield from walk(part, networks, networks.get(id(part), network), seen)


def of_keras(layer):
    return type(layer).__module__.split(".")[0] == "keras"


def weights_of(layer):
    """A layer's own variables, and whether each is a kernel: trained ones first."""
    if not of_keras(layer):
        kernels = getattr(layer, "KERNELS", ())
        own = []
        for name, value in vars(layer).items():
            for variable in flat(value, keras.Variable):
                if not name.startswith("_") and "float" in str(variable.dtype):
                    own.append((variable, name in kernels))
        return own
    listed = []
    for word in WEIGHTS.get(type(layer).__name__, "").split():
        variable = vars(layer).get(word.strip("*-"))
        if isinstance(variable, keras.Variable):
            listed.append((variable, word.startswith("*")))
    return listed


def parts_of(layer):
    """The layers directly in a layer, in order."""
    if isinstance(layer, keras.Model):
        graph = list(layer.layers) if isinstance(layer, keras.Sequential) else []
        if has_graph(layer):
            graph = in_order_of_graph(layer)
        return [*graph, *(of_attributes(layer) if not of_keras(layer) else [])]
    if of_keras(layer):
        names = PARTS.get(type(layer).__name__, "").split()
        return [part for name in names for part in held(layer, name)]
    return of_attributes(layer)


def of_attributes(layer):
    """The layers in the attributes of one that is not of Keras."""
    names = [*vars(layer).get("_modules", ()), *vars(layer)]  # PyTorch keeps some apart
    names = getattr(layer, "PARTS", [n for n in names if not n.startswith("_")])
    return [part for name in names for part in held(layer, name)]


def held(layer, name):
    """The layers in an attribute."""
    return flat(getattr(layer, name, None), keras.layers.Layer)


def flat(value, kind):
    """All of a kind in nested lists and dicts."""
    if isinstance(value, kind):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return [part for each in value for part in flat(each, kind)]
    return []


def has_graph(layer):
    """Whether a model was made from its inputs and outputs."""
    return hasattr(layer, "get_layer") and hasattr(layer, "_nodes")


def in_order_of_graph(model):
    """The layers of a graph in the order of `model.layers`, once this is checked.

    Raises:
        AssertionError: if one that is called once comes before what it is called on.
    """
    nodes, place = nodes_of(model), {id(part): i for i, part in enumerate(model.layers)}
    calls = Counter(id(node.operation) for node in nodes)
    for node in nodes:
        for before, _, _ in histories(node):
            both = {id(before), id(node.operation)}
            if both <= {*place} and all(calls[each] == 1 for each in both):
                assert place[id(before)] < place[id(node.operation)]
    return list(model.layers)


def nodes_of(model):
    """The calls that lead to a model's outputs."""
    inputs = {tuple(map(id_or_number, t._keras_history)) for t in model.inputs}
    waiting, seen, found = [t._keras_history for t in model.outputs], set(), []
    while waiting:
        operation, number, place = waiting.pop()
        if (id(operation), number) in seen:
            continue
        seen.add((id(operation), number))
        node = operation._inbound_nodes[number]
        found.append(node)
        if (id(operation), number, place) not in inputs:
            waiting += histories(node)
    return found


def id_or_number(value):
    return value if isinstance(value, int) else id(value)


def histories(node):
    """Of the tensors that a call was given: operation, number of the call, place."""
    return [tensor._keras_history for tensor in node.input_tensors]


def networks_of(model):
    """The network that each layer directly in a model is in, by the layer's id."""
    if not of_keras(model) and hasattr(model, "NETWORKS"):
        return {
            id(part): number
            for number, names in enumerate(model.NETWORKS)
            for name in names
            for part in held(model, name)
        }
    if isinstance(model, keras.Sequential) or not has_graph(model):
        return {}
    return connected(nodes_of(model))


def connected(nodes):
    """Flood the graph from each layer with weights: what meets is one network.

    A layer without weights is another thing at each call, so that an activation which
    two networks use does not join them.
    """

    def thing(operation, number):
        own = bool(getattr(operation, "weights", []))
        return (id(operation), None if own else number)

    neighbours = {}
    for node in nodes:
        one = thing(node.operation, node.operation._inbound_nodes.index(node))
        neighbours.setdefault(one, set())
        for operation, number, _ in histories(node):
            other = thing(operation, number)
            neighbours[one].add(other)
            neighbours.setdefault(other, set()).add(one)
    network = {}
    for start in neighbours:
        waiting = [start]
        while waiting:
            here = waiting.pop()
            if here not in network:
                network[here] = start
                waiting += neighbours[here]
    return {key[0]: value for key, value in network.items()}
