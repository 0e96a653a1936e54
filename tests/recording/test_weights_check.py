"""Weights files that are damaged, of another kind, or of another Keras say so."""

import json
import zipfile

import h5py
import keras
import numpy as np
import pytest
from fuzz.checkpoints import CONFIG, write_weights

from tfrwc import Recording


def read(path):
    return Recording.from_checkpoints([path, path])


def network(units=3):
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(units)])


def test_files_under_other_names_are_told(tmp_path):
    model = network()
    model.save(tmp_path / "whole.keras")
    model.save_weights(tmp_path / "whole.weights.h5")
    renamed = tmp_path / "renamed.weights.h5"
    renamed.write_bytes((tmp_path / "whole.keras").read_bytes())
    with pytest.raises(ValueError, match=r"renamed\.weights\.h5 .* ends in \.keras"):
        read(renamed)
    renamed = tmp_path / "renamed.keras"
    renamed.write_bytes((tmp_path / "whole.weights.h5").read_bytes())
    with pytest.raises(ValueError, match=r"renamed\.keras .*HDF5 file under another"):
        read(renamed)
    for name in ("empty.keras", "empty.weights.h5"):
        (tmp_path / name).touch()
        with pytest.raises(ValueError, match=rf"{name} is not .*it is empty"):
            read(tmp_path / name)


def test_weights_of_before_are_told(tmp_path):
    path = tmp_path / "old.weights.h5"
    with h5py.File(path, "w") as file:
        file["model_weights/dense/dense/kernel:0"] = np.ones((2, 2))
    with pytest.raises(ValueError, match=r"old\.weights\.h5 .*format of Keras 2"):
        read(path)


def test_weights_in_several_parts_are_told(tmp_path):
    model = keras.Sequential(
        [keras.Input((64,)), keras.layers.Dense(256), keras.layers.Dense(256)]
    )
    index = tmp_path / "net.weights.json"
    model.save_weights(index, max_shard_size=0.0003)
    parts = sorted(tmp_path.glob("*.weights.h5"))
    assert len(parts) > 1
    with pytest.raises(ValueError, match=r"net\.weights\.json lists weights .*whole"):
        Recording.from_checkpoints(tmp_path)
    with pytest.raises(ValueError, match=r"net\.weights\.json lists weights"):
        Recording.from_checkpoints([index, index])
    with pytest.raises(ValueError, match=r"00000\.weights\.h5 .*a part of the weights"):
        Recording.from_checkpoints(parts)


@pytest.mark.filterwarnings("ignore:Layer InputLayer does not have")
def test_quantised_weights_are_told(tmp_path):
    model = network()
    model.save(tmp_path / "0.keras")
    model.quantize("int8")
    model.save(tmp_path / "1.keras")
    with pytest.raises(ValueError, match=r"(?s)1\.keras.*int8, .*before.*quantize"):
        Recording.from_checkpoints([tmp_path / "0.keras", tmp_path / "1.keras"])
    with pytest.raises(ValueError, match=r"(?s)1\.keras.*int8, .*before.*quantize"):
        read(tmp_path / "1.keras")
    with pytest.raises(ValueError, match=r"(?s)1\.keras.*int8, .*before.*quantize"):
        Recording.from_checkpoints(tmp_path, network())


def test_an_altered_archive_is_noticed_wherever_it_is(tmp_path):
    path = tmp_path / "net.keras"
    network().save(path)
    content = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        start = archive.getinfo("model.weights.h5").header_offset
    for at in np.linspace(start + 60, len(content) - 600, 15).astype(int):
        damaged = bytearray(content)
        damaged[at] ^= 16
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"net\.keras is not a readable weights"):
            read(path)


@pytest.mark.parametrize(
    "config", ["[]", "{", '{"class_name": "Sequential"}', json.dumps(CONFIG)[:-1]]
)
def test_configurations_that_cannot_be(tmp_path, config):
    path = tmp_path / "net.keras"
    network().save(path)
    with zipfile.ZipFile(path) as archive:
        weights = archive.read("model.weights.h5")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", config)
        archive.writestr("model.weights.h5", weights)
    with pytest.raises(ValueError, match=r"net\.keras is not a readable weights file"):
        read(path)


def test_data_that_lie_over_others_are_noticed(tmp_path):
    """An offset that has changed: HDF5 would read other numbers without a word."""
    path = tmp_path / "net.weights.h5"
    write_weights(path, 1)
    with h5py.File(path) as file:
        kernel, bias = (file[f"layers/dense/vars/{i}"].id.get_offset() for i in (0, 1))
    content = path.read_bytes()
    old, new = (n.to_bytes(8, "little") for n in (bias, kernel + 4))
    assert content.count(old) == 1
    path.write_bytes(content.replace(old, new))
    with h5py.File(path) as file:
        assert file["layers/dense/vars/1"][()].shape == (5,)
    with pytest.raises(ValueError, match=r"dense/vars/\d lie over each other"):
        read(path)


def test_files_compressed_by_other_tools_are_read(tmp_path):
    for i in (0, 1):
        with h5py.File(tmp_path / f"{i}.weights.h5", "w") as file:
            data = np.full((100, 100), i + 1.0, "float32")
            file.create_dataset("layers/dense/vars/0", data=data, compression="gzip")
    assert Recording.from_checkpoints(tmp_path).values().tolist() == [[1.0]]
