"""Load an image classification set by name or folder.

>>> from tfrwc import datasets
>>> digits = datasets.load("digits")
>>> digits.x_train.shape, digits.x_train.dtype
((1437, 8, 8, 1), dtype('uint8'))

A name means, in this order: ``digits``, which ships with scikit-learn; a folder
of class folders; a set in the folder ``TFRWC_DATA_DIR``, if that variable is set;
a TensorFlow Datasets (TFDS) name. ``ImageSet.origin`` says which it was.
"""

import os
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tfrwc.compat.extras import extra
from tfrwc.datasets._decode import UnreadableImageError, decode

DATA_DIR_VARIABLE = "TFRWC_DATA_DIR"
_HELD_OUT = 0.2


@dataclass(frozen=True)
class _Archive:
    """An .npz file: its name, and its keys for training and test data."""

    file: str
    train: tuple = ("x_train", "y_train")
    test: tuple = ("x_test", "y_test")
    note: str = ""


_ARCHIVES = {
    "mnist": _Archive("mnist.npz"),
    "fashion_mnist": _Archive("fashion_mnist.npz"),
    "cifar10": _Archive(
        "cifar10_lossless_subset.npz", note="; the first images of each batch only"
    ),
    "pneumoniamnist": _Archive(
        "pneumoniamnist.npz",
        ("train_images", "train_labels"),
        ("test_images", "test_labels"),
    ),
    "chest_xray_64": _Archive("chest_xray_64.npz"),
}
_IMAGE_SUFFIXES = {".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"}


@dataclass(frozen=True, eq=False)
class ImageSet:
    """A classification set in memory.

    Attributes:
        name: what it was asked for by.
        origin: where it came from, for reports.
        x_train, x_test: uint8 images (n, height, width, channels) in 0..255.
        y_train, y_test: int64 class indices (n,).
        class_names: one name per class.
    """

    name: str
    origin: str
    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    class_names: tuple

    @property
    def image_shape(self) -> tuple:
        return self.x_train.shape[1:]

    @property
    def majority_rate(self) -> float:
        """Accuracy on the test images of always naming the commonest test class."""
        return float(np.bincount(self.y_test).max() / len(self.y_test))


def load(name, size=32) -> ImageSet:
    """Load a set; see the module's text for what a name means.

    Args:
        name: ``digits``, a path, or the name of a set.
        size: height and width to which the images of folders and of TFDS sets are
            resized where they are not all of one size.

    Raises:
        ValueError: if there is no such set, or it is not one for image
            classification; the message says how to get it.
        OSError: if an image or archive is damaged; the message names it.
    """
    name = str(name)
    if name == "digits":
        return _digits()
    if folder := folder_of(name):
        return _folder(folder, size)
    data_dir = os.environ.get(DATA_DIR_VARIABLE)
    if data_dir and name in _ARCHIVES:
        path = Path(data_dir) / _ARCHIVES[name].file
        if path.exists():
            return _archive(name, path)
    return _tfds(name, size)


def named_sets() -> dict:
    """Where `load` reads each set of its own from, by name."""
    data_dir = os.environ.get(DATA_DIR_VARIABLE)
    sets = {"digits": "ships with scikit-learn"}
    for name, archive in _ARCHIVES.items():
        path = Path(data_dir or "") / archive.file
        here = bool(data_dir) and path.exists()
        sets[name] = (
            f"{path}{archive.note}"
            if here
            else f"not here: {archive.file} is looked for in the folder "
            f"{DATA_DIR_VARIABLE}, then TensorFlow Datasets is asked"
        )
    return sets


def folder_of(name) -> Path | None:
    """The folder of images that a name of `load` means; None if it means a set."""
    known = name == "digits" or name in _ARCHIVES
    return Path(name) if not known and Path(name).is_dir() else None


def _digits():
    from sklearn.datasets import load_digits

    bunch = load_digits()
    x = np.round(bunch.images * (255 / 16)).astype(np.uint8)[..., None]
    return _split(
        "digits", "scikit-learn load_digits", x, bunch.target, tuple("0123456789")
    )


def _archive(name, path):
    archive = _ARCHIVES[name]
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            x_train, y_train = (arrays[key] for key in archive.train)
            x_test, y_test = (arrays[key] for key in archive.test)
    except (zipfile.BadZipFile, KeyError, ValueError, EOFError, OSError) as error:
        raise OSError(
            f"{path} cannot be read as the set {name!r} ({error}). Get the file again, "
            f"or unset {DATA_DIR_VARIABLE} to load {name!r} by TFDS."
        ) from error
    return _image_set(
        name,
        f"{path.name}{archive.note}",
        (x_train, y_train),
        (x_test, y_test),
        tuple(str(k) for k in range(int(y_train.max()) + 1)),
    )


def _folder(root, size):
    splits = [root / part for part in ("train", "test")]
    if all(split.is_dir() for split in splits):
        classes = _class_names(splits[0])
        if _class_names(splits[1]) != classes:
            raise ValueError(
                f"{root} must hold the same classes in train and test. Found {classes} "
                f"and {_class_names(splits[1])}."
            )
        pairs = [_read_classes(split, classes) for split in splits]
        train, test = _one_shape(pairs, size)
        return _image_set(root.name, f"folder {root.name}", train, test, classes)
    classes = _class_names(root)
    [(x, y)] = _one_shape([_read_classes(root, classes)], size)
    return _split(root.name, f"folder {root.name}", x, y, classes)


