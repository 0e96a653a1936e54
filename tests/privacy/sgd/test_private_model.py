"""Private models: equal to plain training without noise, saved, compiled, recorded."""

import time
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import slow_but
from keras import layers
from privacy.sgd.models import (
    BATCH,
    MODELS,
    Attentive,
    N,
    convolutional,
    copies,
    largest_difference,
    loss,
    private,
    without_noise,
)

from tfrwc import RWCCallback
from tfrwc.privacy import poisson_batches
from tfrwc.privacy.sgd.settings import CalibratedSettings

pytestmark = pytest.mark.usefixtures("unasked")

EARLIER = Path(__file__).parent / "saved_private_model.keras"


@pytest.mark.parametrize("physical", [None, 6], ids=["whole", "in parts"])
@pytest.mark.parametrize("name", MODELS)
def test_without_noise_it_is_plain_training(name, physical, data):
    plain, other = copies(name)
    model = without_noise(other, physical_batch_size=physical)
    histories = []
    for m in (plain, model):
        optimizer = keras.optimizers.SGD(0.1, momentum=0.9)
        m.compile(optimizer, loss(), metrics=["accuracy"], jit_compile=False)
        histories.append(
            m.fit(*data, batch_size=BATCH, epochs=5, shuffle=False, verbose=0).history
        )
    assert model.steps == 20
    assert largest_difference(plain, other) < 2e-5
    for key, values in histories[0].items():
        np.testing.assert_allclose(histories[1][key], values, rtol=1e-4)


def test_weights_of_examples_classes_and_a_ragged_batch(data):
    x, y = data[0][:50], data[1][:50]
    weights = np.random.default_rng(1).uniform(0, 2, 50)
    plain, other = copies("dense")
    model = without_noise(other, train_size=50)
    for m in (plain, model):
        m.compile("adam", loss(), jit_compile=False)
        m.fit(x, y, BATCH, 2, sample_weight=weights, shuffle=False, verbose=0)
        m.fit(
            x,
            y,
            BATCH,
            2,
            class_weight={0: 2.0, 1: 0.5, 2: 1},
            shuffle=False,
            verbose=0,
        )
    assert model.steps == 16
    assert largest_difference(plain, other) < 2e-5


def test_class_weights_of_poisson_batches(data):
    """All examples are in each batch, so that it is plain training."""
    plain, other = copies("dense")
    model = without_noise(other, batch_size=N)
    batches = poisson_batches(*data, batch_size=N)
    for m, fitted in ((plain, (*data, N)), (model, (batches,))):
        m.compile("sgd", loss(), jit_compile=False)
        m.fit(*fitted, class_weight={0: 3.0, 1: 0.5}, shuffle=False, verbose=0)
    assert model.steps == 1
    assert largest_difference(plain, other) < 1e-5


def test_several_inputs_and_outputs(data):
    def build():
        a, b = layers.Input((6, 6, 1), name="a"), layers.Input((2,), name="b")
        x = layers.Concatenate()([layers.Flatten()(a), b])
        outputs = {"p": layers.Dense(3, name="p")(x), "q": layers.Dense(1, name="q")(x)}
        return keras.Model({"a": a, "b": b}, outputs)

    x = {"a": data[0], "b": data[0][:, :2, 0, 0]}
    y = {"p": data[1], "q": data[0][:, 3, 3]}
    plain, other = build(), build()
    other.set_weights(plain.get_weights())
    model = without_noise(other)
    for m in (plain, model):
        losses, shares = {"p": loss(), "q": "mse"}, {"p": 1.0, "q": 0.3}
        m.compile("sgd", losses, loss_weights=shares, jit_compile=False)
        history = m.fit(x, y, BATCH, 2, shuffle=False, verbose=0).history
    assert largest_difference(plain, other) < 1e-5
    assert history["q_loss"][0] > 0


def test_clipping_bounds_a_step(data):
    _, other = copies("dense")
    model = private(other, noise_multiplier=1e-9, clip=0.01)
    model.compile(keras.optimizers.SGD(1.0), loss())
    before = other.get_weights()
    model.train_on_batch(data[0][:BATCH] * 100, data[1][:BATCH])
    moved = [a - b for a, b in zip(other.get_weights(), before, strict=True)]
    assert np.sqrt(sum((m**2).sum() for m in moved)) <= 0.01 * (1 + 1e-4)


