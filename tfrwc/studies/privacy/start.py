"""What all ways of training share: network, first weights, changes of the images."""

import os
from dataclasses import replace
from typing import Any

import keras
import numpy as np

from tfrwc import datasets
from tfrwc.compat.extras import extra
from tfrwc.datasets.catalogue import for_use
from tfrwc.privacy import replace_batch_norm
from tfrwc.recording.callback import RWCCallback
from tfrwc.studies import networks
from tfrwc.studies.epochs import fit

with extra("all"):
    import tensorflow as tf

# Public images without any medical label.
PUBLIC = ("none", *for_use("public"))
IMAGES = 15_000
_EPOCHS, _BATCH, _RATE = 3, 128, 0.2


def build(
    model: str,
    shape: tuple[int, ...],
    classes: int = 2,
    start: keras.Model | None = None,
) -> keras.Model:
    """A network with group normalisation, uncompiled.

    Args:
        model: as of `tfrwc.studies.networks.build`, which raises the same.
        shape: of the images, (height, width, channels).
        classes: number of outputs.
        start: a trained one, whose weights all layers but the last get.

    Raises:
        ValueError: if `start` is another network.
    """
    network, _ = replace_batch_norm(networks.build(model, shape, classes))
    if start is not None:
        *layers, _ = _with_weights(network)
        *trained, _ = _with_weights(start)
        if [_shapes(layer) for layer in layers] != [_shapes(one) for one in trained]:
            raise ValueError(
                f"The base is another network than {model}: but for the last, layers "
                "with weights must have the same shapes. Train it by the same network, "
                "on images of the same size and channels."
            )
        for layer, one in zip(layers, trained, strict=True):
            layer.set_weights(one.get_weights())
    return network


def _with_weights(network):
    return [layer for layer in network.layers if layer.weights]


def _shapes(layer):
    return [tuple(weight.shape) for weight in layer.weights]


def pretrain(
    model: str,
    images: datasets.ImageSet,
    recorded: str | os.PathLike[str],
) -> tuple[keras.Model, dict[str, Any]]:
    """Train on public images.

    Args:
        model: as of `build`.
        images: a `tfrwc.datasets.ImageSet`, as of `public_images`.
        recorded: file for the recording.

    Returns:
        The network, and plain data: public, images, epochs, batch_size, and the
        accuracy on the test images.
    """
    keras.utils.set_random_seed(0)
    network = build(model, images.image_shape, len(images.class_names))
    steps = _EPOCHS * -(-len(images.x_train) // _BATCH)
    network.compile(
        keras.optimizers.SGD(rates(_RATE, steps), momentum=0.9, nesterov=True),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
        jit_compile=jit(),
    )
    fit(
        network,
        images.x_train,
        images.y_train,
        batch_size=_BATCH,
        epochs=_EPOCHS,
        callbacks=[RWCCallback(recorded)],
    )
    _, accuracy = network.evaluate(
        images.x_test, images.y_test, batch_size=4 * _BATCH, verbose=0
    )
    return network, {
        "public": images.origin,
        "images": len(images.x_train),
        "epochs": _EPOCHS,
        "batch_size": _BATCH,
        "accuracy": float(accuracy),
    }


def public_images(name: str, size: int) -> datasets.ImageSet:
    """`IMAGES` images of a public set, in grey, of a size.

    Args:
        name: one of `PUBLIC`, but "none".
        size: height and width.
    """
    images = datasets.load(name)
    return replace(
        images,
        x_train=_resized(images.x_train[:IMAGES], (size, size)),
        y_train=images.y_train[:IMAGES],
        x_test=_resized(images.x_test, (size, size)),
    )


def rates(
    greatest: float, steps: int
) -> keras.optimizers.schedules.LearningRateSchedule:
    """A rate that rises for a tenth of the steps, then falls to a tenth."""
    rise = max(1, steps // 10)
    return keras.optimizers.schedules.CosineDecay(
        greatest / (rise + 1),
        max(1, steps - rise),
        alpha=0.1,
        warmup_target=greatest,
        warmup_steps=rise,
    )


def shift(seed: int | None = None) -> keras.layers.Layer:
    """A layer that moves images by up to a fourteenth of their size, in training."""
    return keras.layers.RandomTranslation(
        1 / 14, 1 / 14, fill_mode="nearest", seed=seed
    )


def shifted_batches(
    x: np.ndarray, y: np.ndarray, batch_size: int, seed: int
) -> tf.data.Dataset:
    """Batches of all images in a new order, each moved by `shift`, for every epoch."""
    move = shift(seed)
    batches = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(len(y), seed)
    return batches.batch(batch_size).map(lambda x, y: (move(x, training=True), y))


def jit() -> str | bool:
    """Compiling for the CPU takes longer than it saves."""
    return "auto" if keras.distribution.list_devices("gpu") else False


def _resized(x, size):
    """Images of this height and width, in grey, uint8."""
    if x.shape[1:] == (*size, 1):
        return x
    grey = x.astype(np.float32).mean(axis=-1, keepdims=True)
    resized = keras.ops.image.resize(grey, size, antialias=True)
    return np.rint(np.clip(resized, 0, 255)).astype(np.uint8)
