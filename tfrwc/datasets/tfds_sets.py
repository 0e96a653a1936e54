"""Read image classification sets of TensorFlow Datasets (TFDS)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfrwc.compat.extras import extra
from tfrwc.datasets.catalogue import DATA_DIR_VARIABLE, for_use
from tfrwc.datasets.fingerprint import fingerprint
from tfrwc.datasets.image_set import ImageSet, from_splits, hold_out, to_one_shape


def read_tfds(name: str, size: int) -> ImageSet:
    """Read a set, after TFDS has downloaded and prepared it where it has not yet.

    Args:
        name: of the TFDS builder.
        size: height and width to which the images are resized where they are not all
            of one size.

    Raises:
        ValueError: if TFDS has no such set, or it is not one for image
            classification.
        OSError: if it cannot be downloaded, or its files are damaged.
    """
    builder = _builder(name)
    info = builder.info
    classes = _class_names(name, info)
    _prepare(name, builder)
    origin = f"TFDS {info.full_name}"
    test = next((s for s in ("test", "validation") if s in info.splits), None)
    if "train" in info.splits and test:
        splits = [_read_split(builder, split) for split in ("train", test)]
        train, held_out = to_one_shape(splits, size)
        return from_splits(name, origin, train, held_out, classes)
    [(x, y)] = to_one_shape([_read_split(builder, "all")], size)
    return hold_out(name, origin, x, y, classes)


def tfds_identity(name: str) -> str:
    """The name, configuration and version of a set, and hashes of its files.

    Raises:
        ValueError, OSError: as of `read_tfds`.
    """
    builder = _builder(name)
    _prepare(name, builder)
    files = fingerprint(builder.data_dir, times=False)
    return f"TFDS {builder.info.full_name} {files}"


def _builder(name: str) -> Any:
    with extra("datasets"):
        import tensorflow_datasets as tfds
        from google.protobuf.json_format import ParseError

    try:
        return tfds.builder(name)
    except (tfds.core.DatasetNotFoundError, ValueError) as error:
        is_unknown = isinstance(error, tfds.core.DatasetNotFoundError)
        reason = "" if is_unknown else f" ({str(error).splitlines()[0]})"
        raise ValueError(
            f"There is no image set {name!r}{reason}. It may be one of "
            f"{', '.join(for_use('classification'))}, a folder of class folders, or "
            "the name of a TFDS set (tfds.list_builders())."
        ) from error
    except (ParseError, LookupError, TypeError, AttributeError, OSError) as error:
        raise OSError(
            f"What TFDS keeps of {name!r} is damaged ({error}). Remove the folder "
            f"{name.split('/')[0]} in TFDS_DATA_DIR, by default ~/tensorflow_datasets, "
            "to prepare the set again."
        ) from error


def _class_names(name: str, info: Any) -> tuple[str, ...]:
    with extra("datasets"):
        import tensorflow_datasets as tfds

    keys = info.supervised_keys
    if not keys or not (
        isinstance(info.features[keys[0]], tfds.features.Image)
        and isinstance(info.features[keys[1]], tfds.features.ClassLabel)
    ):
        raise ValueError(
            f"The TFDS set {name!r} is not one for image classification: its "
            f"supervised keys are {keys}. Choose a set of images with class labels."
        )
    return tuple(info.features[keys[1]].names)


def _prepare(name: str, builder: Any) -> None:
    try:
        builder.download_and_prepare()
    except Exception as error:  # each download protocol brings its own errors
        data_set = for_use("classification").get(name)
        file = data_set and data_set.file
        hint = f" put {file} in a folder named by {DATA_DIR_VARIABLE}," if file else ""
        raise OSError(
            f"TFDS could not get {name!r} ({type(error).__name__}: {error}). Connect "
            f"to the network, prepare it in TFDS_DATA_DIR,{hint} or use --dataset "
            "digits."
        ) from error


def _read_split(builder: Any, split: str) -> tuple[list[NDArray[np.uint8]], list[int]]:
    with extra("datasets"):
        import tensorflow_datasets as tfds

    with extra("tensorflow"):
        import tensorflow as tf

    try:
        pairs = list(tfds.as_numpy(builder.as_dataset(split, as_supervised=True)))
    except (tf.errors.OpError, OSError) as error:
        raise OSError(
            f"The files of {builder.info.full_name} in {builder.data_dir} cannot be "
            f"read ({str(error).splitlines()[0]}). Remove that folder, to prepare the "
            "set again."
        ) from error
    for image, _ in pairs:
        if image.dtype != np.uint8 or image.shape[-1] not in (1, 3):
            raise ValueError(
                f"The images of {builder.info.full_name} are {image.dtype} of shape "
                f"{image.shape}. Choose a set of uint8 images of 1 or 3 channels."
            )
    images = [image[..., 0] if image.shape[-1] == 1 else image for image, _ in pairs]
    return images, [label for _, label in pairs]
