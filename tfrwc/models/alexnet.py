"""The small AlexNet for images of about 32 pixels."""

import keras
from keras import layers

from tfrwc.models.blocks import conv, dense, image_input

# Filters, as multiples of the first stage's, and whether pooling follows.
_STAGES = ((1, True), (3, True), (6, False), (4, False), (4, True))


def alexnet(
    width: int,
    image_shape: tuple[int, int, int],
    classes: int,
    weight_decay: float = 0.0,
) -> keras.Model:
    """Build the small AlexNet: 5 convolutions, 3 dense layers, 8 kernels.

    Args:
        width: filters of the first stage, 64 in the papers; the dense layers have 64
            times as many units.
        image_shape: (height, width, channels).
        classes: number of classes.
        weight_decay: factor λ of the penalty λ/2 ‖w‖².
    """
    inputs, x = image_input(image_shape)
    for i, (multiple, pool) in enumerate(_STAGES, start=1):
        filters, strides = multiple * width, 2 if i == 1 else 1
        x = conv(x, filters, 3, weight_decay, f"conv{i}", strides, use_bias=True)
        x = layers.ReLU(name=f"relu{i}")(x)
        if pool:
            x = layers.MaxPooling2D(2, padding="same", name=f"pool{i}")(x)
    x = layers.Flatten(name="flatten")(x)
    for i in (1, 2):
        x = layers.Dropout(0.5, name=f"dropout{i}")(x)
        x = dense(x, 64 * width, weight_decay, f"dense{i}", activation="relu")
    outputs = dense(x, classes, weight_decay, "classifier", activation="softmax")
    suffix = "" if width == 64 else f"_width{width}"
    return keras.Model(inputs, outputs, name=f"alexnet{suffix}")
