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
from typing import Any

import keras

_KEY = "private_account_"
_IS_SILENT = contextvars.ContextVar("_IS_SILENT", default=False)


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


def carry(model: keras.Model, account: Callable[[keras.Model], Any]) -> None:
    """Have a model's account saved with it by Keras.

    Args:
        model: functional or Sequential; the configurations of others are their own.
        account: function of the model to plain data, asked when it is saved; None for
            no account.
    """
    layer = _carrier(model)
    if layer is None or "get_config" in vars(layer):
        return
    of_model, of_layer = weakref.ref(model), weakref.ref(layer)

    def get_config() -> dict[str, Any]:
        model, layer = of_model(), of_layer()
        assert layer is not None
        config: dict[str, Any] = type(layer).get_config(layer)
        data = None if model is None or _IS_SILENT.get() else account(model)
        if data is not None:
            policy = layer._dtype_policy
            plain = getattr(policy, "default_policy", policy)
            packed = zlib.compress(json.dumps(data).encode(), 9)
            key = _KEY + base64.urlsafe_b64encode(packed).decode()
            policies = keras.dtype_policies.DTypePolicyMap(plain, {key: plain})
            config["dtype"] = keras.saving.serialize_keras_object(policies)
        return config

    layer.get_config = get_config


def carried(model: keras.Model) -> list[Any]:
    """The accounts that layers of a loaded model say.

    Raises:
        ValueError: if one is damaged.
    """
    accounts = []
    for layer in model._flatten_layers():
        policy = getattr(layer, "_dtype_policy", None)
        if not isinstance(policy, keras.dtype_policies.DTypePolicyMap):
            continue
        for key in policy:
            if not key.startswith(_KEY):
                continue
            try:
                packed = base64.urlsafe_b64decode(key.removeprefix(_KEY))
                accounts.append(json.loads(zlib.decompress(packed)))
            except (ValueError, zlib.error) as error:
                raise ValueError(
                    f"Layer {layer.name!r} was trained privately, and what it says of "
                    f"that is damaged: {error}. Load it from another copy."
                ) from error
    return accounts


def _carrier(model: keras.Model) -> keras.Layer | None:
    """The first layer that has weights and a policy for them all."""
    for layer in model._flatten_layers():
        policy = getattr(layer, "_dtype_policy", None)
        is_container = isinstance(layer, (keras.Model, keras.layers.Wrapper))
        is_plain = type(policy) is keras.dtype_policies.DTypePolicy or any(
            key.startswith(_KEY)
            for key in (policy if hasattr(policy, "default_policy") else ())
        )
        if layer.weights and not is_container and is_plain:
            return layer
    return None
