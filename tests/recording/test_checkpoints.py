"""Recordings from saved weights, against a callback in the same training."""

import itertools
import shutil
import subprocess
import sys
import zipfile

import h5py
import keras
import numpy as np
import pytest
from keras import layers
from keras.callbacks import ModelCheckpoint

from tfrwc import Recording, RWCCallback
from tfrwc.dynamics import MEASURES, depth_effect, relative_change
from tfrwc.recording import Flag


def network():
    keras.utils.set_random_seed(0)
    x = layers.Input((8, 8, 3))
    h = layers.Conv2D(4, 3, name="stem")(x)
    h = layers.BatchNormalization()(h)
    inner = [layers.Input((6, 6, 4)), layers.SeparableConv2D(4, 3), layers.Conv2D(4, 1)]
    h = keras.Sequential(inner, name="inner")(h)
    h = layers.Conv2D(2, 3)(h)
    h = layers.Dense(3)(layers.Flatten()(h))
    model = keras.Model(x, layers.Dense(2)(h))
    model.compile("adam", "mse", jit_compile=False)
    return model


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.second = layers.Dense(4)
        self.first = layers.Dense(4)

    def call(self, x):
        return self.second(self.first(x))


@pytest.fixture(scope="module")
def training(tmp_path_factory):
    """Folders of checkpoints of both kinds, and what the callback recorded."""
    folder = tmp_path_factory.mktemp("checkpoints")
    (folder / "h5").mkdir()
    (folder / "keras").mkdir()
    model = network()
    model.optimizer.build(model.trainable_variables)
    model.save_weights(folder / "h5" / "run3-0.weights.h5")
    model.save(folder / "keras" / "run3-0.keras")
    callback = RWCCallback(measures=MEASURES)
    rng = np.random.default_rng(0)
    model.fit(
        rng.normal(size=(8, 8, 8, 3)),
        rng.normal(size=(8, 2)),
        batch_size=4,
        epochs=11,  # so that names sort otherwise than numbers
        verbose=0,
        callbacks=[
            callback,
            ModelCheckpoint(
                folder / "h5" / "run3-{epoch}.weights.h5", save_weights_only=True
            ),
            ModelCheckpoint(folder / "keras" / "run3-{epoch}.keras"),
        ],
    )
    return folder, model, callback.recording


@pytest.mark.parametrize("kind", ["h5", "keras"])
def test_with_a_model_it_is_what_the_callback_recorded(training, kind):
    folder, model, recorded = training
    before = model.get_weights()
    found = Recording.from_checkpoints(folder / kind, model, measures=MEASURES)
    for measure in MEASURES:
        np.testing.assert_array_equal(found.values(measure), recorded.values(measure))
    assert found.steps.tolist() == recorded.steps.tolist()
    assert found.epochs.tolist() == recorded.epochs.tolist() == [*range(1, 12)]
    assert found.layers.equals(recorded.layers)
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_models_load_archives_from_a_file_of_their_own(training, monkeypatch):
    """Keras would read an archive from its beginning for each step back."""
    loaded, load = [], keras.Model.load_weights

    def noted(model, path):
        loaded.append(path.name)
        load(model, path)

    monkeypatch.setattr(keras.Model, "load_weights", noted)
    Recording.from_checkpoints(training[0] / "keras", model=network())
    assert {*loaded} == {"model.weights.h5", "own.weights.h5"}


def test_keras_files_need_no_model(training):
    folder, _, recorded = training
    found = Recording.from_checkpoints(folder / "keras", measures=MEASURES)
    for measure in MEASURES:
        np.testing.assert_array_equal(found.values(measure), recorded.values(measure))
    for column in ("name", "kind", "shape", "size", "depth"):
        assert found.layers[column].tolist() == recorded.layers[column].tolist()


def test_weights_files_alone_tell_values_but_no_order(training):
    folder, _, recorded = training
    found = Recording.from_checkpoints(folder / "h5")
    assert found.steps.tolist() == recorded.steps.tolist()

    def columns(recording):
        table = recording.layers.assign(last=recording.values()[-1])
        return sorted(map(tuple, table[["kind", "shape", "last"]].to_numpy().tolist()))

    assert columns(found) == columns(recorded)
    assert found.layers["depth"].isna().all()
    with pytest.raises(ValueError, match=r"(?s)depth.*unknown.*model"):
        depth_effect(found)


