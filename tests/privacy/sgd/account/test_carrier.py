"""The account in files of trained models, read as by another process."""

import gc

import keras
import numpy as np
import pytest
from keras import layers
from privacy.sgd.models import BATCH, N, convolutional, dense, loss, private

from tfrwc.privacy.sgd.account import lineage
from tfrwc.privacy.sgd.account.lineage import OTHER_PARTS, OTHER_WEIGHTS
from tfrwc.privacy.sgd.private_model import IN_HALF

pytestmark = pytest.mark.usefixtures("unasked")


def mixed():
    with_policy = layers.Dense(4, dtype="mixed_bfloat16")
    inner = keras.Sequential([layers.Input((6, 6, 1)), layers.Flatten(), with_policy])
    return keras.Sequential([inner, layers.Dense(3)])


@pytest.fixture
def another_process(monkeypatch):
    """Forgets what this one knows of weights and runs."""

    def forget():
        monkeypatch.setattr(lineage, "_OF_VALUES", {})
        monkeypatch.setattr(lineage, "_OF_LAYERS", type(lineage._OF_LAYERS)())
        lineage.TALLIES.clear()

    return forget


def wrapped(model):
    result = private(model)
    result.compile("sgd", loss())
    return result


@pytest.mark.parametrize("make", [dense, convolutional, mixed])
def test_the_account_comes_with_the_file(make, data, tmp_path, another_process):
    model = make()
    model.save(tmp_path / "before.keras")
    one = wrapped(model)
    one.fit(*data, epochs=2, verbose=0)
    spent = one.privacy_spent()
    model.save(tmp_path / "model.keras")
    model.save_weights(tmp_path / "model.weights.h5")
    another_process()
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert len(loaded.weights) == len(model.weights)
    assert [w.dtype for w in loaded.weights] == [w.dtype for w in model.weights]
    np.testing.assert_array_equal(loaded(data[0]), model(data[0]))
    other = wrapped(loaded)
    assert other.privacy_spent() == spent
    other.fit(*data, verbose=0)
    assert other.steps == 12
    assert other.statement().rests_on == ((IN_HALF,) if make is mixed else ())
    loaded.save(tmp_path / "again.keras")
    another_process()
    last = wrapped(keras.saving.load_model(tmp_path / "again.keras"))
    assert last.steps == 12


@keras.saving.register_keras_serializable("tests")
class Bare(layers.Layer):
    """A layer of a user, that says in its file what it needs and no more."""

    def __init__(self, units):
        super().__init__()
        self.units = units
        self.inner = layers.Dense(units)

    def build(self, shape):
        self.inner.build(shape)

    def call(self, x):
        return self.inner(x)

    def get_config(self):
        return {"units": self.units}


FIRST = {
    "of a user": lambda: [layers.Flatten(), Bare(4)],
    "of two directions": lambda: [
        layers.Reshape((6, 6)),
        layers.Bidirectional(layers.SimpleRNN(2)),
    ],
    "in a wrapper": lambda: [
        layers.Reshape((6, 6)),
        layers.TimeDistributed(layers.Dense(2)),
        layers.Flatten(),
    ],
    "frozen": lambda: [layers.Flatten(), layers.Dense(4, trainable=False)],
}


@pytest.mark.filterwarnings("ignore:Layer .* has no rule:RuntimeWarning")
@pytest.mark.parametrize("name", FIRST)
def test_the_account_is_in_a_layer_that_the_file_has(
    name, data, tmp_path, another_process
):
    parts = [layers.Input((6, 6, 1)), *FIRST[name](), layers.Dense(3)]
    model = keras.Sequential(parts)
    wrapped(model).fit(*data, verbose=0)
    model.save(tmp_path / "model.keras")
    another_process()
    other = wrapped(keras.saving.load_model(tmp_path / "model.keras"))
    assert other.steps == 4
    assert other.statement().rests_on == ()


def with_a_new_head(model):
    return keras.Sequential(
        [layers.Input((6, 6, 1)), *model.layers[:-1], layers.Dense(3)]
    )


def with_lora(model):
    model.layers[1].enable_lora(1)
    return model


@pytest.mark.parametrize("changed", [with_a_new_head, with_lora])
def test_a_part_of_what_was_loaded_brings_its_account(
    changed, data, tmp_path, another_process
):
    model = dense()
    wrapped(model).fit(*data, verbose=0)
    model.save(tmp_path / "model.keras")
    another_process()
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    other = wrapped(changed(loaded))
    assert other.steps == 4
    assert OTHER_PARTS in other.statement().rests_on


def test_a_second_model_of_the_same_layers_has_its_own_account(
    data, tmp_path, another_process
):
    model = dense()
    wrapped(model).fit(*data, verbose=0)
    other = with_a_new_head(model)
    del model
    gc.collect()
    wrapped(other).fit(*data, verbose=0)
    other.save(tmp_path / "model.keras")
    another_process()
    last = wrapped(keras.saving.load_model(tmp_path / "model.keras"))
    assert last.steps == 8
    assert last.statement().rests_on == ()


def test_the_accounts_of_several_files_add_up(data, tmp_path, another_process):
    paths = [tmp_path / f"{i}.keras" for i in range(2)]
    for path in paths:
        model = dense()
        wrapped(model).fit(*data, verbose=0)
        model.save(path)
    another_process()
    inputs = layers.Input((6, 6, 1))
    outputs = [keras.saving.load_model(path)(inputs) for path in paths]
    assert wrapped(keras.Model(inputs, layers.Add()(outputs))).steps == 8


def test_the_model_in_one_with_weights_of_elsewhere_brings_their_account(
    data, another_process
):
    one = wrapped(dense())
    one.fit(*data, verbose=0)
    weights = one.get_weights()
    another_process()
    other = wrapped(dense())
    other.set_weights(weights)
    assert wrapped(other.model).steps == 4


def test_the_model_in_a_file_of_a_private_one_brings_its_account(
    data, tmp_path, another_process
):
    one = wrapped(dense())
    one.fit(*data, verbose=0)
    one.save(tmp_path / "private.keras")
    another_process()
    model = keras.saving.load_model(tmp_path / "private.keras").model
    gc.collect()
    model.save(tmp_path / "model.keras")
    another_process()
    assert wrapped(keras.saving.load_model(tmp_path / "model.keras")).steps == 4


def test_a_copy_with_other_weights_says_so(data, tmp_path, another_process):
    one = wrapped(dense())
    one.fit(*data, verbose=0)
    another_process()
    assert wrapped(keras.models.clone_model(one.model)).steps == 0
    one = wrapped(dense())
    one.fit(*data, verbose=0)
    clone = wrapped(keras.models.clone_model(one.model))
    assert clone.steps == 0
    assert OTHER_WEIGHTS in clone.statement().rests_on


def test_models_that_were_not_trained_privately_say_nothing(tmp_path):
    model = dense()
    before = model.to_json()
    assert private(model, batch_size=BATCH, train_size=N).steps == 0
    assert model.to_json() == before


def test_the_file_of_a_private_model_has_its_own_account_alone(
    data, tmp_path, another_process
):
    before = dense()
    wrapped(before).fit(*data, verbose=0)
    before.save(tmp_path / "before.keras")
    another_process()
    model = wrapped(keras.saving.load_model(tmp_path / "before.keras"))
    model.fit(*data, verbose=0)
    model.save(tmp_path / "private.keras")
    steps = model.steps
    assert steps == 8
    another_process()
    loaded = keras.saving.load_model(tmp_path / "private.keras")
    assert loaded.steps == steps
    assert OTHER_WEIGHTS not in loaded.statement().rests_on