def test_a_saved_model_comes_back(data, tmp_path):
    model = private(convolutional())
    model.compile("adam", loss(), metrics=["accuracy"])
    model.fit(*data, verbose=0)
    model.save(tmp_path / "private.keras")
    loaded = keras.saving.load_model(tmp_path / "private.keras")
    assert loaded.privacy_spent() == model.privacy_spent()
    assert largest_difference(loaded.model, model.model) == 0
    loaded.fit(*data, verbose=0)
    assert loaded.steps == 8
    loaded.model.save(tmp_path / "published.keras")
    published = keras.saving.load_model(tmp_path / "published.keras")
    np.testing.assert_array_equal(published(data[0]), loaded(data[0]))


@pytest.mark.skipif(
    keras.__version__ < "3.13",
    reason="it was saved by a Keras that this one cannot read",
)
def test_a_file_of_an_earlier_version_comes_back():
    """It was saved after two of the four epochs that its budget is for."""
    loaded = keras.saving.load_model(EARLIER)
    assert loaded.steps == 8
    spent = pytest.approx((2.067859978882898, 0.003125), rel=1e-5)
    assert loaded.privacy_spent() == spent
    assert loaded.settings == CalibratedSettings(
        train_size=32,
        batch_size=8,
        epochs=4,
        epsilon=3.0,
        noise_multiplier=1.2046225192690416,
        delta=0.003125,
        clip=0.5,
        physical_batch_size=4,
        augmentation_multiplicity=2,
        insecure_seed=5,
    )
    assert isinstance(loaded.augmentation, layers.RandomFlip)
    outputs = loaded(np.ones((1, 4, 4, 1), np.float32))
    np.testing.assert_allclose(outputs, [[-0.20651309, -1.1238753]], rtol=1e-5)
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(32, 4, 4, 1)), rng.integers(0, 2, 32)
    loaded.fit(x, y, epochs=2, verbose=0)
    assert loaded.privacy_spent().epsilon == pytest.approx(3.0, rel=1e-3)
    with pytest.raises(ValueError, match="lasts for 16 steps"):
        loaded.fit(x, y, verbose=0)


def test_records_change_of_layers(data):
    callback = RWCCallback(every=2)
    model = private(convolutional())
    model.compile("sgd", loss())
    model.fit(*data, epochs=2, callbacks=[callback], verbose=0)
    recording = callback.recording
    assert recording.values("l1_ratio").shape == (4, 4)
    assert (recording.values("l1_ratio") > 0).all()
    assert recording.steps.tolist() == [2, 4, 6, 8]


def test_learning_rate_schedule_and_averaged_weights(data):
    plain, other = copies("dense")
    model = without_noise(other)
    for m in (plain, model):
        rate = keras.optimizers.schedules.ExponentialDecay(0.1, 2, 0.5)
        options = {"use_ema": True, "ema_overwrite_frequency": 3}
        m.compile(keras.optimizers.SGD(rate, **options), loss(), jit_compile=False)
        m.fit(*data, batch_size=BATCH, epochs=2, shuffle=False, verbose=0)
    assert largest_difference(plain, other) < 1e-5


@pytest.mark.parametrize(
    "policy", slow_but(["mixed_float16"], ["mixed_bfloat16", "mixed_float16"])
)
def test_mixed_precision_is_near_single(policy, data):
    moved = []
    for dtype in ("float32", policy):
        keras.utils.set_random_seed(1)
        keras.config.set_dtype_policy(dtype)
        try:
            other = convolutional()
        finally:
            keras.config.set_dtype_policy("float32")
        model = private(other, noise_multiplier=1e-9, clip=0.5)
        model.compile(keras.optimizers.SGD(0.1), loss())
        before = other.get_weights()
        model.fit(*data, shuffle=False, verbose=0)
        assert {v.dtype for v in other.trainable_variables} == {"float32"}
        moved.append(
            np.concatenate(
                [
                    (a - b).ravel()
                    for a, b in zip(other.get_weights(), before, strict=True)
                ]
            )
        )
    error = np.linalg.norm(moved[1] - moved[0]) / np.linalg.norm(moved[0])
    assert error < 0.1


