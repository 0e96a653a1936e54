"""Replace batch normalisation, which no private training allows.

>>> from tfrwc.privacy import replace_batch_norm
>>> model, changes = replace_batch_norm(model, by="group")      # doctest: +SKIP
>>> print(*changes, sep="\\n")                                   # doctest: +SKIP
"""

import keras

# Few channels in a group leave little of their means; a group of one leaves none,
# and a global average behind it would see nothing.
_MOST_GROUPS = 16
_KINDS = ("group", "frozen")


def replace_batch_norm(model, by="group") -> tuple:
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
    if by not in _KINDS:
        raise ValueError(f"by must be one of {_KINDS}. Received: {by!r}.")
    functional = isinstance(model, keras.Sequential) or hasattr(model, "operations")
    if not functional or not model.built:
        raise ValueError(
            "Only built functional and Sequential models can be copied layer by layer. "
            f"Received: {type(model).__name__}. In a subclassed model, set trainable "
            "of its BatchNormalization layers to False, or build it with others."
        )
    changes = []

    def copy(layer):
        config = layer.get_config()
        if not isinstance(layer, keras.layers.BatchNormalization):
            return layer.__class__.from_config(config)
        if by == "frozen":
            changes.append(
                f"{layer.name}: frozen with its moving means and variances; nothing of "
                "it is trained."
            )
            return layer.__class__.from_config(config | {"trainable": False})
        channels = layer.moving_mean.shape[0]
        groups = max(
            n
            for n in range(1, _MOST_GROUPS + 1)
            if channels % n == 0 and (n == 1 or channels // n > 1)
        )
        changes.append(
            f"{layer.name}: BatchNormalization became GroupNormalization of {groups} "
            f"groups of {channels // groups} channels, with the same scale and offset; "
            "its moving statistics are gone."
        )
        same = ("name", "epsilon", "center", "scale", "trainable", "dtype")
        regularizers = ("gamma_regularizer", "beta_regularizer")
        kept = {key: config[key] for key in (*same, *regularizers)}
        axis = config["axis"]
        return keras.layers.GroupNormalization(groups, axis=axis, **kept)

    new = keras.models.clone_model(model, clone_function=copy, recursive=True)
    for old_layer, new_layer in zip(
        model._flatten_layers(), new._flatten_layers(), strict=True
    ):
        kept = dict(zip(_names(new_layer), new_layer._trainable_variables, strict=True))
        kept |= dict(
            zip(
                _names(new_layer, False),
                new_layer._non_trainable_variables,
                strict=True,
            )
        )
        for variable in old_layer._trainable_variables + (
            old_layer._non_trainable_variables
        ):
            if variable.name in kept:
                kept[variable.name].assign(variable)
    return new, changes


def _names(layer, trainable=True):
    variables = (
        layer._trainable_variables if trainable else (layer._non_trainable_variables)
    )
    return [v.name for v in variables]
