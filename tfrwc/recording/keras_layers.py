"""What is known of the layers of Keras without it: their weights, and their parts."""

import re
from typing import Any

UNKNOWN = "unknown"
_DENSE = ("kernel", "bias")
_CELL = ("kernel", "recurrent_kernel", "bias")
_SEPARABLE = ("depthwise_kernel", "pointwise_kernel", "bias")
_STATISTICS = ("moving_mean", "moving_variance")
_RENORM = ("moving_stddev", "renorm_mean", "renorm_stddev")
# Names of weights in the order of a file. A last one that a layer has not is left out.
_WEIGHTS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("Dense", "EinsumDense"), _DENSE),
    **dict.fromkeys((f"Conv{n}D" for n in (1, 2, 3)), _DENSE),
    **dict.fromkeys((f"Conv{n}DTranspose" for n in (1, 2, 3)), _DENSE),
    **dict.fromkeys((f"DepthwiseConv{n}D" for n in (1, 2)), _DENSE),
    **dict.fromkeys((f"SeparableConv{n}D" for n in (1, 2)), _SEPARABLE),
    **dict.fromkeys(("LSTMCell", "GRUCell", "SimpleRNNCell", "ConvLSTMCell"), _CELL),
    "Embedding": ("embeddings",),
    "ReversibleEmbedding": ("embeddings", "reverse_embeddings"),
    "PReLU": ("alpha",),
    "LayerScale": ("0",),  # of ConvNeXt, which gives it no name
    "RMSNormalization": ("scale",),
    "AdditiveAttention": ("scale",),
    "Normalization": ("mean", "variance", "count"),
    "STFTSpectrogram": ("real_kernel", "imag_kernel"),
}
_SCALED = ("BatchNormalization", "LayerNormalization", "GroupNormalization")
_ATTENTION = ("query_dense", "key_dense", "gate_dense", "value_dense", "output_dense")
# The cell of each recurrent layer that makes its own.
_CELLS = {
    **{kind: f"{kind}Cell" for kind in ("LSTM", "GRU", "SimpleRNN")},
    **{f"ConvLSTM{n}D": "ConvLSTMCell" for n in (1, 2, 3)},
}
_COMPOSITES = (
    *("MultiHeadAttention", "GroupedQueryAttention", "Bidirectional", "RNN"),
    *("StackedRNNCells", "TimeDistributed", "SpectralNormalization", "Attention"),
    *("Functional", "Sequential"),
)
Entry = dict[str, Any]


def is_of_keras(entry: Entry) -> bool:
    """Whether Keras defines the class of an entry of a configuration."""
    return str(entry.get("module")).split(".")[0] == "keras" and (
        entry.get("registered_name") in (None, entry.get("class_name"))
    )


def kind_of(entry: Entry) -> str:
    """Name of the class of an entry; a configuration has its public name."""
    name = str(entry["class_name"])
    return "GroupedQueryAttention" if name == "GroupQueryAttention" else name


def keras_entry(kind: str) -> Entry:
    """An entry for a layer of Keras of whose configuration nothing is known."""
    return {"class_name": kind, "module": "keras.layers", "config": {}}


def weight_names(entry: Entry, count: int) -> tuple[str, ...] | None:
    """Names of a layer's own weights as they follow in a file.

    Args:
        entry: the layer's entry in the configuration.
        count: how many the file has.

    Returns:
        the names, or None where they are not known.
    """
    kind, config = kind_of(entry), entry.get("config") or {}
    if not is_of_keras(entry):
        return None
    names = _WEIGHTS.get(kind)
    if kind in _SCALED:
        both = {"scale": count != 1, "center": count != 1} | config
        names = ("gamma",) * bool(both["scale"]) + ("beta",) * bool(both["center"])
        if kind == "BatchNormalization":
            names += _STATISTICS + _RENORM * (len(names) + 5 == count)
        # Without a configuration it is not told which of the two there is.
        if count != len(names) or (count == 1 and not config):
            return None
    elif kind == "Attention":
        names = ("scale",) * bool(config.get("use_scale")) + ("concat_score_weight",)
    elif kind == "SpectralNormalization":
        inner = config.get("layer") or {}
        kernel = "embeddings" if inner.get("class_name") == "Embedding" else "kernel"
        names = (kernel, "vector_u")[-count:]
    if names is None or count > len(names):
        return None
    if config.get("lora_rank"):
        # A file has a kernel with what was learnt beside it added.
        names = (f"merged_{names[0]}", *names[1:])
    return names[:count]


def parts(entry: Entry) -> list[tuple[str, Entry]]:
    """The layers in a composite layer of Keras, in the order that it keeps them in.

    Returns:
        path within the layer and entry of each; none where they are not known.
    """
    kind, config = kind_of(entry), entry.get("config") or {}
    inner = config.get("layer") or keras_entry(UNKNOWN)
    if kind in _CELLS:
        return [("cell", keras_entry(_CELLS[kind]))]
    if kind in ("MultiHeadAttention", "GroupedQueryAttention"):
        return [(name, keras_entry("EinsumDense")) for name in _ATTENTION]
    if kind == "Bidirectional":
        back = config.get("backward_layer") or inner
        return [("forward_layer", inner), ("backward_layer", back)]
    if kind in ("TimeDistributed", "SpectralNormalization"):
        return [("layer", inner)]
    if kind == "RNN":
        cell = config.get("cell") or keras_entry(UNKNOWN)
        if isinstance(cell, list):
            cells = {"config": {"cells": cell}}
            cell = keras_entry("StackedRNNCells") | cells
        return [("cell", cell)]
    if kind == "StackedRNNCells" and config.get("cells"):
        return members("cells", config["cells"])
    return []


def members(attribute: str, entries: list[Entry]) -> list[tuple[str, Entry]]:
    """Paths of the members of a list, as Keras counts up those of one class."""
    numbers: dict[str, int] = {}
    paths: list[tuple[str, Entry]] = []
    for entry in entries:
        name = snake_case(kind_of(entry))
        number = numbers[name] = numbers.get(name, -1) + 1
        paths.append((f"{attribute}/{name}" + (f"_{number}" if number else ""), entry))
    return paths


def snake_case(kind: str) -> str:
    """What Keras makes of the name of a class in a file.

    >>> snake_case("SeparableConv2D"), snake_case("PReLU")
    ('separable_conv2d', 'p_re_lu')
    """
    name = re.sub(r"\W+", "", kind)
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


_KINDS = {
    snake_case(kind): kind for kind in (*_WEIGHTS, *_SCALED, *_CELLS, *_COMPOSITES)
}


def class_name(snake: str) -> str:
    """The class of Keras with a name in a file, or "unknown".

    >>> class_name("conv2d_1"), class_name("my_block")
    ('Conv2D', 'unknown')
    """
    return _KINDS.get(re.sub(r"_\d+$", "", snake), UNKNOWN)