def test_files_without_names_of_layers_tell_no_order(training, tmp_path):
    """Earlier versions of Keras 3 wrote none."""
    for i in (0, 1):
        copy = tmp_path / f"{i}.keras"
        with zipfile.ZipFile(training[0] / "keras" / f"run3-{i}.keras") as archive:
            weights = tmp_path / "model.weights.h5"
            weights.write_bytes(archive.read("model.weights.h5"))
            config = archive.read("config.json")
        with h5py.File(weights, "a") as file:
            del file["layers/sequential/vars"]
            for group in file["layers"].values():
                if "vars" in group:
                    group["vars"].attrs.pop("name", None)
        with zipfile.ZipFile(copy, "w") as archive:
            archive.writestr("config.json", config)
            archive.write(weights, "model.weights.h5")
        weights.unlink()
    found = Recording.from_checkpoints(tmp_path)
    assert found.layers["depth"].isna().all()
    assert sorted(found.values()[0]) == sorted(training[2].values()[0])


def test_reading_needs_no_keras(training):
    code = (
        "import sys; from tfrwc import Recording; "
        f"print(len(Recording.from_checkpoints({str(training[0] / 'keras')!r}))); "
        "print({'tensorflow', 'keras'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["11", "set()"]


def test_all_tensors_a_pattern_and_the_first_checkpoint(training):
    folder, model, _ = training
    everything = Recording.from_checkpoints(folder / "keras", watch="all")
    with_model = Recording.from_checkpoints(folder / "keras", model, watch="all")
    np.testing.assert_array_equal(everything.values(), with_model.values())
    some = Recording.from_checkpoints(folder / "h5", watch="batch_norm.*/[01]$")
    assert some.layers["shape"].tolist() == [(4,), (4,)]
    first = Recording.from_checkpoints(folder / "keras", reference="initial")
    files = [folder / "h5" / f"run3-{i}.weights.h5" for i in (0, 11)]
    one = Recording.from_checkpoints(files)
    order = [first.layers["path"].tolist().index(path) for path in one.layers["path"]]
    np.testing.assert_array_equal(one.values()[0], first.values()[-1][order])


def test_a_subclassed_model_can_be_read_and_loaded(tmp_path):
    model = Subclassed()
    model(np.zeros((1, 4), "float32"))
    sets = []
    for i in range(3):
        for variable in model.trainable_variables:
            variable.assign(np.random.default_rng(i).normal(size=variable.shape))
        kernels = [v for v in model.trainable_variables if v.ndim > 1]
        sets.append([keras.ops.convert_to_numpy(v) for v in kernels])
        model.save_weights(tmp_path / f"{i}.weights.h5")
    second, first = (
        [relative_change(sets[i][j], sets[i + 1][j]) for i in (0, 1)] for j in (0, 1)
    )
    known = Recording.from_checkpoints(tmp_path, model)
    np.testing.assert_allclose(known.values().T, [second, first], rtol=1e-6)
    # By path: "first" before "second".
    alone = Recording.from_checkpoints(tmp_path)
    np.testing.assert_allclose(alone.values().T, [first, second], rtol=1e-6)
    # No optimizer in the files, and the numbers in their names.
    assert alone.steps.tolist() == alone.epochs.tolist() == [1, 2]


def test_low_precision_and_zeros(tmp_path):
    before, now = np.array([[0.5, -2.0, 1.0]]), np.array([[0.75, -2.0, 1.0]])
    keras.config.set_dtype_policy("bfloat16")
    try:
        model = keras.Sequential([layers.Input((1,)), layers.Dense(3)])
    finally:
        keras.config.set_dtype_policy("float32")
    for i, kernel in enumerate((before, now)):
        model.set_weights([kernel, np.zeros(3)])
        model.save_weights(tmp_path / f"{i}.weights.h5")
    found = Recording.from_checkpoints(tmp_path, watch="all")
    assert found.values()[0, 0] == np.float32(0.25 / 3.5)
    assert found.flags().tolist() == [[Flag.OK, Flag.ZERO_DENOMINATOR]]


def test_no_more_than_one_checkpoint_and_a_tensor_are_in_memory(tmp_path):
    tensors, size = 8, 1_000_000
    for i in range(4):
        with h5py.File(tmp_path / f"{i}.weights.h5", "w") as file:
            for j in range(tensors):
                group = file.create_group(f"layers/dense_{j}/vars")
                group["0"] = np.full((1000, size // 1000), i + 1, np.float32)
    code = (
        "import resource, sys; from tfrwc import Recording; "
        "import tfrwc.recording.checkpoints; "
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024; "
        "before = peak(); "
        f"r = Recording.from_checkpoints({str(tmp_path)!r}); "
        "assert r.values()[:, 0].tolist() == [1.0, 0.5, r.values()[2, 0]]; "
        "print(peak() - before)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    # A checkpoint has 32 MB; half a one more is for buffers of the libraries.
    assert int(done.stdout) < 1.5 * tensors * size * 4


def test_mistakes_are_named(training, tmp_path):
    folder, model, _ = training
    files = sorted((folder / "h5").iterdir())
    with pytest.raises(FileNotFoundError, match="no folder of checkpoints"):
        Recording.from_checkpoints(tmp_path / "nothing")
    with pytest.raises(FileNotFoundError, match=r"no checkpoint .*x\.keras"):
        Recording.from_checkpoints([tmp_path / "x.keras", *files])
    with pytest.raises(ValueError, match=r"Found: none\..*without subfolders"):
        Recording.from_checkpoints(tmp_path)
    with pytest.raises(ValueError, match="is one file"):
        Recording.from_checkpoints(files[0])
    with pytest.raises(ValueError, match=r"step 2 .*Sort|step 22 .*before .*step 4"):
        Recording.from_checkpoints(files)  # sorted as text
    files.sort(key=lambda path: int(path.name.split("-")[1].split(".")[0]))
    with pytest.raises(ValueError, match="two checkpoints"):
        Recording.from_checkpoints(files[:1])
    with pytest.raises(ValueError, match=r"\.weights\.h5 or \.keras.*other\.h5"):
        Recording.from_checkpoints([*files, tmp_path / "other.h5"])
    with pytest.raises(ValueError, match="what is trained"):
        Recording.from_checkpoints(files, watch="trainable")
    with pytest.raises(ValueError, match="selects none of the"):
        Recording.from_checkpoints(files, watch="no such path")
    with pytest.raises(ValueError, match="one or more of"):
        Recording.from_checkpoints(files, measures="l3")
    with pytest.raises(ValueError, match="'previous', 'initial'"):
        Recording.from_checkpoints(files, reference="first")
    cut = tmp_path / "cut.weights.h5"
    cut.write_bytes(files[0].read_bytes()[:3000])
    with pytest.raises(ValueError, match=r"cut\.weights\.h5 is not a readable"):
        Recording.from_checkpoints([*files, cut])
    cut = tmp_path / "cut.keras"
    cut.write_bytes(next((folder / "keras").iterdir()).read_bytes()[:3000])
    with pytest.raises(ValueError, match=r"cut\.keras is not a readable"):
        Recording.from_checkpoints([cut, cut])
    other = tmp_path / "other.weights.h5"
    small = keras.Sequential([layers.Input((2,)), layers.Dense(2)])
    small.save_weights(other)
    with pytest.raises(ValueError, match=r"other\.weights\.h5 holds other tensors"):
        Recording.from_checkpoints([*files, other])
    before = model.get_weights()
    with pytest.raises(ValueError, match="could not be loaded into model"):
        Recording.from_checkpoints([*files, other], model)
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def adversaries():
    """A critic that is compiled by itself, and is in the network of a generator."""
    keras.utils.set_random_seed(0)
    critic = keras.Sequential([layers.Input((3,)), layers.Dense(4), layers.Dense(1)])
    critic.compile(keras.optimizers.Adam(0.01), "mse")
    noise = layers.Input((2,))
    both = keras.Model(noise, layers.Dense(2)(critic(layers.Dense(3)(noise))))
    rate = keras.optimizers.schedules.ExponentialDecay(0.01, 10, 0.5)
    both.pretraining = {"a": keras.optimizers.Nadam(rate, name="of_its_own")}
    both.compile("adam", "mse")
    return critic, both


@pytest.mark.parametrize("suffix", [".keras", ".weights.h5"])
def test_what_optimizers_of_parts_keep_is_no_weight(suffix, tmp_path):
    critic, both = adversaries()
    both.pretraining["a"].build(both.trainable_variables)
    rng = np.random.default_rng(0)
    kernels = [v for v in both.trainable_variables if v.ndim > 1]
    states = []
    for epoch in range(3):
        critic.train_on_batch(rng.normal(size=(4, 3)), np.ones((4, 1)))
        both.train_on_batch(rng.normal(size=(4, 2)), np.ones((4, 2)))
        states.append([keras.ops.convert_to_numpy(v).copy() for v in kernels])
        path = tmp_path / f"ep{epoch}{suffix}"
        (both.save if suffix == ".keras" else both.save_weights)(path)
    expected = [[*map(relative_change, *pair)] for pair in itertools.pairwise(states)]
    found = Recording.from_checkpoints(tmp_path)
    np.testing.assert_allclose(np.sort(found.values()), np.sort(expected), rtol=1e-5)
    if suffix == ".keras":
        assert found.layers["depth"].tolist() == [0, 1, 2, 3]
    every = Recording.from_checkpoints(tmp_path, watch="all")
    assert len(every.layers) == 2 * len(kernels)


def test_a_count_of_updates_below_zero_is_damage(training, tmp_path):
    for epoch in (1, 2):
        path = tmp_path / f"{epoch}.weights.h5"
        shutil.copyfile(training[0] / "h5" / f"run3-{epoch}.weights.h5", path)
    with h5py.File(path, "r+") as file:
        file["optimizer/vars/0"][()] = -5
    with pytest.raises(ValueError, match=r"2\.weights\.h5 .*-5 is no whole number"):
        Recording.from_checkpoints(tmp_path)
