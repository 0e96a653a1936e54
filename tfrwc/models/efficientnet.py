"""EfficientNet-B4 as Keras has it."""

import keras


def efficientnetb4(
    image_shape: tuple[int, int, int], classes: int, weight_decay: float = 0.0
) -> keras.Model:
    """Build `keras.applications.EfficientNetB4` (arXiv:1905.11946), 161 kernels.

    Args:
        image_shape: (height, width, channels), 32 pixels or more.
        classes: number of classes.
        weight_decay: 0, as published.

    Raises:
        ValueError: for smaller images, or for a weight decay, which this network
            cannot apply.
    """
    if weight_decay:
        raise ValueError(
            "efficientnetb4 is trained without weight decay. Received: "
            f"weight_decay={weight_decay}. Give 0, or weight_decay to an optimizer."
        )
    if min(image_shape[:2]) < 32:
        raise ValueError(
            "efficientnetb4 needs images of 32 x 32 or more. Received: "
            f"{image_shape[0]} x {image_shape[1]}. Enlarge them, or choose another "
            "network."
        )
    return keras.applications.EfficientNetB4(
        weights=None, input_shape=image_shape, classes=classes
    )
