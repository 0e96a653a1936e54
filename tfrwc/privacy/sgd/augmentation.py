"""Several augmented views of each example in a step: augmentation multiplicity.

The gradient of an example is the mean of those of its views, and is clipped as one, so
that views cost time and no privacy (De et al., arXiv:2204.13650).
"""

from typing import Any

import keras

from tfrwc.compat.extras import extra

with extra("privacy"):
    import tensorflow as tf


def check_augmentation(augmentation: Any, multiplicity: int) -> None:
    """Check the augmentation of `make_private`, beside its number of views.

    Raises:
        TypeError: if it is neither a layer nor None.
        ValueError: if it has weights to train, or if there is none for several views.
    """
    if augmentation is None:
        if multiplicity > 1:
            raise ValueError(
                "Without augmentation all views of an example are the same. Received: "
                f"augmentation_multiplicity={multiplicity}. Give augmentation, such as "
                "keras.layers.RandomTranslation(0.1, 0.1)."
            )
        return
    if not isinstance(augmentation, keras.Layer):
        raise TypeError(
            "augmentation must be a Keras layer or model, such as "
            "keras.layers.RandomTranslation(0.1, 0.1), or None. Received: "
            f"{augmentation!r}."
        )
    if augmentation.trainable_variables:
        raise ValueError(
            f"augmentation {augmentation.name!r} has weights to train, which no "
            "gradient reaches. Set its trainable to False."
        )


def views(
    augmentation: keras.Layer | None, multiplicity: int, data: tuple[Any, Any, Any]
) -> tuple[Any, Any, Any]:
    """Rows of the views of each example, one after the other.

    Args:
        augmentation: Keras layer, or None for x as it is.
        multiplicity: views of an example.
        data: x, y and sample_weight, (batch, ...) or None.
    """
    if augmentation is None:
        return data
    x, y, weight = keras.tree.map_structure(
        lambda t: None if t is None else tf.repeat(t, multiplicity, axis=0), data
    )
    return augmentation(x, training=True), y, weight
