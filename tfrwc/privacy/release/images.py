"""Images as mechanisms take them: their shape, values and ids, checked."""

from collections.abc import Iterable, Sequence
from numbers import Integral
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from tfrwc._common.checks import is_number
from tfrwc.privacy.noise import ImageId, encode

Images: TypeAlias = npt.NDArray[Any]
Floats: TypeAlias = npt.NDArray[np.float64]
FullShape: TypeAlias = tuple[int, int, int]

TOP = 255.0  # images have values in 0..255


def to_uint8(released: npt.ArrayLike) -> npt.NDArray[np.uint8]:
    """Clip released images to 0..255 and round them, which costs no privacy.

    Args:
        released: values of any shape, of `Mechanism.privatize`.

    Returns:
        uint8 of the same shape.
    """
    rounded: Floats = np.rint(np.clip(released, 0, TOP))
    return rounded.astype(np.uint8)


def check_shape(shape: object) -> FullShape:
    """Return the shape of an image as (height, width, channels).

    Raises:
        ValueError: if it is not (height, width) or (height, width, channels).
    """
    sides: tuple[Any, ...] = tuple(shape) if isinstance(shape, Iterable) else ()
    if len(sides) not in (2, 3) or not all(
        is_number(side) and side == int(side) and side >= 1 for side in sides
    ):
        raise ValueError(
            "shape is that of one image, (height, width) or (height, width, "
            f"channels). Received: {shape}."
        )
    height, width, channels = (*map(int, sides), 1)[:3]
    return height, width, channels


def check_images(images: npt.ArrayLike) -> Images:
    """Return images as an array.

    Raises:
        ValueError: if they are not (n, height, width) or (n, height, width, channels),
            not of uint8 or floating values, or not within 0..255.
    """
    images = np.asarray(images)
    if (
        images.ndim not in (3, 4)
        or 0 in images.shape[1:]
        or not (images.dtype == np.uint8 or np.issubdtype(images.dtype, np.floating))
    ):
        raise ValueError(
            "images must be (n, height, width) or (n, height, width, channels) of "
            f"uint8 or floating values. Received: shape {images.shape} of "
            f"{images.dtype}."
        )
    if images.dtype != np.uint8 and images.size:
        low, high = images.min(), images.max()
        if not (low >= 0 and high <= TOP):
            raise ValueError(
                f"images must have values in 0..255. Received: {low} to {high}. "
                "Rescale or clip them first."
            )
    return images


def check_ids(ids: Iterable[ImageId] | None, n: int) -> Sequence[ImageId]:
    """Return the ids of n images; their positions if there are none.

    Raises:
        TypeError: if an id is not a str, bytes or a whole number.
        ValueError: if there are not n different ones.
    """
    if ids is None:
        return range(n)
    if not isinstance(ids, Iterable):
        raise TypeError(f"ids must be a name per image. Received: {ids!r}.")
    names = list(ids)
    for name in names:
        if isinstance(name, bool) or not isinstance(name, (str, bytes, Integral)):
            raise TypeError(
                "ids must be str, bytes or whole numbers. Received: "
                f"{name!r} ({type(name).__name__})."
            )
    different = len({encode(name) for name in names})
    if len(names) != n or different != n:
        raise ValueError(
            f"ids must be {n} different names, one per image. Received: {len(names)}, "
            f"of which {different} are different."
        )
    return names


def is_grey(images: Images) -> npt.NDArray[np.bool_]:
    """Which images, (n, height, width, channels), are of three equal channels."""
    if images.shape[-1] != 3 or not len(images):
        return np.zeros(len(images), bool)
    same = (images[..., :1] == images).reshape(len(images), -1)
    grey: npt.NDArray[np.bool_] = same.all(axis=1)
    return grey
