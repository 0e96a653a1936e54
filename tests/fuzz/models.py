"""Doors of Keras models: a whole file, and one whose configuration is another."""

import json
import zipfile
from pathlib import Path

import numpy as np

from fuzz.door import Door
from fuzz.mutations import anywhere
from fuzz.trees import change_json
from tfrwc.models.keras_file import load_keras_file


def model(folder: Path) -> Path:
    import keras

    keras.utils.set_random_seed(0)
    layers = [keras.layers.Conv2D(2, 3), keras.layers.Flatten(), keras.layers.Dense(3)]
    path = folder / "net.keras"
    keras.Sequential([keras.Input((6, 6, 1)), *layers]).save(path)
    return path


def load(path: Path) -> list[np.ndarray]:
    return load_keras_file(path).get_weights()


def same(weights: list[np.ndarray], original: list[np.ndarray]) -> str:
    equal = len(weights) == len(original) and all(
        a.shape == b.shape and a.tobytes() == b.tobytes()
        for a, b in zip(weights, original, strict=True)
    )
    return "right" if equal else "wrong"


def change_config(path: Path, rng) -> str:
    """Another configuration, with its checksum, that asks for no huge layers."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    said = "too large"
    while "too large" in said:
        config, said = change_json(json.loads(parts["config.json"]), rng)
        text = json.dumps(config)
        # Nothing but its size tells a layer of 10^12 units from one that is meant.
        if any(number in text for number in ("000000", "99999", "9223372036854775")):
            said = "too large"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in (parts | {"config.json": text}).items():
            archive.writestr(name, data)
    return said


MODEL = Door(model, load, same, anywhere(), seconds=60, gigabytes=None)
# A layer of another name, or an activation of another kind, has the same weights.
CONFIG = Door(
    model, load, lambda a, b: "right", [change_config], seconds=60, gigabytes=None
)
