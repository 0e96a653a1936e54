"""The account in the file of a trained model, saved by Keras and loaded by Keras alone.

Whoever loads the file of a model that was trained privately, and wraps it again, has
only the model. So one of its layers says what was done, where any Keras keeps it and
none takes it for anything: a dtype policy may list policies for single paths, and the
account is the name of a path that no layer has.
"""

import base64
import contextlib
import contextvars
import json
import weakref
import zlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import keras

_KEY = "private_account_"
_IS_SILENT = contextvars.ContextVar("_IS_SILENT", default=False)


class Carried(NamedTuple):
    """An account that a loaded model brings.

    Attributes:
        account: plain data, as they were saved.
        layers: that say it: the one that it was given to, and perhaps layers in that.
    """

    account: dict[str, Any]
    layers: list[keras.Layer]


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Within the block, configurations of models say nothing of accounts.

    For files of a private model, which have the account in weights of their own.
    """
    token = _IS_SILENT.set(True)
    try:
        yield
    finally:
        _IS_SILENT.reset(token)


def carry(model: keras.Model, account: Callable[[keras.Layer], Any]) -> None:
    """Have the account of a model's weights saved by Keras, with it and with every
    other model of the layer that says it.

    Args:
        model: functional or Sequential; the configurations of others are their own.
        account: function of the layer to plain data, asked when it is saved; None for
            no account.
    """
    layer = _carrier(model)
    if layer is None or "get_config" in vars(layer):
        return
    of_layer = weakref.ref(layer)

    def get_config() -> dict[str, Any]:
        layer = of_layer()
        assert layer is not None
        config: dict[str, Any] = type(layer).get_config(layer)
        is_silent = _IS_SILENT.get()
        data = None if is_silent else account(layer)
        policy = layer._dtype_policy
        plain = getattr(policy, "default_policy", policy)
        if is_silent and _keys(layer):  # of the file that the model came from
            config["dtype"] = keras.saving.serialize_keras_object(plain)
        if data is not None:
            packed = zlib.compress(json.dumps(data).encode(), 9)
            key = _KEY + base64.urlsafe_b64encode(packed).decode()
            policies = keras.dtype_policies.DTypePolicyMap(plain, {key: plain})
            config["dtype"] = keras.saving.serialize_keras_object(policies)
        return config

    layer.get_config = get_config


def carried(model: keras.Model) -> list[Carried]:
    """The accounts that layers of a loaded model say.

    Raises:
        ValueError: if one is damaged.
    """
    by_key: dict[str, list[keras.Layer]] = {}
    for layer in model._flatten_layers():
        for key in _keys(layer):
            by_key.setdefault(key, []).append(layer)
    accounts = []
    for key, layers in by_key.items():
        try:
            packed = base64.urlsafe_b64decode(key.removeprefix(_KEY))
            accounts.append(Carried(json.loads(zlib.decompress(packed)), layers))
        except (ValueError, zlib.error) as error:
            raise ValueError(
                f"Layer {layers[0].name!r} was trained privately, and what it says of "
                f"that is damaged: {error}. Load it from another copy."
            ) from error
    return accounts


def _keys(layer: keras.Layer) -> list[str]:
    """Of the accounts in a layer's policy."""
    policy = getattr(layer, "_dtype_policy", None)
    if not isinstance(policy, keras.dtype_policies.DTypePolicyMap):
        return []
    return [key for key in policy if key.startswith(_KEY)]


def _carrier(model: keras.Model) -> keras.Layer | None:
    """The first layer that is trained, and whose file keeps a policy; of Keras, if it
    has one, as the constructors of others may do more with a policy."""
    layers = [layer for layer in _in_the_file(model) if layer.trainable_variables]
    layers.sort(key=lambda layer: not type(layer).__module__.startswith("keras."))
    return next(filter(_can_carry, layers), None)


def _in_the_file(model: keras.Model) -> Iterator[keras.Layer]:
    """Layers whose own configurations are in that of a model, with what wrappers wrap.

    A layer's class may make others in it anew, whatever these were.
    """
    is_listed = isinstance(model, keras.Sequential) or hasattr(model, "operations")
    for layer in model.layers if is_listed else ():
        while isinstance(layer, keras.layers.Wrapper):
            layer = layer.layer
        if isinstance(layer, keras.Model):
            yield from _in_the_file(layer)
        else:
            yield layer


def _can_carry(layer: keras.Layer) -> bool:
    policy = getattr(layer, "_dtype_policy", None)
    if type(policy) is not keras.dtype_policies.DTypePolicy and not _keys(layer):
        return False
    try:
        return "dtype" in type(layer).get_config(layer)
    except NotImplementedError:  # Keras' own, of layers that cannot be saved
        return False
