"""A trained model as a folder: to be served, to be loaded by Keras, with what is known.

The folder is laid out as TFX' Model: ``Format-Serving/`` is a SavedModel, with the
Keras file beside it; ``training.json`` says how the model came about.
"""

import json
import zipfile
from importlib import import_module
from pathlib import Path

SERVING = "Format-Serving"
KERAS_FILE = "model.keras"
TRAINING = "training.json"


def write_model(model, folder, training, example_shape=None):
    """Write a built Keras model.

    The signature of the SavedModel takes ``inputs``, float32 (n, ...).

    Args:
        model: of Keras, on the TensorFlow backend.
        folder: which is made.
        training: plain data.
        example_shape: of one input; None for models that know it, which are sequential
            and functional ones.
    """
    import keras

    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    shape = (None, *(example_shape or model.input_shape[1:]))
    # By `model.export` each weight would be in the file twice.
    archive = keras.export.ExportArchive()
    archive.add_endpoint(
        "serve",
        lambda x: model(x, training=False),
        [keras.InputSpec(shape=shape, dtype="float32", name="inputs")],
    )
    archive.write_out(folder / SERVING, verbose=False)
    model.save(folder / SERVING / KERAS_FILE)
    (folder / TRAINING).write_text(json.dumps(training, indent=1))


def read_model(folder) -> tuple:
    """The Keras model in a folder, uncompiled, and what is known of its training."""
    path = Path(folder) / SERVING / KERAS_FILE
    return load_keras_file(path), read_training(folder)


def load_keras_file(path):
    """The Keras model in a .keras file, uncompiled; also one of a class of `tfrwc`."""
    import keras

    with zipfile.ZipFile(path) as file:
        module = json.loads(file.read("config.json"))["module"]
    if module.startswith("tfrwc."):
        import_module(module)  # so that Keras knows the class
    return keras.models.load_model(path, compile=False)


def read_training(folder) -> dict:
    """What is known of the training of the model in a folder."""
    return json.loads((Path(folder) / TRAINING).read_text())