def test_xla_gives_the_same(data):
    plain, other = copies("dense")
    model = without_noise(other)
    for m, jit in ((plain, False), (model, True)):
        m.compile("sgd", loss(), jit_compile=jit)
        m.fit(*data, batch_size=BATCH, shuffle=False, verbose=0)
    assert largest_difference(plain, other) < 1e-5


def test_xla_compiles_once(data):
    model = private(convolutional())
    model.compile("sgd", loss(), jit_compile=True)
    ends = [time.perf_counter()]
    timer = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: ends.append(time.perf_counter())
    )
    model.fit(*data, epochs=2, verbose=0, callbacks=[timer])
    first, *others = np.diff(ends)
    assert len(others) == 7
    # Each took as long as the first if it was compiled anew.
    assert sum(others) < first


def test_steps_without_any_example_are_noise(data):
    batches = poisson_batches(*data, batch_size=1, insecure_seed=0)
    model = private(convolutional(), batch_size=1)
    model.compile("sgd", loss())
    model.fit(batches, verbose=0)
    assert min(batches[i][2].max() for i in range(40)) == 0
    assert model.steps == N
    assert all(np.isfinite(w).all() for w in model.get_weights())


@pytest.mark.parametrize(
    "make", [Attentive, lambda: keras.Sequential([layers.Flatten(), layers.Dense(3)])]
)
def test_models_that_are_built_by_their_first_batch(make, data):
    callback = RWCCallback()
    model = private(make())
    model.compile("adam", loss())
    model.fit(*data, callbacks=[callback], verbose=0)
    assert model.steps == 4
    # Biases start at 0, relative to which nothing can be said.
    assert np.nanmin(callback.recording.values("l1_ratio")) > 0


def test_dropout_and_eager_steps(data):
    hidden = [layers.Flatten(), layers.Dense(8), layers.Dropout(0.5)]
    model = private(keras.Sequential([*hidden, layers.Dense(3)]))
    model.compile("adam", loss(), run_eagerly=True)
    model.fit(*data, verbose=0)
    assert model.steps == 4


@pytest.mark.filterwarnings("ignore:Layer .* has no rule:RuntimeWarning")
@pytest.mark.filterwarnings("ignore:Your input ran out of data")
def test_texts_of_any_length():
    def texts():
        for i in range(N):
            yield np.full(3 + i % 5, i % 7), i % 3

    words = tf.TensorSpec((None,), tf.int32), tf.TensorSpec((), tf.int32)
    batches = tf.data.Dataset.from_generator(texts, output_signature=words)
    hidden = [layers.Embedding(7, 4), layers.Dense(4, "relu")]
    ends = [layers.GlobalAveragePooling1D(), layers.Dense(3)]
    model = keras.Sequential([layers.Input((None,), dtype="int32"), *hidden, *ends])
    model = private(model)
    model.compile("sgd", loss())
    model.fit(batches.padded_batch(BATCH), shuffle=False, verbose=0)
    assert model.steps == N // BATCH


@pytest.mark.parametrize("metrics", [None, ["accuracy"]])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_a_step_is_traced_once(optimizer, metrics, data, monkeypatch):
    model = private(MODELS["dense"]())
    traces, step = [], type(model).train_step

    def counted(self, batch):
        traces.append(tf.executing_eagerly())
        return step(self, batch)

    monkeypatch.setattr(type(model), "train_step", counted)
    model.compile(optimizer, loss(), metrics=metrics)
    history = model.fit(*data, epochs=2, verbose=0).history
    assert traces == [False]
    assert set(history) == {"loss", *(metrics or [])}


class CountsCalls(layers.Layer):
    """Counts the calls that are no training."""

    def build(self, shape):
        self.calls = self.add_weight(name="calls", trainable=False)

    def call(self, x, training=False):
        if not training:
            self.calls.assign_add(1.0)
        return x


def test_metrics_are_made_without_a_trace_in_the_model(data):
    counter = CountsCalls()
    parts = [layers.Input((6, 6, 1)), counter, layers.Flatten(), layers.Dense(3)]
    model = private(keras.Sequential(parts))
    model.compile("sgd", loss(), metrics=["accuracy"])
    before = float(counter.calls)
    model.fit(*data, verbose=0)
    assert float(counter.calls) == before
