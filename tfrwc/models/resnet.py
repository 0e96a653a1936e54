"""Residual networks of basic blocks in their CIFAR form.

He et al., arXiv:1512.03385, with four stages as in the ImageNet networks, a 3x3
stem without pooling, and 1x1 convolutions on the shortcuts that change shape.
"""

import keras
from keras import layers

from tfrwc.models.blocks import Tensor, batch_norm, conv, dense, image_input


def resnet(
    blocks: tuple[int, ...],
    width: int,
    image_shape: tuple[int, int, int],
    classes: int,
    weight_decay: float = 0.0,
) -> keras.Model:
    """Build a residual network.

    Args:
        blocks: basic blocks in each of the four stages; (2, 2, 2, 2) is ResNet-18
            with 21 kernels, (3, 4, 6, 3) ResNet-34 with 37.
        width: filters of the first stage, 64 in the papers; each later stage has
            twice as many as the one before.
        image_shape: (height, width, channels).
        classes: number of classes.
        weight_decay: factor λ of the penalty λ/2 ‖w‖².
    """
    inputs, x = image_input(image_shape)
    x = conv(x, width, 3, weight_decay, "stem_conv")
    x = layers.ReLU(name="stem_relu")(batch_norm(x, weight_decay, "stem_bn"))
    for stage, count in enumerate(blocks, start=1):
        filters = width * 2 ** (stage - 1)
        for block in range(1, count + 1):
            strides = 2 if stage > 1 and block == 1 else 1
            x = _basic_block(x, filters, strides, weight_decay, f"stage{stage}_{block}")
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    outputs = dense(x, classes, weight_decay, "classifier", activation="softmax")
    suffix = "" if width == 64 else f"_width{width}"
    name = f"resnet{2 * sum(blocks) + 2}{suffix}"
    return keras.Model(inputs, outputs, name=name)


def _basic_block(
    x: Tensor, filters: int, strides: int, weight_decay: float, name: str
) -> Tensor:
    y = conv(x, filters, 3, weight_decay, f"{name}_conv1", strides=strides)
    y = layers.ReLU(name=f"{name}_relu1")(batch_norm(y, weight_decay, f"{name}_bn1"))
    y = conv(y, filters, 3, weight_decay, f"{name}_conv2")
    y = batch_norm(y, weight_decay, f"{name}_bn2")
    if strides > 1 or x.shape[-1] != filters:
        x = conv(x, filters, 1, weight_decay, f"{name}_shortcut", strides=strides)
        x = batch_norm(x, weight_decay, f"{name}_shortcut_bn")
    return layers.ReLU(name=f"{name}_relu2")(layers.Add(name=f"{name}_add")([y, x]))
