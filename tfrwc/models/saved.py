"""A trained model as a folder: to be served, to be loaded by Keras, with what is known.

The folder is laid out as TFX' Model: ``Format-Serving/`` is a SavedModel, with the
Keras file beside it; ``training.json`` says how the model came about.
"""

import json
from pathlib import Path

SERVING = "Format-Serving"
KERAS_FILE = "model.keras"
TRAINING = "training.json"


def write_model(model, folder, training, example_shape=None):
    """Write a built Keras model.

    Args:
        model: of Keras, on the TensorFlow backend.
        folder: which is made.
        training: plain data.
        example_shape: of one input, float32; None for models that know it, which are
            sequential and functional ones.
    """
    signature = None
    if example_shape is not None:
        import keras

        signature = [keras.InputSpec(shape=(None, *example_shape), dtype="float32")]
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    model.export(folder / SERVING, verbose=False, input_signature=signature)
    model.save(folder / SERVING / KERAS_FILE)
    (folder / TRAINING).write_text(json.dumps(training, indent=1))


def read_model(folder) -> tuple:
    """The Keras model in a folder, uncompiled, and what is known of its training."""
    import keras

    path = Path(folder) / SERVING / KERAS_FILE
    return keras.models.load_model(path, compile=False), read_training(folder)


def read_training(folder) -> dict:
    """What is known of the training of the model in a folder."""
    return json.loads((Path(folder) / TRAINING).read_text())
