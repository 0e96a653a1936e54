"""The table of rules, by class of layer."""

from collections.abc import Callable

import keras

from tfrwc.privacy.sgd.layer_rules.any_layer import any_layer
from tfrwc.privacy.sgd.layer_rules.call import Rule

_RULES: dict[type[keras.Layer], Rule] = {}


def register(*layer_classes: type[keras.Layer]) -> Callable[[Rule], Rule]:
    """Register a function as the rule for some classes of layers; a decorator.

    A rule is for exactly these classes: a subclass may compute something else, and
    needs a rule of its own. It is used for layers that hold all their weights
    themselves; a layer with weights of its own that also calls other layers with
    weights is differentiated example by example.

    Args:
        layer_classes: subclasses of `keras.Layer`.

    Returns:
        The decorator, of a function of a `LayerCall` to a `Tap`.

    Raises:
        TypeError: if a class is no class of layers.
        ValueError: if a class has another rule already.
    """
    for layer_class in layer_classes:
        if not isinstance(layer_class, type) or not issubclass(
            layer_class, keras.Layer
        ):
            raise TypeError(
                "A rule is registered for subclasses of keras.Layer. Received: "
                f"{layer_class!r}."
            )

    def decorator(rule: Rule) -> Rule:
        for layer_class in layer_classes:
            if _RULES.get(layer_class, rule) is not rule:
                raise ValueError(
                    f"{layer_class.__name__} has a rule for per-example gradients "
                    f"already. To replace it, call unregister({layer_class.__name__}) "
                    "first."
                )
        _RULES.update(dict.fromkeys(layer_classes, rule))
        return rule

    return decorator


def unregister(layer_class: type[keras.Layer]) -> None:
    """Remove the rule of a class: it is differentiated example by example again.

    Raises:
        ValueError: if the class has no rule.
    """
    if layer_class not in _RULES:
        raise ValueError(
            "There is no rule for per-example gradients of "
            f"{getattr(layer_class, '__name__', layer_class)}. Classes with one: "
            f"{', '.join(layer.__name__ for layer in _RULES)}."
        )
    del _RULES[layer_class]


def registered_classes() -> tuple[type[keras.Layer], ...]:
    """The classes of layers that have a rule, in the order of registration."""
    return tuple(_RULES)


def rule_of(layer: keras.Layer) -> Rule:
    """The rule for a layer of exactly this class; `any_layer` where there is none."""
    if getattr(layer, "lora_enabled", False):
        return any_layer
    return _RULES.get(type(layer), any_layer)
