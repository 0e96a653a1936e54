"""Replace batch normalisation, which no private training allows.

>>> from tfrwc.privacy import replace_batch_norm
>>> model, changes = replace_batch_norm(model, by="group")      # doctest: +SKIP
>>> print(*changes, sep="\\n")                                   # doctest: +SKIP
"""

from typing import Any, Literal

import keras

from tfrwc._common.checks import one_of

_MOST_GROUPS = 16
_KINDS = ("group", "frozen")
# Settings that both kinds of normalisation have.
_SHARED = (
    "name",
    "trainable",
    "dtype",
    "axis",
    "epsilon",
    "center",
    "scale",
    "gamma_regularizer",
    "beta_regularizer",
)


def replace_batch_norm(
    model: keras.Model, by: Literal["group", "frozen"] = "group"
) -> tuple[keras.Model, list[str]]:
    """Copy a model, with another normalisation in place of BatchNormalization.

    Args:
        model: functional or Sequential, built; models in it are copied too.
        by: ``"group"``: GroupNormalization with the same scale and offset, of up to 16
            groups of two or more channels; ``"frozen"``: the same layers, with the
            moving statistics that they have, no longer trained. Frozen statistics are
            private only if they were learned from public data.

    Returns:
        The new model, with the weights of the old, and a list of sentences that say
        what was changed.

    Raises:
        ValueError: for another `by`, or a model that cannot be copied.
    """
    one_of(by, _KINDS, "by")
    functional = isinstance(model, keras.Sequential) or hasattr(model, "operations")
    if not functional or not model.built:
        raise ValueError(
            "Only built functional and Sequential models can be copied layer by layer. "
            f"Received: {type(model).__name__}. In a subclassed model, set trainable "
            "of its BatchNormalization layers to False, or build it with others."
        )
    changes: list[str] = []
    config = keras.saving.serialize_keras_object(model)
    config.pop("compile_config", None)
    config = _replaced(config, by, changes)
    new = keras.saving.deserialize_keras_object(config)
    pairs = zip(model._flatten_layers(), new._flatten_layers(), strict=True)
    for old_layer, new_layer in pairs:
        old, same = _variables(old_layer), _variables(new_layer)
        for name in old.keys() & same.keys():
            same[name].assign(old[name])
    return new, changes


def _replaced(config: Any, by: str, changes: list[str]) -> Any:
    """A model's configuration with other normalisations, however deep."""
    if isinstance(config, (list, tuple)):
        return [_replaced(item, by, changes) for item in config]
    if not isinstance(config, dict):
        return config
    if config.get("class_name") == "BatchNormalization":
        return _replacement(config, by, changes)
    return {key: _replaced(item, by, changes) for key, item in config.items()}


def _replacement(layer: dict[str, Any], by: str, changes: list[str]) -> dict[str, Any]:
    """The configuration of what takes the place of a batch normalisation."""
    config = layer["config"]
    name = config["name"]
    if by == "frozen":
        changes.append(
            f"{name}: frozen with its moving means and variances; nothing of it is "
            "trained."
        )
        return layer | {"config": config | {"trainable": False}}
    channels = layer["build_config"]["input_shape"][config["axis"]]
    groups = _groups(channels)
    changes.append(
        f"{name}: BatchNormalization became GroupNormalization of {groups} groups of "
        f"{channels // groups} channels, with the same scale and offset; its moving "
        "statistics are gone."
    )
    shared = {key: config[key] for key in _SHARED} | {"groups": groups}
    # A call of batch normalisation can have a mask, which this one does not take.
    nodes = [node | {"kwargs": {}} for node in layer.get("inbound_nodes", [])]
    return layer | {
        "class_name": "GroupNormalization",
        "config": shared,
        "inbound_nodes": nodes,
    }


def _groups(channels: int) -> int:
    # A group of one channel loses its mean, and a global average behind it would see
    # nothing.
    allowed = [
        n
        for n in range(1, _MOST_GROUPS + 1)
        if channels % n == 0 and (n == 1 or channels > n)
    ]
    return allowed[-1]


def _variables(layer: keras.Layer) -> dict[str, keras.Variable]:
    own = layer._trainable_variables + layer._non_trainable_variables
    return {variable.name: variable for variable in own}
