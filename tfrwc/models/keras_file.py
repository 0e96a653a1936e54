"""The door for models in ``.keras`` files: loaded, or one sentence on why not.

Code in a file (a Lambda layer's) is never run, and classes are only those that are
imported already, or of this package.
"""

import os
import re
import zipfile
import zlib
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfrwc._common.json_files import check_object, parse_json
from tfrwc._common.keras_archive import CONFIG, check_parts
from tfrwc.compat.keras_files import load_model

if TYPE_CHECKING:
    import keras

_METADATA = "metadata.json"
# By the modules that files of earlier versions name, within the package.
_MOVED = {"privacy.private_model": "tfrwc.privacy.sgd.private_model"}


def load_keras_file(path: str | os.PathLike[str]) -> "keras.Model":
    """The Keras model in a .keras file, uncompiled.

    Where it is of a class of this package, that is imported, so that Keras knows it.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is damaged, of another kind, of a newer Keras, or has layers
            that cannot be made from it.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"There is no file of a Keras model at {path}.")
    config, version = _checked(path)
    _import_class(config, path)
    try:
        model: keras.Model = load_model(path)
    # Keras calls the constructor of any class that the file names, with whatever the
    # file says: what these raise has no bounds, and none of it names the file.
    except Exception as error:
        raise ValueError(
            f"{path} is whole, but its model could not be made: {_why(error, version)}"
        ) from error
    return model


def _checked(path: Path) -> tuple[dict[str, Any], str]:
    """The configuration in a file whose checksums are right, and who wrote it."""
    try:
        _check_kind(path)
        with zipfile.ZipFile(path) as archive:
            names = check_parts(archive)
            config = parse_json(archive.read(CONFIG))
            check_object(config, {"module": str, "class_name": str, "config": dict})
            metadata = parse_json(archive.read(_METADATA)) if _METADATA in names else {}
            check_object(metadata, {})
            return config, str(metadata.get("keras_version", ""))
    except (
        *(OSError, ValueError, KeyError, RuntimeError, EOFError, MemoryError),
        *(OverflowError, zipfile.BadZipFile, zlib.error),
    ) as error:
        raise ValueError(
            f"{path} is not a readable model of Keras 3: {error}. Restore it from a "
            "copy, or save the model again."
        ) from error


def _check_kind(path: Path) -> None:
    with path.open("rb") as file:
        start = file.read(8)
    if not start:
        raise ValueError("it is empty")
    if start == b"\x89HDF\r\n\x1a\n":
        raise ValueError(
            "it is an HDF5 file, as Keras 2 and save_weights write them, under another "
            "name. A model of Keras 2 is read by keras.models.load_model if its name "
            "ends in .h5"
        )


def _import_class(config: dict[str, Any], path: Path) -> None:
    module = config["module"]
    if not module.startswith("tfrwc."):
        return
    try:
        import_module(_MOVED.get(module.removeprefix("tfrwc."), module))
    except ModuleNotFoundError as error:
        if error.name is None or not error.name.startswith("tfrwc"):
            raise  # something else is missing, and this says how to install it
        raise ValueError(
            f"{path} has a model of {module}, which this version of tfrwc does not "
            "have. Update tfrwc."
        ) from error


def _why(error: Exception, version: str) -> str:
    """What Keras could not do, and the remedy."""
    import keras

    text = re.sub(r"\s+", " ", str(error)).strip()
    # Keras puts the whole configuration between the class and what it raised.
    layers = re.findall(r"<class '([^']+)'> could not be deserialized", text)
    text = text.rpartition("Exception encountered: ")[2]
    text = text.partition(" Full object config")[0]
    if layers:
        text = f"{layers[-1]}: {text}"
    newer = _newer(version, keras.__version__)
    if newer:
        remedy = f"It was saved by Keras {version}, and this is {keras.__version__}."
        remedy += " Update Keras."
    elif "lambda" in text.lower():
        remedy = (
            "It has a Lambda layer, whose code is in the file and is not run from "
            "there. Make the model from its own source, and load its weights."
        )
    elif name := re.search(r"locate (?:class|function) '([^']+)'", text):
        remedy = (
            f"Import the module that defines {name[1]!r}, decorated by "
            "@keras.saving.register_keras_serializable(), before."
        )
    elif "get_config" in text or re.search(r"argument|deserializ|revive", text):
        remedy = (
            "A class of one's own must return all arguments of its constructor from "
            "get_config. Mend it, make the model from its source, and load the weights."
        )
    else:
        remedy = "Make the model from its own source, and load its weights."
    return f"{text[:600]} [{type(error).__name__}]. {remedy}"


def _newer(version: str, here: str) -> bool:
    """Whether a version of Keras is above that which is here."""

    def numbers(text: str) -> list[int]:
        return [int(n) for n in re.findall(r"\d+", text)[:2]]

    return numbers(version) > numbers(here)
