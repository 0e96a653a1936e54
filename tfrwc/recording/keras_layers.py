"""What layers of Keras consist of, without Keras: their variables and inner layers.

Files keep neither the names of variables nor the order of inner layers; both follow
from the class of a layer and its configuration.
"""

import re
from collections.abc import Sequence
from typing import Any, TypeAlias

Config: TypeAlias = dict[str, Any]

_WITH_BIAS = ("kernel", "bias?use_bias")
_CELL = ("kernel", "recurrent_kernel", "bias?use_bias")
_SCALED = ("gamma?scale", "beta?center")
# Names of a layer's own variables; one after "?" is the option that creates it.
_VARIABLES: dict[str, Sequence[str]] = {
    **{f"Conv{n}D": _WITH_BIAS for n in (1, 2, 3)},
    **{f"Conv{n}DTranspose": _WITH_BIAS for n in (1, 2, 3)},
    **{f"DepthwiseConv{n}D": _WITH_BIAS for n in (1, 2)},
    **{
        f"SeparableConv{n}D": ("depthwise_kernel", "pointwise_kernel", "bias?use_bias")
        for n in (1, 2)
    },
    **dict.fromkeys(("SimpleRNNCell", "LSTMCell", "GRUCell", "ConvLSTMCell"), _CELL),
    **dict.fromkeys(("LayerNormalization", "GroupNormalization"), _SCALED),
    "BatchNormalization": (*_SCALED, "moving_mean", "moving_variance"),
    "RMSNormalization": ("scale",),
    "Normalization": ("mean", "variance", "count"),
    "Dense": _WITH_BIAS,
    "EinsumDense": ("kernel", "bias?bias_axes"),
    "Embedding": ("embeddings",),
    "PReLU": ("alpha",),
    "AdditiveAttention": ("scale?use_scale",),
    "Attention": ("scale?use_scale", "concat_score_weight?score_mode"),
    "SpectralNormalization": ("kernel", "vector_u"),
}
_CELL_OF = {
    **{name: f"{name}Cell" for name in ("SimpleRNN", "LSTM", "GRU")},
    **{f"ConvLSTM{n}D": "ConvLSTMCell" for n in (1, 2, 3)},
}
_ATTENTION = ("MultiHeadAttention", "GroupQueryAttention")
_WITH_PARTS = {*_CELL_OF, *_ATTENTION, "RNN", "StackedRNNCells", "Bidirectional"}
_WITH_PARTS |= {"TimeDistributed", "SpectralNormalization"}


def is_known(layer: Config) -> bool:
    """Whether this page knows the layer of a configuration."""
    module = str(layer.get("module", "")).split(".")[0]
    name = layer.get("class_name")
    known = name in _VARIABLES or name in _WITH_PARTS
    return module == "keras" and not layer.get("registered_name") and known


def variables_of(layer: Config) -> list[str]:
    """Names of a known layer's own variables, in the order of its file."""
    options = layer["config"] or {}
    names = []
    for entry in _VARIABLES.get(layer["class_name"], ()):
        name, _, option = entry.partition("?")
        value = options.get(option, True)
        if value and (option != "score_mode" or value == "concat"):
            names.append(name)
    return names


def parts_of(layer: Config) -> list[tuple[str, Config | None]]:
    """Inner layers of a known layer, in the order in which Keras keeps them.

    Returns:
        where each is below the layer, and its configuration, None if that is not told.
    """
    kind, options = layer["class_name"], layer["config"] or {}
    if kind in _CELL_OF:
        return [("cell", _keras(_CELL_OF[kind], options))]
    if kind == "RNN":
        return [("cell", options.get("cell"))]
    if kind == "Bidirectional":
        forward = options.get("layer")
        backward = options.get("backward_layer") or forward
        return [("forward_layer", forward), ("backward_layer", backward)]
    if kind in ("TimeDistributed", "SpectralNormalization"):
        return [("layer", options.get("layer"))]
    if kind == "StackedRNNCells":
        return _in_list("cells", options.get("cells", []))
    if kind in _ATTENTION:
        inner = _keras("EinsumDense", {"bias_axes": options.get("use_bias", True)})
        names = ("query_dense", "key_dense", "value_dense", "output_dense")
        # With and without the mark of a private attribute: this differs by version.
        return [(m + name, inner) for name in names for m in ("", "_")]
    return []


def class_name(snake: str) -> str:
    """The name of a class from what Keras makes of it in a file.

    >>> class_name("conv2d_1"), class_name("p_re_lu")
    ('Conv2D', 'PReLU')
    """
    plain = re.sub(r"_\d+$", "", snake)
    for name in (*_VARIABLES, *_WITH_PARTS):
        if _snake(name) == plain:
            return name
    words = [word[:1].upper() + word[1:] for word in plain.split("_")]
    return re.sub(r"(\d)d\b|(\d)d(?=[A-Z])", lambda m: m[0].upper(), "".join(words))


def _keras(kind: str, options: Config) -> Config:
    return {"module": "keras.layers", "class_name": kind, "config": options}


def _in_list(place: str, layers: list[Config]) -> list[tuple[str, Config | None]]:
    used: dict[str, int] = {}
    parts: list[tuple[str, Config | None]] = []
    for layer in layers:
        name = _snake(layer["class_name"])
        used[name] = used.get(name, -1) + 1
        number = f"_{used[name]}" if used[name] else ""
        parts.append((f"{place}/{name}{number}", layer))
    return parts


def _snake(name: str) -> str:
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", name))
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()
