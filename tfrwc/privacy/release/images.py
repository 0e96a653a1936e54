"""Images as mechanisms take them: their shape, type and ids, checked.

What is checked does not depend on the values: an error that says something about them
would be a release without noise. Values beyond the bounds are moved onto them instead.
"""

import secrets
from collections.abc import Iterable, Sequence
from numbers import Integral
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from tfrwc._common.checks import is_number
from tfrwc.privacy.noise import ImageId, encode

Images: TypeAlias = npt.NDArray[Any]
Floats: TypeAlias = npt.NDArray[np.floating[Any]]
FullShape: TypeAlias = tuple[int, int, int]
Bounds: TypeAlias = tuple[float, float]

TOP = 255.0  # of uint8 images, whose values are 0..255
_FEWEST = 16  # float32 numbers between bounds


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


def check_bounds(bounds: object) -> Bounds:
    """Return bounds of values as two floats.

    Raises:
        ValueError: if they are not two numbers up to 1e9 in size, the least one first,
            at least 1e-6 apart, or if float32 has fewer than 16 numbers between them.
    """
    ends: tuple[Any, ...] = tuple(bounds) if isinstance(bounds, Iterable) else ()
    if (
        len(ends) != 2
        or not all(is_number(end) and abs(end) <= 1e9 for end in ends)
        or ends[1] - ends[0] < 1e-6
    ):
        raise ValueError(
            "bounds are the least and the greatest value that an image can have, such "
            "as (0, 1), two numbers up to 1e9 in size and at least 1e-6 apart. They "
            f"must not be taken from the images. Received: {bounds!r}."
        )
    low, high = map(float, ends)
    if high - low < _FEWEST * float(np.spacing(np.float32(max(abs(low), abs(high))))):
        raise ValueError(
            "bounds must be so far apart that float32, in which images are released, "
            f"has {_FEWEST} numbers between them. Received: {bounds!r}. Subtract the "
            "least value from the images, and give bounds that begin at 0."
        )
    return low, high


def check_images(images: npt.ArrayLike, bounds: Bounds | None) -> Images:
    """Return images as an array.

    Args:
        images: to be checked.
        bounds: that the caller named, or None.

    Raises:
        ValueError: if they are not (n, height, width) or (n, height, width, channels),
            not of numbers, or neither of uint8 nor of named bounds.
    """
    try:
        images = np.asarray(images)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ValueError(
            "images must be one array of images of one shape, (n, height, width) or "
            f"(n, height, width, channels). Received: {type(images).__name__}, which "
            f"is none ({error}). Release images of other shapes apart."
        ) from error
    # bfloat16, and others of machine learning, are of no kind that NumPy knows.
    has_numbers = images.dtype.kind in "buif" or "float" in images.dtype.name
    if images.ndim not in (3, 4) or 0 in images.shape[1:] or not has_numbers:
        raise ValueError(
            "images must be (n, height, width) or (n, height, width, channels) of "
            f"real numbers. Received: shape {images.shape} of {images.dtype}."
        )
    if bounds is None and images.dtype != np.uint8:
        raise ValueError(
            f"Images of {images.dtype} may have any values, and to find theirs out "
            "would tell something of them. Say between what values they lie when you "
            "make the mechanism: bounds=(0, 1), or bounds=(0, 255), or bounds=(0, "
            "4095) for 12 bits. The noise is in the same unit. Only uint8 images need "
            "no bounds."
        )
    return images


def check_ids(ids: Iterable[ImageId] | None, n: int) -> Sequence[ImageId]:
    """Return the ids of n images; if there are none, ids that nobody had before.

    Raises:
        TypeError: if an id is not a str, bytes or a whole number.
        ValueError: if there are not n different ones.
    """
    if ids is None:
        call = secrets.token_bytes(16)
        return [call + i.to_bytes(8, "little") for i in range(n)]
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
