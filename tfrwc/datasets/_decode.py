"""Image files as arrays."""

import numpy as np


class UnreadableImageError(ValueError):
    """A file that is no image, or a damaged one."""


def decode(file) -> np.ndarray:
    """A uint8 image, (height, width) if it is grey, otherwise (height, width, 3).

    Args:
        file: a path, or a binary file.

    Raises:
        UnreadableImageError: if it is no readable image.
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
