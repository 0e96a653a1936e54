"""Networks to be trained: those of this package by name, or somebody's own.

One's own is built by a function, named as of `tfrwc.studies.user_code`:

    def network(image_shape, classes):
        return keras.Sequential([keras.Input(image_shape), ...,
                                 keras.layers.Dense(classes, "softmax")])

It receives the shape (height, width, channels) of images and the number of classes,
and returns an untrained functional or Sequential Keras model. That takes float32 images
(n, height, width, channels) in 0..255, and answers with probabilities (n, classes). How
it is compiled does not matter.
"""

from typing import Any

import keras
import numpy as np

from tfrwc import models
from tfrwc.studies.user_code import call, load, short

_ROUNDING = 1e-3  # of the sum of probabilities, in half precision


def build(network: str, image_shape: tuple[int, ...], classes: int) -> keras.Model:
    """A network, untrained.

    Args:
        network: one of `tfrwc.models.NAMES`, or the name of a function.
        image_shape: (height, width, channels).
        classes: number of classes.

    Raises:
        ValueError: if there is none of that name, or the function returns something
            else than this module's text says.
        RuntimeError: if the function fails.
    """
    if ":" not in network:
        return models.build(network, image_shape, classes)
    model = call(network, image_shape, classes)
    check_network(model, image_shape, classes, short(network))
    built: keras.Model = model
    return built


def prepare(network: str) -> None:
    """Run the module of one's own network, so that Keras knows the classes in it."""
    if ":" in network:
        load(network)


def check_network(
    model: Any, image_shape: tuple[int, ...], classes: int, source: str
) -> None:
    """Check that a model tells classes of images.

    Args:
        model: what a function returned.
        image_shape, classes: as of `build`.
        source: name of the function, for the message.

    Raises:
        ValueError: if it is no built functional or Sequential model, takes another
            shape, or does not answer with probabilities.
    """
    functional = isinstance(model, keras.Sequential) or hasattr(model, "operations")
    if not isinstance(model, keras.Model) or not functional or not model.built:
        raise ValueError(
            f"{source} must return a functional or Sequential Keras model that begins "
            f"with keras.Input. Received: {type(model).__name__}."
        )
    takes, makes = model.input_shape, model.output_shape
    if takes != (None, *image_shape) or makes != (None, classes):
        raise ValueError(
            f"{source} must return a model of images {(None, *image_shape)} to "
            f"probabilities {(None, classes)}. Received: one of {takes} to {makes}."
        )
    # Of weak contrast, too: sigmoids that are saturated may add up to 1 by chance.
    images = np.random.default_rng(0).uniform(0, 255, (8, *image_shape))
    images *= np.geomspace(1e-3, 1, 8).reshape(-1, *[1] * len(image_shape))
    answers = model(images.astype(np.float32), training=False)
    p = keras.ops.convert_to_numpy(answers).astype(np.float64)
    if not ((p >= 0).all() and np.abs(p.sum(axis=1) - 1).max() < _ROUNDING):
        raise ValueError(
            f"{source} must return a model that answers with probabilities, such as by "
            f"a last softmax. Received one whose answers to some images add up to "
            f"{p.sum(axis=1).round(3).tolist()}."
        )
