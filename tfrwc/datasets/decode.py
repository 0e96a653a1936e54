"""Image files as arrays: the one door for them, whoever made them.

Pixels are those that a viewer shows: turned as the file's EXIF says, and with the range
of its samples, whether they have 1, 8, 12 or 16 bits. A file whose pixels could mean
several things, or which holds several images, is refused.
"""

import functools
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from PIL import Image

# What Pillow reads in this process; others, such as PostScript, would start programs.
FORMATS = ("JPEG", "PNG", "BMP", "DIB", "GIF", "JPEG2000", "PPM", "TIFF", "WEBP")
_GREY, _COLOUR = ("1", "L", "LA"), ("P", "PA", "RGB", "RGBA", "CMYK", "YCbCr")
_TRANSPARENT = ("LA", "PA", "RGBA")
_SAMPLE_FORMAT, _PHOTOMETRIC, _WHITE_IS_ZERO = 339, 262, 0
_ORIENTATION = 0x0112
# Values of that tag, and those of `PIL.Image.Transpose` that undo them.
_TURNS: dict[Any, Any] = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}
# Samples of 16 bits that use at most 14 may be of a camera with fewer.
_FEW = 2**14
_TOO_DARK = (
    "its samples of 16 bits reach {} of 65535: if they are of a camera with fewer "
    "bits, they would be black; scale them to the whole range"
)


class UnreadableImageError(ValueError):
    """A file that is no image, or a damaged one, or one that could mean several."""


def decode(file: str | os.PathLike[str] | BinaryIO) -> NDArray[np.uint8]:
    """Read an image file.

    Args:
        file: a path, or an open binary file.

    Returns:
        uint8, (height, width) if it is grey, otherwise (height, width, 3).

    Raises:
        UnreadableImageError: if the file is not one readable image, or if its pixels
            are transparent, real numbers, or of a range that it does not tell.
    """
    from PIL import Image

    with _refused_as_unreadable():
        with Image.open(file, formats=_formats()) as image:
            if image.format == "PNG":
                image.verify()  # its checksums, which reading pixels passes over
        if not isinstance(file, str | os.PathLike):
            file.seek(0)
        with Image.open(file, formats=_formats()) as image:
            _check_single(image)
            bits, inverted = _bits(image), _is_inverted(image)
            image.load()
            turn = _TURNS.get(image.getexif().get(_ORIENTATION))
            upright = image if turn is None else image.transpose(turn)
            if upright.mode.startswith("I"):
                return _grey_of_many_bits(np.asarray(upright), bits, inverted)
            return _eight_bits(upright, bits)


@functools.cache
def _formats() -> list[str]:
    """Those of `FORMATS` that this Pillow was built with."""
    from PIL import Image

    Image.init()
    return [name for name in FORMATS if name in Image.OPEN]


@contextmanager
def _refused_as_unreadable() -> Iterator[None]:
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of tags that have no bearing on pixels
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            yield
    # What Pillow's many readers raise on damaged files is no short list: it has been
    # seen to hold OSError, SyntaxError, struct.error, TypeError and AttributeError.
    except Exception as error:
        reason = str(error).split(" <_io")[0] or type(error).__name__
        raise UnreadableImageError(reason) from error


def _bits(image: "Image.Image") -> int:
    """Bits of a sample in the file, before Pillow makes 8 or 16 of them."""
    raw = {str(part) for tile in getattr(image, "tile", []) for part in _flat(tile[3])}
    if any(mode.startswith("I;12") for mode in raw):
        return 12
    # Pillow has made 16 bits of those of other grey files.
    is_deep = image.format in ("PNG", "PPM") and image.mode == "I"
    return 16 if is_deep or any(";16" in mode for mode in (*raw, image.mode)) else 8


def _flat(part: Any) -> tuple[Any, ...]:
    return part if isinstance(part, tuple) else (part,)


def _is_inverted(image: "Image.Image") -> bool:
    """Whether black is the greatest number, which Pillow minds up to 8 bits only."""
    tags = getattr(image, "tag_v2", {})
    formats = tags.get(_SAMPLE_FORMAT, (1,))
    if any(one != 1 for one in _flat(formats)):
        raise ValueError(
            "its samples are signed or real numbers, whose range it does not tell; "
            "store them as whole numbers of 8 or 16 bits"
        )
    return bool(tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO)


def _check_single(image: "Image.Image") -> None:
    frames = getattr(image, "n_frames", 1)
    if frames > 1 and image.format != "MPO":  # whose others are previews
        raise ValueError(f"it holds {frames} images; store the one that is meant")


def _grey_of_many_bits(
    samples: NDArray[Any], bits: int, inverted: bool
) -> NDArray[np.uint8]:
    if bits == 8:
        raise ValueError(
            "its samples have 32 bits, and it does not tell their range; store them as "
            "whole numbers of 8 or 16 bits"
        )
    values = samples.astype(np.uint16)
    greatest = int(values.max())
    if bits == 16 and 0 < greatest < _FEW:
        raise ValueError(_TOO_DARK.format(greatest))
    values = 2**bits - 1 - values if inverted else values
    return (values >> (bits - 8)).astype(np.uint8)


def _eight_bits(image: "Image.Image", bits: int) -> NDArray[np.uint8]:
    if image.mode not in (*_GREY, *_COLOUR):
        raise ValueError(
            f"its samples are of Pillow's mode {image.mode!r}, whose range it does not "
            "tell; store them as whole numbers of 8 or 16 bits"
        )
    if image.mode in _TRANSPARENT or "transparency" in image.info:
        least, _ = image.convert("RGBA").getchannel("A").getextrema()
        if least < 255:
            raise ValueError(
                "it is transparent in places, and looks different on every background; "
                "store it on one"
            )
    pixels = np.asarray(image.convert("L" if image.mode in _GREY else "RGB"))
    if bits == 16 and pixels.max() < _FEW >> 8:
        raise ValueError(_TOO_DARK.format(int(pixels.max()) << 8))
    return pixels
