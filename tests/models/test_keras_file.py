"""Files of Keras models that cannot be loaded say why."""

import json
import zipfile

import h5py
import keras
import numpy as np
import pytest

from tfrwc.models.keras_file import load_keras_file


@keras.saving.register_keras_serializable("tests")
class Forgetful(keras.layers.Dense):
    """Its constructor has an argument that get_config does not return."""

    def __init__(self, secret, **options):
        super().__init__(3, **options)
        self.secret = secret

    def get_config(self):
        return {"name": self.name}


def saved(path, *layers):
    keras.Sequential([keras.Input((4,)), *layers]).save(path)
    return path


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    path = tmp_path_factory.mktemp("whole") / "net.keras"
    return saved(path, keras.layers.Dense(3))


def changed(whole, path, **parts):
    """A copy with other parts, whose checksums are right; None leaves one out."""
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            data = parts.get(name.split(".")[0], old.read(name))
            if data is not None:
                new.writestr(name, data)
    return path


def test_a_whole_file_is_loaded(whole):
    assert load_keras_file(whole).output_shape == (None, 3)
    assert load_keras_file(str(whole)).count_params() == 15


def test_files_of_another_kind_are_named(whole, tmp_path):
    path = tmp_path / "net.keras"
    with pytest.raises(FileNotFoundError, match=r"no file of a Keras model at .*net"):
        load_keras_file(path)
    with pytest.raises(FileNotFoundError, match="no file of a Keras model at"):
        load_keras_file(tmp_path)
    path.touch()
    with pytest.raises(ValueError, match=r"net\.keras is not a readable.*it is empty"):
        load_keras_file(path)
    with h5py.File(path, "w") as file:
        file["model_weights/dense"] = np.ones(3)
    with pytest.raises(ValueError, match=r"net\.keras .*ends in \.h5"):
        load_keras_file(path)
    path.write_text("no archive")
    with pytest.raises(ValueError, match=r"net\.keras .*not a zip file"):
        load_keras_file(path)
    changed(whole, path, config=None)
    with pytest.raises(ValueError, match=r"net\.keras .*has one config\.json"):
        load_keras_file(path)
    for config, message in (("[]", r"holds \[\]"), ("{", "not JSON"), ("{}", "module")):
        changed(whole, path, config=config)
        with pytest.raises(ValueError, match=rf"net\.keras is not.*{message}"):
            load_keras_file(path)


def test_a_changed_byte_is_noticed_wherever_it_is(whole, tmp_path):
    path, content = tmp_path / "net.keras", whole.read_bytes()
    with zipfile.ZipFile(whole) as archive:
        weights = archive.getinfo("model.weights.h5")
    for at in np.linspace(weights.header_offset + 60, len(content) // 2, 9).astype(int):
        damaged = bytearray(content)
        damaged[at] ^= 4
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"net\.keras is not a readable model"):
            load_keras_file(path)


def test_layers_that_cannot_be_made_are_explained(whole, tmp_path):
    path = tmp_path / "net.keras"
    saved(path, keras.layers.Lambda(lambda x: x + 1, output_shape=(4,)))
    with pytest.raises(ValueError, match=r"net\.keras .*code is in the file"):
        load_keras_file(path)
    saved(path, Forgetful(secret=3))
    with pytest.raises(ValueError, match=r"(?s)net\.keras .*secret.*from get_config"):
        load_keras_file(path)
    with zipfile.ZipFile(whole) as archive:
        config = archive.read("config.json").decode()
    dense = '"module": "keras.layers", "class_name": "Dense"'
    assert dense in config
    unknown = config.replace(dense, '"module": "elsewhere", "class_name": "Thick"')
    changed(whole, path, config=unknown)
    with pytest.raises(ValueError, match=r"Import the module that defines 'Thick'"):
        load_keras_file(path)


def test_a_model_of_a_later_version_says_so(whole, tmp_path):
    path = tmp_path / "net.keras"
    with zipfile.ZipFile(whole) as archive:
        config = json.loads(archive.read("config.json"))
    config["config"]["layers"][1]["config"]["new_setting"] = 3
    metadata = json.dumps({"keras_version": "99.1.0"})
    changed(whole, path, config=json.dumps(config), metadata=metadata)
    with pytest.raises(ValueError, match=r"saved by Keras 99\.1\.0, and.*Update Keras"):
        load_keras_file(path)
    config["module"], config["class_name"] = ".".join(("tfrwc", "future")), "Better"
    changed(whole, path, config=json.dumps(config))
    with pytest.raises(ValueError, match=r"tfrwc\.future, which .*Update tfrwc"):
        load_keras_file(path)