def _class_names(folder):
    names = tuple(
        sorted(
            path.name
            for path in folder.iterdir()
            if path.is_dir() and not path.name.startswith(".")
        )
    )
    if len(names) < 2:
        raise ValueError(
            f"{folder} must hold a folder of images for each of two or more classes, "
            f"or folders train and test that do. Found the folders {names}."
        )
    return names


def _read_classes(folder, classes):
    images, labels = [], []
    for label, name in enumerate(classes):
        paths = [
            path
            for path in sorted((folder / name).glob("**/*"))
            if path.suffix.lower() in _IMAGE_SUFFIXES
        ]
        if not paths:
            raise ValueError(
                f"{folder / name} holds no images "
                f"({', '.join(sorted(_IMAGE_SUFFIXES))})."
            )
        images += [_read_image(path) for path in paths]
        labels += [label] * len(paths)
    return images, labels


def _read_image(path):
    try:
        return decode(path)
    except UnreadableImageError as error:
        raise OSError(
            f"{path} is not a readable image ({error}). Replace or remove it."
        ) from error


def _one_shape(splits, size):
    """Stack the images of each (images, labels), in one size and colour mode.

    They are resized if any two differ in size, and become colour if any one is.
    """
    from PIL import Image

    every = [image for images, _ in splits for image in images]
    resize = len({image.shape[:2] for image in every}) > 1
    colour = any(image.ndim == 3 for image in every)

    def conform(image):
        if resize:
            resized = Image.fromarray(image).resize((size, size))
            image = np.asarray(resized)
        if colour and image.ndim == 2:
            image = np.repeat(image[..., None], 3, axis=2)
        return image

    return [
        (np.stack([conform(image) for image in images]), np.array(labels))
        for images, labels in splits
    ]


def _tfds(name, size):
    with extra("datasets"):
        import tensorflow_datasets as tfds

    try:
        builder = tfds.builder(name)
    except (tfds.core.DatasetNotFoundError, ValueError) as error:
        known = ", ".join(["digits", *_ARCHIVES])
        raise ValueError(
            f"There is no image set {name!r}. It may be one of {known}, a folder of "
            "class folders, or the name of a TFDS set (tfds.list_builders())."
        ) from error
    info = builder.info
    keys = info.supervised_keys
    if not keys or not (
        isinstance(info.features[keys[0]], tfds.features.Image)
        and isinstance(info.features[keys[1]], tfds.features.ClassLabel)
    ):
        raise ValueError(
            f"The TFDS set {name!r} is not one for image classification: its "
            f"supervised keys are {keys}. Choose a set of images with class labels."
        )
    try:
        builder.download_and_prepare()
    except Exception as error:  # each download protocol brings its own errors
        hint = (
            f" or put {_ARCHIVES[name].file} in a folder named by {DATA_DIR_VARIABLE}"
            if name in _ARCHIVES
            else ""
        )
        raise OSError(
            f"TFDS could not get {name!r} ({type(error).__name__}: {error}). Connect "
            f"to the network, prepare it in TFDS_DATA_DIR,{hint} or use --dataset "
            "digits."
        ) from error

    def read(split):
        pairs = list(tfds.as_numpy(builder.as_dataset(split, as_supervised=True)))
        images = [
            image[..., 0] if image.shape[-1] == 1 else image for image, _ in pairs
        ]
        return images, [label for _, label in pairs]

    classes = tuple(info.features[keys[1]].names)
    origin = f"TFDS {info.full_name}"
    held_out = next((s for s in ("test", "validation") if s in info.splits), None)
    if "train" in info.splits and held_out:
        train, test = _one_shape([read("train"), read(held_out)], size)
        return _image_set(name, origin, train, test, classes)
    [(x, y)] = _one_shape([read("all")], size)
    return _split(name, origin, x, y, classes)


def _split(name, origin, x, y, classes):
    """Hold out a fifth of each class, the same one every time."""
    fewest = np.bincount(y, minlength=len(classes)).min()
    if fewest < 5:
        raise ValueError(
            f"{origin} has a class of {fewest} images, of which no fifth can be held "
            "out for testing. Add images, or make folders train and test."
        )
    from sklearn.model_selection import train_test_split

    train, test = train_test_split(
        np.arange(len(y)), test_size=_HELD_OUT, stratify=y, random_state=0
    )
    return _image_set(
        name,
        f"{origin}; {_HELD_OUT:.0%} of each class held out for testing",
        (x[train], y[train]),
        (x[test], y[test]),
        classes,
    )


def _image_set(name, origin, train, test, classes):
    (x_train, y_train), (x_test, y_test) = (
        (x if x.ndim == 4 else x[..., None], np.asarray(y, np.int64).ravel())
        for x, y in (train, test)
    )
    if x_train.shape[1:] != x_test.shape[1:]:
        raise ValueError(
            f"{origin}: training images have the shape {x_train.shape[1:]}, test "
            f"images {x_test.shape[1:]}. Bring them to one shape."
        )
    return ImageSet(name, origin, x_train, y_train, x_test, y_test, classes)
