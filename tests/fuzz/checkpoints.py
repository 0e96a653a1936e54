"""Doors of weights files: each between two that are whole."""

import shutil
import zipfile
from pathlib import Path

import h5py
import numpy as np

from fuzz.door import Door, Mutation
from fuzz.mutations import BYTES, anywhere
from fuzz.trees import change_json
from tfrwc import Recording


def _tensors(number: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(number)
    shapes = {"conv2d/vars/0": (3, 3, 1, 4), "conv2d/vars/1": (4,)}
    shapes |= {"dense/vars/0": (16, 5), "dense/vars/1": (5,)}
    return {path: rng.normal(size=s).astype("float32") for path, s in shapes.items()}


def write_weights(path: Path, number: int) -> None:
    """A file as `keras.Model.save_weights` leaves it."""
    with h5py.File(path, "w") as file:
        for name, tensor in _tensors(number).items():
            layer = f"layers/{name}"
            file[layer] = tensor
            file[layer].parent.attrs["name"] = name.split("/")[0]
        file["optimizer/vars/0"] = np.int64(10 * number)
        file["optimizer/vars/1"] = np.float32(0.1)


CONFIG = {
    "module": "keras",
    "class_name": "Sequential",
    "config": {
        "name": "net",
        "layers": [
            {"class_name": "InputLayer", "config": {"name": "input_layer"}},
            {"class_name": "Conv2D", "config": {"name": "conv2d", "filters": 4}},
            {"class_name": "Flatten", "config": {"name": "flatten"}},
            {"class_name": "Dense", "config": {"name": "dense", "units": 5}},
        ],
    },
    "registered_name": "Sequential",
}


def _archive(path: Path, number: int, config: object = CONFIG) -> None:
    import json

    weights = path.with_name("model.weights.h5")
    write_weights(weights, number)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata.json", '{"keras_version": "3.15.1"}')
        archive.writestr("config.json", json.dumps(config))
        archive.write(weights, "model.weights.h5")
    weights.unlink()


def weights(folder: Path) -> Path:
    for i in (1, 2, 3):
        write_weights(folder / f"epoch{i}.weights.h5", i)
    return folder / "epoch2.weights.h5"


def archives(folder: Path) -> Path:
    for i in (1, 2, 3):
        _archive(folder / f"epoch{i}.keras", i)
    return folder / "epoch2.keras"


def load(path: Path) -> Recording:
    """A recording from the files on both sides and this one."""
    suffix = path.name.removeprefix("epoch2")
    paths = [path.with_name(f"epoch{i}{suffix}") for i in (1, 2, 3)]
    return Recording.from_checkpoints(paths, watch="all")


def same(recording: Recording, original: Recording) -> str:
    if not recording.layers.equals(original.layers) or len(recording) != len(original):
        return "wrong"
    return "right" if _equal_numbers(recording, original) else "wrong"


def same_but_for_steps(recording: Recording, original: Recording) -> str:
    """Where a file has no count of steps, those of all files are their epochs."""
    steps = recording.steps.tolist()
    if steps == original.epochs.tolist():
        equal = recording.layers.equals(original.layers)
        equal &= recording.values().tobytes() == original.values().tobytes()
        return "steps unknown" if equal else "wrong"
    return same(recording, original)


def same_but_for_data(recording: Recording, original: Recording) -> str:
    """Numbers that changed within a tensor's data cannot be told from others."""
    outcome = same(recording, original)
    if outcome == "wrong" and recording.layers.equals(original.layers):
        return "other numbers in the data of a tensor"
    return outcome


def _equal_numbers(recording: Recording, original: Recording) -> bool:
    return (
        recording.values().tobytes() == original.values().tobytes()
        and recording.steps.tolist() == original.steps.tolist()
        and recording.epochs.tolist() == original.epochs.tolist()
    )


def outside_data(change) -> Mutation:
    """A change of bytes that leaves the data of all tensors as they are."""

    def mutate(path: Path, rng) -> str:
        with h5py.File(path) as file:
            extents = []
            file.visititems(
                lambda _, item: (
                    extents.append((item.id.get_offset(), item.id.get_storage_size()))
                    if isinstance(item, h5py.Dataset)
                    else None
                )
            )
        whole = path.read_bytes()
        data = bytearray(whole)
        change(data, rng)
        if len(data) == len(whole):
            for start, length in extents:
                data[start : start + length] = whole[start : start + length]
        path.write_bytes(data)
        return f"{change.__name__} in the structure of {path.name}"

    return mutate


def change_config(path: Path, rng) -> str:
    """Another configuration, with its checksum."""
    config, said = change_json(CONFIG, rng)
    shutil.move(path, path.with_suffix(".old"))
    _archive(path, 2, config)
    path.with_suffix(".old").unlink()
    return said


def change_structure(path: Path, rng) -> str:
    """Other types, shapes, names, links and attributes, well-formed to HDF5."""
    with h5py.File(path, "r+") as file:
        names = [f"layers/{name}" for name in _tensors(2)] + ["optimizer/vars/0"]
        name = rng.choice(names)
        kind = rng.choice(sorted(_STRUCTURES))
        _STRUCTURES[kind](file, name)
    return f"{kind} {name}"


def _replace(value, **options):
    def change(file, name):
        del file[name]
        file.create_dataset(name, data=value, **options)

    return change


def _link(target):
    def change(file, name):
        del file[name]
        file[name] = target

    return change


def _attribute(key, value):
    def change(file, name):
        file[name].attrs[key] = value
        file[name].parent.attrs[key] = value

    return change


def _group(file, name):
    del file[name]
    file.create_group(name)


def _unwritten(file, name):
    shape = file[name].shape
    del file[name]
    file.create_dataset(name, shape, "float32", fillvalue=3.0)


def _huge(file, name):
    del file[name]
    file.create_dataset(
        name, (10**6, 10**6), "float32", chunks=(1000, 1000), compression="gzip"
    )


def _move(file, name):
    file.move(name, name.replace("/vars/", "/other/"))


def _cycle(file, name):
    file[name].parent["again"] = file["layers"]


_STRUCTURES = {
    "text": _replace("text"),
    "texts": _replace([["a", "b"]]),
    "big endian": _replace(np.ones((16, 5), ">f4")),
    "complex": _replace(np.ones((16, 5), "complex64")),
    "half": _replace(np.ones((16, 6), "float16")),
    "records": _replace(np.zeros((16, 5), [("a", "f4"), ("b", "i4")])),
    "empty": _replace(np.zeros((0, 5), "float32")),
    "nothing": _replace(h5py.Empty("float32")),
    "scalar": _replace(np.float32(1)),
    "vector of steps": _replace(np.arange(4)),
    "nan": _replace(np.float64("nan")),
    "other shape": _replace(np.ones((5, 16), "float32")),
    "soft link": _link(h5py.SoftLink("/layers/dense/vars/1")),
    "dangling link": _link(h5py.SoftLink("/nowhere")),
    "external link": _link(h5py.ExternalLink("epoch1.weights.h5", "/layers")),
    "type": _link(np.dtype("float32")),
    "name of another type": _attribute("name", 3),
    "name of bytes": _attribute("name", np.bytes_(b"\xff\xfe")),
    "names": _attribute("name", ["a", "b"]),
    "other dtype": _attribute("dtype", "bfloat16"),
    "dtype of another type": _attribute("dtype", 7),
    "group": _group,
    "unwritten": _unwritten,
    "huge": _huge,
    "moved": _move,
    "cycle": _cycle,
}

WEIGHTS = Door(weights, load, same_but_for_data, anywhere())
STRUCTURE_BYTES = Door(weights, load, same, [outside_data(change) for change in BYTES])
STRUCTURE = Door(weights, load, same_but_for_steps, [change_structure])
ARCHIVES = Door(archives, load, same, anywhere())
# Another order of layers, or another class, is what such a configuration says.
CONFIGS = Door(archives, load, lambda a, b: "right", [change_config])
