"""What every reader of images with classes returns."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tfrwc.datasets.checks import checked_images, checked_labels

_HELD_OUT = 0.2


@dataclass(frozen=True, eq=False)
class ImageSet:
    """Images with classes, in memory.

    Attributes:
        name: what it was asked for by.
        origin: where it came from, for reports.
        x_train, x_test: uint8 images (n, height, width, channels) in 0..255.
        y_train, y_test: int64 class indices (n,).
        class_names: one name per class.
    """

    name: str
    origin: str
    x_train: NDArray[np.uint8]
    y_train: NDArray[np.int64]
    x_test: NDArray[np.uint8]
    y_test: NDArray[np.int64]
    class_names: tuple[str, ...]

    @property
    def image_shape(self) -> tuple[int, ...]:
        """Height, width and channels of an image."""
        return self.x_train.shape[1:]

    @property
    def majority_rate(self) -> float:
        """Accuracy on the test images of always naming the commonest test class."""
        return float(np.bincount(self.y_test).max() / len(self.y_test))


def from_splits(
    name: str,
    origin: str,
    train: tuple[ArrayLike, ArrayLike],
    test: tuple[ArrayLike, ArrayLike],
    class_names: Sequence[str],
) -> ImageSet:
    """A set whose training and test images are apart already.

    Args:
        name, origin, class_names: as of `ImageSet`.
        train, test: images (n, height, width), with or without a last axis of
            channels, and their class indices, n of them.

    Raises:
        ValueError: if they are not images and a class for each, see
            `tfrwc.datasets.checks`, or training and test images differ in shape.
    """
    (x_train, y_train), (x_test, y_test) = (
        _checked(*split, len(class_names), f"{origin}: {which}")
        for split, which in ((train, "training"), (test, "test"))
    )
    if x_train.shape[1:] != x_test.shape[1:]:
        raise ValueError(
            f"{origin}: training images have the shape {x_train.shape[1:]}, test "
            f"images {x_test.shape[1:]}. Bring them to one shape."
        )
    return ImageSet(name, origin, x_train, y_train, x_test, y_test, tuple(class_names))


def _checked(
    x: ArrayLike, y: ArrayLike, classes: int, what: str
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    images = checked_images(x, f"{what} images")
    return images, checked_labels(y, len(images), classes, f"{what} labels")


def hold_out(
    name: str,
    origin: str,
    x: NDArray[np.uint8],
    y: NDArray[np.int64],
    class_names: Sequence[str],
) -> ImageSet:
    """A set of which a fifth of each class, the same every time, is for testing.

    Args:
        name, origin, class_names: as of `ImageSet`; the origin is extended.
        x, y: all images and their class indices, as of `from_splits`.

    Raises:
        ValueError: as `from_splits`, or if a class has fewer than five images.
    """
    x, y = _checked(x, y, len(class_names), origin)
    fewest = np.bincount(y, minlength=len(class_names)).min()
    if fewest < 5:
        raise ValueError(
            f"{origin} has a class of {fewest} images, of which no fifth can be held "
            "out for testing. Add images, or make folders train and test."
        )
    from sklearn.model_selection import train_test_split

    train, test = train_test_split(
        np.arange(len(y)), test_size=_HELD_OUT, stratify=y, random_state=0
    )
    return from_splits(
        name,
        f"{origin}; {_HELD_OUT:.0%} of each class held out for testing",
        (x[train], y[train]),
        (x[test], y[test]),
        class_names,
    )


def to_one_shape(
    splits: Sequence[tuple[list[NDArray[np.uint8]], list[int]]], size: int
) -> list[tuple[NDArray[np.uint8], NDArray[np.int64]]]:
    """Stack the images of several splits, in one size and colour mode.

    If any two differ in size, all are resized; if any one has colours, all get them.

    Args:
        splits: images, each (height, width) or (height, width, 3), and their class
            indices, of each split.
        size: height and width in pixels where images are resized.
    """
    from PIL import Image

    shapes = {image.shape for images, _ in splits for image in images}
    resize = len({shape[:2] for shape in shapes}) > 1
    colour = any(len(shape) == 3 for shape in shapes)

    def conform(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        if resize:
            image = np.asarray(Image.fromarray(image).resize((size, size)))
        if colour and image.ndim == 2:
            image = np.repeat(image[..., None], 3, axis=2)
        return image

    return [
        (np.stack([conform(image) for image in images]), np.array(labels))
        for images, labels in splits
    ]
