"""The account in files of trained models, read as by another process."""

import keras
import numpy as np
import pytest
from keras import layers
from privacy.sgd.models import BATCH, N, convolutional, dense, loss, private

from tfrwc.privacy.sgd.account import lineage
from tfrwc.privacy.sgd.account.lineage import OTHER_WEIGHTS
from tfrwc.privacy.sgd.private_model import IN_HALF


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
    model = private(dense(), noise_multiplier=1.0)
    model.compile("sgd", loss())
    model.fit(*data, verbose=0)
    model.save(tmp_path / "private.keras")
    steps = model.steps
    another_process()
    loaded = keras.saving.load_model(tmp_path / "private.keras")
    assert loaded.steps == steps
    assert OTHER_WEIGHTS not in loaded.statement().rests_on
