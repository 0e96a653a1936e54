"""VGG-19 with batch normalisation and one dense classifier."""

import keras
from keras import layers

from tfrwc.models.blocks import batch_norm, conv, dense, image_input

# Filters, as multiples of the first stage's, and convolutions of each stage.
_STAGES = ((1, 2), (2, 2), (4, 4), (8, 4), (8, 4))


def vgg19(
    width: int,
    image_shape: tuple[int, int, int],
    classes: int,
    weight_decay: float = 0.0,
) -> keras.Model:
    """Build VGG-19-BN (arXiv:1409.1556, network E): 16 convolutions, 17 kernels.

    Args:
        width: filters of the first stage, 64 in the papers; the last have 8 times as
            many.
        image_shape: (height, width, channels). Below 32 pixels the last poolings
            round up, so that small images pass through.
        classes: number of classes.
        weight_decay: factor λ of the penalty λ/2 ‖w‖².
    """
    inputs, x = image_input(image_shape)
    for stage, (multiple, count) in enumerate(_STAGES, start=1):
        for i in range(1, count + 1):
            name = f"stage{stage}_{i}"
            filters = multiple * width
            x = conv(x, filters, 3, weight_decay, f"{name}_conv", use_bias=True)
            x = batch_norm(x, weight_decay, f"{name}_bn")
            x = layers.ReLU(name=f"{name}_relu")(x)
        x = layers.MaxPooling2D(2, padding="same", name=f"stage{stage}_pool")(x)
    x = layers.Flatten(name="flatten")(x)
    outputs = dense(x, classes, weight_decay, "classifier", activation="softmax")
    suffix = "" if width == 64 else f"_width{width}"
    return keras.Model(inputs, outputs, name=f"vgg19{suffix}")
