"""A trained model as a folder that can be served, loaded by Keras, and understood.

The folder is laid out as TFX' Model: ``Format-Serving/`` is a SavedModel, with the
Keras file beside it; ``training.json`` says how the model came about.
"""

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfrwc._common.files import write_text
from tfrwc._common.json_files import read_object
from tfrwc._common.paths import local_path
from tfrwc.compat.extras import extra
from tfrwc.models.keras_file import load_keras_file

if TYPE_CHECKING:
    import keras

_Path = str | os.PathLike[str]

SERVING = "Format-Serving"
KERAS_FILE = "model.keras"
TRAINING = "training.json"


def write_model(
    model: "keras.Model",
    folder: _Path,
    training: Mapping[str, Any],
    example_shape: tuple[int, ...] | None = None,
) -> None:
    """Write a built Keras model.

    The signatures of the SavedModel are those of `tfrwc.models.signatures`. A model
    that has a method ``reconstruct``, such as `tfrwc.disentangle.BetaVAE`, answers by
    that, which is the same every time; by what it draws when it is called, it answers
    to the signature ``sample``.

    Args:
        model: of Keras, on the TensorFlow backend; of images, it takes them in 0..255,
            or in 0..1 if it has ``reconstruct``.
        folder: to write to, which is made.
        training: how the model was trained, as plain data.
        example_shape: shape of one input; None for sequential and functional models,
            which know it.
    """
    import keras

    folder = local_path(folder, "folder")
    folder.mkdir(parents=True, exist_ok=True)
    shape = tuple(example_shape or model.input_shape[1:])

    def call(inputs: Any) -> Any:
        return model(inputs, training=False)

    answers = getattr(model, "reconstruct", None)
    # Not at the top: models are read without TensorFlow.
    from tfrwc.models.signatures import endpoints

    served = dict(endpoints(answers or call, shape, 1 / 255 if answers else 1.0))
    if answers:
        served["sample"] = (call, served["serve"][1])
    # By `model.export` each weight would be in the file twice.
    archive = keras.export.ExportArchive()
    for name, (function, inputs) in served.items():
        archive.add_endpoint(name, function, inputs)
    archive.write_out(folder / SERVING, verbose=False)
    model.save(folder / SERVING / KERAS_FILE)
    write_text(folder / TRAINING, json.dumps(training, indent=1))


def read_model(folder: _Path) -> tuple["keras.Model", dict[str, Any]]:
    """The Keras model in a folder, uncompiled, and how it was trained.

    Raises:
        FileNotFoundError, ValueError: if one of them is not there, or is damaged.
    """
    path = local_path(folder, "folder") / SERVING / KERAS_FILE
    return load_keras_file(path), read_training(folder)


def read_served(folder: _Path) -> Callable[[Any], Any]:
    """What the SavedModel in a folder answers, for which no class of its layers is
    needed.

    Returns:
        A function of inputs (n, ...), which become float32, to arrays.

    Raises:
        FileNotFoundError, ValueError: if it is not there, or is damaged.
    """
    with extra("tensorflow"):
        import tensorflow as tf

    path = local_path(folder, "folder") / SERVING
    if not path.is_dir():
        raise FileNotFoundError(f"There is no SavedModel at {path}.")
    try:
        served = tf.saved_model.load(str(path))
    # TensorFlow has no bounds on what it raises for a damaged file.
    except Exception as error:
        raise ValueError(
            f"{path} is not a SavedModel that can be read: {error}. Restore it from a "
            "copy, or have it written again."
        ) from error

    def answers(inputs: Any) -> Any:
        # By its attribute: the function alone does not keep its weights.
        return served.serve(tf.cast(inputs, tf.float32)).numpy()

    return answers


def read_training(folder: _Path) -> dict[str, Any]:
    """How the model in a folder was trained.

    Raises:
        FileNotFoundError: if it does not say.
        ValueError: if what it says cannot be read.
    """
    return read_object(Path(folder) / TRAINING, "an account of a training")
