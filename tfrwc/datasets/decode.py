"""Image files as arrays."""

import os
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray


class UnreadableImageError(ValueError):
    """A file that is no image, or a damaged one."""


def decode(file: str | os.PathLike[str] | BinaryIO) -> NDArray[np.uint8]:
    """Read an image file.

    Args:
        file: a path, or an open binary file.

    Returns:
        uint8, (height, width) if it is grey, otherwise (height, width, 3).

    Raises:
        UnreadableImageError: if the file is no readable image.
    """
    from PIL import Image

    try:
        with Image.open(file) as image:
            if image.mode.startswith("I"):  # 16-bit grey; convert("L") would clip it
                return (np.asarray(image).astype(np.uint32) >> 8).astype(np.uint8)
            grey = image.mode in ("1", "L")
            return np.asarray(image.convert("L" if grey else "RGB"))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise UnreadableImageError(str(error).split(" <_io")[0]) from error
