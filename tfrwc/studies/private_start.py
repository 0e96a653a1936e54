"""What all ways of training share: network, first weights, changes of the images."""

import keras
import numpy as np
import tensorflow as tf

from tfrwc import datasets, models
from tfrwc.privacy import replace_batch_norm

# Public images without any medical label.
PUBLIC = ("none", "fashion_mnist", "mnist")
_IMAGES, _EPOCHS, _BATCH, _RATE = 15_000, 3, 128, 0.2
_HEAD = "classifier"


def build(model, shape, classes=2, start=None):
    """A network with group normalisation, uncompiled.

    Args:
        model: one of `tfrwc.models.NAMES`.
        shape: of the images, (height, width, channels).
        classes: number of outputs.
        start: file of `pretrain`, whose weights all layers but the last get.
    """
    network, _ = replace_batch_norm(models.build(model, shape, classes))
    if start is not None:
        with np.load(start) as weights:
            for layer in network.layers:
                if layer.weights and layer.name != _HEAD:
                    count = len(layer.weights)
                    layer.set_weights(
                        [weights[f"{layer.name}/{i}"] for i in range(count)]
                    )
    return network


def pretrain(model, shape, public, path, verbose=0) -> dict:
    """Train on public images, resized, and write the weights.

    Args:
        model, shape: as of `build`.
        public: one of `PUBLIC`, but "none".
        path: .npz file to write.
        verbose: of Keras' progress bar.

    Returns:
        Plain data: what was trained on, and the accuracy on its test images.
    """
    images = datasets.load(public)
    classes = len(images.class_names)
    x, x_test = (_resized(x, shape) for x in (images.x_train[:_IMAGES], images.x_test))
    y = images.y_train[:_IMAGES]
    keras.utils.set_random_seed(0)
    network = build(model, shape, classes)
    steps = _EPOCHS * -(-len(x) // _BATCH)
    network.compile(
        keras.optimizers.SGD(rates(_RATE, steps), momentum=0.9, nesterov=True),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
        jit_compile=jit(),
    )
    network.fit(x, y, batch_size=_BATCH, epochs=_EPOCHS, verbose=verbose)
    _, accuracy = network.evaluate(
        x_test, images.y_test, batch_size=4 * _BATCH, verbose=0
    )
    np.savez(
        path,
        **{
            f"{layer.name}/{i}": weight
            for layer in network.layers
            for i, weight in enumerate(layer.get_weights())
        },
    )
    return {
        "public": images.origin,
        "images": len(x),
        "epochs": _EPOCHS,
        "accuracy": float(accuracy),
    }


def rates(greatest, steps):
    """A rate that rises for a tenth of the steps, then falls to a tenth."""
    rise = max(1, steps // 10)
    return keras.optimizers.schedules.CosineDecay(
        greatest / (rise + 1),
        max(1, steps - rise),
        alpha=0.1,
        warmup_target=greatest,
        warmup_steps=rise,
    )


def shift(seed=None):
    """A layer that moves images by up to a fourteenth of their size, in training."""
    return keras.layers.RandomTranslation(
        1 / 14, 1 / 14, fill_mode="nearest", seed=seed
    )


def shifted_batches(x, y, batch_size, seed):
    """Batches of all images in a new order, each moved by `shift`, for every epoch."""
    move = shift(seed)
    batches = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(len(y), seed)
    return batches.batch(batch_size).map(lambda x, y: (move(x, training=True), y))


def jit():
    """Compiling for the CPU takes longer than it saves."""
    return "auto" if keras.distribution.list_devices("gpu") else False


def _resized(x, shape):
    """Images of these height and width, in grey, uint8."""
    if x.shape[1:] == tuple(shape):
        return x
    grey = x.astype(np.float32).mean(axis=-1, keepdims=True)
    resized = keras.ops.image.resize(grey, shape[:2], antialias=True)
    return np.rint(np.clip(resized, 0, 255)).astype(np.uint8)
