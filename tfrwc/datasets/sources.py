"""Load a data set by name or folder.

>>> from tfrwc import datasets
>>> digits = datasets.load("digits")
>>> digits.x_train.shape, digits.x_train.dtype
((1437, 8, 8, 1), dtype('uint8'))

A name means, in this order: a set in `tfrwc.datasets.table()` that ships with a
dependency, such as ``digits``; a folder of class folders, or of TFRecord files; a set
in that table whose file is in the folder that the environment variable TFRWC_DATA_DIR
names; a set of TensorFlow Datasets (TFDS). `ImageSet.origin` says which it was.
"""

import os
import pkgutil
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfrwc._common.checks import whole_number
from tfrwc.datasets.catalogue import DataSet, for_use
from tfrwc.datasets.fingerprint import fingerprint
from tfrwc.datasets.image_set import ImageSet

if TYPE_CHECKING:
    from tfrwc.datasets.sprites import Sprites


def load(name: str | os.PathLike[str], size: int = 32) -> ImageSet:
    """Load images with classes; the module's text says what a name means.

    Args:
        name: of a set, or the path of a folder.
        size: height and width to which the images of folders and of TFDS sets are
            resized where they are not all of one size.

    Raises:
        ValueError: if there is no such set, or it is not one of images and a class
            for each; the message says how to get it, or what to do.
        OSError: if an image or archive is damaged, or could mean several things; the
            message names it.
    """
    name, size = str(name), whole_number(size, "size")
    if folder := folder_of(name):
        from tfrwc.datasets.folders import read_folder
        from tfrwc.datasets.record_folders import read_record_folder, record_files

        read = read_record_folder if record_files(folder) else read_folder
        return read(folder, size)
    data_set = for_use("classification").get(name)
    if data_set is not None and data_set.available:
        images: ImageSet = _reader(data_set)(data_set, data_set.path)
        return images
    from tfrwc.datasets.tfds_sets import read_tfds

    return read_tfds(name, size)


def folder_of(name: str | os.PathLike[str]) -> Path | None:
    """The folder of images that a name means to `load`; None if it means a set."""
    if str(name) in for_use("classification") or not Path(name).is_dir():
        return None
    return Path(name)


def identity(name: str, use: str = "classification") -> str:
    """A text that is another whenever the set is: hashes of the contents of its files,
    or the version of the package that it ships with.

    A set of TFDS is downloaded and prepared for it, where it has not been yet.

    Args:
        name: of the set, or the path of a folder.
        use: of `tfrwc.datasets.catalogue.USES`, for which it is to be read.

    Raises:
        ValueError: if there is no such set.
        OSError: if it cannot be downloaded, or files cannot be read.
    """
    factors = use == "factors"
    folder = None if factors else folder_of(name)
    data_set = for_use(use).get(name)
    path = folder or (data_set and data_set.path)
    if path:
        return identity_of_files(path)
    if data_set is None or not data_set.available:
        from tfrwc.datasets.tfds_sets import tfds_identity

        # As those who read them ask TFDS for them.
        return tfds_identity(data_set.tfds or name if data_set and factors else name)
    package = data_set.ships_with
    return f"{package} {version(package)}" if package else ""


def identity_of_files(path: Path) -> str:
    """Hashes of the files at a path, with its name and that of its folder, by which
    reports say where data is from."""
    place = path.absolute()
    return f"{place.parent.name}/{place.name} {fingerprint(path, times=False)}"


def load_factors(name: str) -> "Sprites":
    """Load images whose factors are known.

    Args:
        name: of a set in `tfrwc.datasets.table()` whose use is factors.

    Raises:
        ValueError: if there is no such set.
        OSError: if its file is damaged, or cannot be downloaded.
    """
    sets = for_use("factors")
    if name not in sets:
        raise ValueError(
            f"There is no set of factors {name!r}. Choose one of {', '.join(sets)}."
        )
    sprites: Sprites = _reader(sets[name])()
    return sprites


def _reader(data_set: DataSet) -> Any:
    # By name, so that the table imports no reader, and readers can import the table.
    assert data_set.reader is not None  # every set for these uses has one
    return pkgutil.resolve_name(data_set.reader)
