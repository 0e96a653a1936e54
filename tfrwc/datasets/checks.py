"""What images and their classes must be, whoever they are from.

Nothing is guessed: what could mean two things is refused, with the line of code that
makes it mean one.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

_GREATEST = 255


def checked_images(images: ArrayLike, what: str) -> NDArray[np.uint8]:
    """Images as every reader returns them.

    Args:
        images: (n, height, width), with or without a last axis of 1 or 3 channels;
            whole numbers in 0..255.
        what: they are, for the message, such as ``"x_train in mnist.npz"``.

    Returns:
        uint8 (n, height, width, channels).

    Raises:
        ValueError: if they are anything else, or none.
    """
    x = np.asarray(images)
    x = x if x.ndim == 4 else x[..., None]
    if x.ndim != 4 or x.shape[-1] not in (1, 3) or 0 in x.shape:
        raise ValueError(
            f"{what} must be one or more images, (n, height, width), with or without a "
            "last axis of 1 or 3 channels. Received: shape "
            f"{np.shape(images)}.{_remedy_of_shape(np.shape(images))}"
        )
    if x.dtype == np.uint8:
        return x
    if x.dtype.kind not in "iu" or x.min() < 0 or x.max() > _GREATEST:
        raise ValueError(
            f"{what} must be whole numbers in 0..255. Received: {x.dtype}"
            f"{_span(x)}. {_remedy_of_type(x)}"
        )
    return x.astype(np.uint8)


def checked_labels(
    labels: ArrayLike, count: int, classes: int | None, what: str
) -> NDArray[np.int64]:
    """Classes of images as every reader returns them.

    Args:
        labels: (n,) or (n, 1), whole numbers from 0.
        count: of the images.
        classes: how many there are; None if only the labels tell.
        what: they are, for the message, such as ``"y_train in mnist.npz"``.

    Returns:
        int64 (n,).

    Raises:
        ValueError: if they are anything else, of another number than the images, or
            not below `classes`.
    """
    y = np.asarray(labels)
    if y.shape not in ((count,), (count, 1)):
        raise ValueError(
            f"{what} must be the class of each of {count} images, as an array of shape "
            f"({count},). Received: shape {y.shape}.{_remedy_of_columns(y, count)}"
        )
    y = y.ravel()
    if y.dtype.kind not in "biu" and not _is_whole(y):
        raise ValueError(
            f"{what} must be whole numbers from 0, the index of each image's class. "
            f"Received: {y.dtype}, such as {y[0]!r}. "
            "np.unique(y, return_inverse=True)[1] makes such numbers of names."
        )
    least, greatest = y.min(), y.max()
    most = classes if classes is not None else max(count, 2)
    if least < 0 or greatest >= most:
        why = "for so many classes" if classes else "a class for each image at most"
        raise ValueError(
            f"{what} must be in 0..{most - 1}, {why}. Received: {least} to {greatest}. "
            "Remove images without a class; np.unique(y, return_inverse=True)[1] "
            "numbers others from 0."
        )
    return y.astype(np.int64)


def _is_whole(y: NDArray[Any]) -> bool:
    # Beyond 2**53 doubles have gaps.
    return bool(y.dtype.kind == "f" and (abs(y) < 2**53).all() and (y % 1 == 0).all())


def _span(x: NDArray[Any]) -> str:
    if x.dtype.kind not in "iuf":
        return ""
    if x.dtype.kind == "f" and not np.isfinite(x).all():
        return ", of which some are not finite"
    return f" from {x.min()} to {x.max()}"


def _remedy_of_type(x: NDArray[Any]) -> str:
    if x.dtype.kind == "b":
        return "For black and white store x.astype(np.uint8) * 255."
    if x.dtype.kind == "f":
        return (
            "Of numbers in 0..1 store np.rint(x * 255).astype(np.uint8); of numbers in "
            "0..255, np.rint(x).astype(np.uint8)."
        )
    if x.dtype.kind in "iu":
        return "Of 16 bits store (x >> 8).astype(np.uint8), of 12 bits (x >> 4)."
    return "Store pixels as uint8."


def _remedy_of_shape(shape: tuple[int, ...]) -> str:
    if 0 in shape:
        return " There is nothing in it."
    if len(shape) == 2:
        return " Give each row its height and width by x.reshape(n, height, width)."
    if len(shape) == 4 and shape[1] in (1, 3):
        return " np.moveaxis(x, 1, -1) puts the channels last."
    if len(shape) == 4 and shape[-1] == 4:
        return " Remove the channel of transparency."
    return ""


def _remedy_of_columns(y: NDArray[Any], count: int) -> str:
    if y.ndim == 2 and len(y) == count:
        return " Of one column per class store np.argmax(y, axis=1)."
    return ""
