"""Keras files of a newer Keras, read by an older one."""

import json
import os
import tempfile
import zipfile
from pathlib import Path
from typing import Any

# Settings of initializers and layers that Keras has had since 3.13, and their defaults,
# which are what older ones do.
_ADDED = {
    "input_axes": None,
    "output_axes": None,
    "quantization_config": None,
    "renorm": False,
    "renorm_clipping": None,
    "renorm_momentum": 0.99,
}


def load_model(path: str | os.PathLike[str]) -> Any:
    """The model in a .keras file, uncompiled, as `keras.models.load_model` gives it.

    Keras before 3.13, the last for Python 3.10, refuses settings that it does not know.
    """
    import keras

    if tuple(map(int, keras.__version__.split(".")[:2])) >= (3, 13):
        return keras.models.load_model(path, compile=False)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "model.keras"
        with zipfile.ZipFile(path) as file, zipfile.ZipFile(copy, "w") as older:
            for name in file.namelist():
                data = file.read(name)
                if name == "config.json":
                    data = json.dumps(_without_added(json.loads(data))).encode()
                older.writestr(name, data)
        return keras.models.load_model(copy, compile=False)


def _without_added(config: Any) -> Any:
    if isinstance(config, list):
        return [_without_added(item) for item in config]
    if not isinstance(config, dict):
        return config
    return {
        key: _without_added(value)
        for key, value in config.items()
        if not (key in _ADDED and value == _ADDED[key])
    }
