"""Images with known factors: sprites of each shape, size, direction and place.

>>> from tfrwc.datasets import sprites
>>> small = sprites.generate()
>>> small.images.shape, small.factor_names
((4608, 16, 16, 1), ('shape', 'scale', 'orientation', 'x', 'y'))
>>> small.pixels.dtype
dtype('float32')

:func:`generate` needs no files. :func:`dsprites` gives the published images, from the
folder ``TFRWC_DATA_DIR``, if that variable is set and the file is there, else from
TensorFlow Datasets (TFDS).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfrwc.compat.extras import extra
from tfrwc.datasets.archives import read_arrays
from tfrwc.datasets.catalogue import DATA_DIR_VARIABLE, DATA_SETS
from tfrwc.disentangle.invariance import seen_turns

_Floats = NDArray[np.float64]
_Mask = NDArray[np.bool_]
_FACTORS = ("shape", "scale", "orientation", "x", "y")
_SCALES = np.linspace(0.5, 1, 4)
# Rectangles and ellipses look the same after half a turn, so that is all there is.
_TURNS = tuple(k / 12 for k in range(6))
_FOLDS = (2, 2, 1)
_DSPRITES_FOLDS = (4, 2, 1)  # square, ellipse, heart
_POSITIONS = 8
_SUBPIXELS = 8
_SMALLEST = 12


@dataclass(frozen=True, eq=False)
class Sprites:
    """Images and the factors they were drawn from, in memory.

    Attributes:
        origin: where they came from, for reports.
        images: uint8 (n, height, width, 1) in 0..255; the background is 0.
        factors: int64 (n, n_factors), the index of each factor's value, from 0.
        factor_names: one name per factor. x grows to the right, y downwards.
        turns: the angle of each orientation, in whole turns.
        folds: of each shape, that it looks the same after one fold-th of a turn.
    """

    origin: str
    images: NDArray[np.uint8]
    factors: NDArray[np.int64]
    factor_names: tuple[str, ...]
    turns: tuple[float, ...]
    folds: tuple[int, ...]

    @property
    def seen_factors(self) -> NDArray[np.int64]:
        """The factors, in which angles at which a shape looks the same are one."""
        place = {name: j for j, name in enumerate(self.factor_names)}
        shape, turn = (self.factors[:, place[n]] for n in ("shape", "orientation"))
        factors: NDArray[np.int64] = self.factors.copy()
        factors[:, place["orientation"]] = seen_turns(
            shape, turn, self.turns, self.folds
        )
        return factors

    @property
    def pixels(self) -> NDArray[np.float32]:
        """The images as float32 in 0..1, a new array at each call."""
        pixels: NDArray[np.float32] = self.images.astype(np.float32)
        pixels /= 255
        return pixels


def generate(size: int = 16) -> Sprites:
    """Draw 4,608 sprites, no two of them alike, the same ones every time.

    They are every combination of 3 shapes (rectangle, ellipse, triangle), 4 scales, 6
    orientations, 8 x positions and 8 y positions. Edges are anti-aliased, which tells
    apart positions less than a pixel from each other. The outermost pixels stay black.

    Args:
        size: height and width in pixels.

    Raises:
        ValueError: if size is not a whole number from 12.
    """
    if not isinstance(size, int | np.integer) or size < _SMALLEST:
        raise ValueError(
            f"size must be a whole number of pixels from {_SMALLEST}, for smaller "
            f"sprites cannot be told apart. Received: {size!r}."
        )
    largest = size / 4
    reach = size / 2 - largest - 1
    centres = size / 2 + np.linspace(-reach, reach, _POSITIONS)
    points = (np.arange(size * _SUBPIXELS) + 0.5) / _SUBPIXELS
    offsets = (points - centres[:, None]) / largest
    dx, dy = offsets[:, None, None, :], offsets[None, :, :, None]
    images = [
        _shrink(inside(*_turn(dx / scale, dy / scale, 2 * np.pi * turn)))
        for inside in (_rectangle, _ellipse, _triangle)
        for scale in _SCALES
        for turn in _TURNS
    ]
    sizes = (3, len(_SCALES), len(_TURNS), _POSITIONS, _POSITIONS)
    return Sprites(
        f"synthetic sprites of {size}x{size} pixels, drawn by tfrwc",
        np.reshape(images, (-1, size, size, 1)),
        np.indices(sizes).reshape(len(sizes), -1).T.astype(np.int64),
        _FACTORS,
        _TURNS,
        _FOLDS,
    )


def generate_32() -> Sprites:
    """The sprites of `generate` with 32x32 pixels."""
    return generate(32)


def _turn(x: _Floats, y: _Floats, angle: float) -> tuple[_Floats, _Floats]:
    cos, sin = np.cos(angle), np.sin(angle)
    return x * cos + y * sin, y * cos - x * sin


# The shapes have their centre of mass at 0, and reach to a distance of 1 from it.


def _rectangle(x: _Floats, y: _Floats) -> _Mask:
    half = 1 / np.sqrt(10)
    inside: _Mask = (abs(x) <= 3 * half) & (abs(y) <= half)
    return inside


def _ellipse(x: _Floats, y: _Floats) -> _Mask:
    inside: _Mask = x**2 + (y / 0.6) ** 2 <= 1
    return inside


def _triangle(x: _Floats, y: _Floats) -> _Mask:
    return (y <= 0.5) & (abs(x) <= 0.4 * (1 + y))


def _shrink(inside: _Mask) -> NDArray[np.uint8]:
    """Grey levels from how much of each pixel is inside; axes (..., row, column)."""
    *many, rows, columns = inside.shape
    cells = inside.reshape(
        *many, rows // _SUBPIXELS, _SUBPIXELS, columns // _SUBPIXELS, _SUBPIXELS
    )
    grey: NDArray[np.uint8] = np.round(255 * cells.mean(axis=(-3, -1))).astype(np.uint8)
    return grey


def dsprites() -> Sprites:
    """46,080 images of dSprites (Matthey et al., 2017), 64x64 pixels, 0 or 255.

    They are every combination of 3 shapes, 6 scales, each fourth of the 40
    orientations, and each second of the 32 x and 32 y positions: 190 MB, of the 3 GB
    of the whole set. The factors count within this grid.

    Raises:
        OSError: if the file is damaged, or TFDS cannot get the set; the message says
            what to do.
    """
    path = DATA_SETS["dsprites"].path
    return _from_tfds() if path is None else _from_archive(path)


def _from_archive(path: Path) -> Sprites:
    keys = ("imgs_grid", "latents_classes_grid")
    images, factors = read_arrays(path, keys, "dSprites", "load it")
    if images.dtype.kind not in "bu" or images.ndim != 3 or not len(images):
        raise OSError(
            f"{path} should have black and white images (n, height, width) as "
            f"{keys[0]}. Received: {images.dtype}, shape {images.shape}. Get the file "
            "again."
        )
    sizes = (len(images), len(_FACTORS))
    if factors.dtype.kind not in "iu" or factors.shape != sizes:
        raise OSError(
            f"{path} should have whole numbers of shape {sizes} as {keys[1]}. "
            f"Received: {factors.dtype}, shape {factors.shape}. Get the file again."
        )
    if factors.min() < 0 or factors.max() >= len(images):
        raise OSError(
            f"{path} should have numbers of values from 0 as {keys[1]}. Received: "
            f"{factors.min()} to {factors.max()}. Get the file again."
        )
    origin = f"dSprites, a grid of {len(images)} from {path.name}"
    return _binary(origin, images, factors)


def _from_tfds() -> Sprites:
    with extra("datasets"):
        import tensorflow_datasets as tfds

    data_set = DATA_SETS["dsprites"]
    builder = tfds.builder(data_set.tfds)
    try:
        builder.download_and_prepare()
    except Exception as error:  # each download protocol brings its own errors
        raise OSError(
            f"TFDS could not get dSprites ({type(error).__name__}: {error}). Connect "
            f"to the network, prepare it in TFDS_DATA_DIR, put {data_set.file} in a "
            f"folder named by {DATA_DIR_VARIABLE}, or use sprites.generate()."
        ) from error
    keys = [
        f"label_{name}"
        for name in ("shape", "scale", "orientation", "x_position", "y_position")
    ]
    steps = np.array([1, 1, 4, 2, 2])

    def in_grid(example: dict[str, Any]) -> Any:
        off = [example[key] % step for key, step in zip(keys, steps, strict=True)]
        return sum(off) == 0

    # Left encoded until chosen: only one in 16 of the images is decoded.
    encoded = {"image": tfds.decode.SkipDecoding()}
    chosen = builder.as_dataset("train", decoders=encoded).filter(in_grid)
    decode = builder.info.features["image"].decode_example
    chosen = chosen.map(lambda e: (decode(e["image"]), [e[key] for key in keys]))
    images, labels = zip(*tfds.as_numpy(chosen), strict=True)
    factors = np.array(labels) // steps
    order = np.lexsort(factors.T[::-1])
    return _binary(
        f"dSprites, a grid of {len(images)} from TFDS {builder.info.full_name}",
        np.stack(images)[order, ..., 0],
        factors[order],
    )


def _binary(origin: str, images: NDArray[Any], factors: NDArray[Any]) -> Sprites:
    black_and_white = np.where(images[..., None] > 0, np.uint8(255), np.uint8(0))
    # Each fourth of 40 angles from 0 to a whole turn, both of which are among them.
    turns = tuple(4 * k / 39 for k in range(int(factors[:, 2].max()) + 1))
    return Sprites(
        origin,
        black_and_white,
        factors.astype(np.int64),
        _FACTORS,
        turns,
        _DSPRITES_FOLDS,
    )
