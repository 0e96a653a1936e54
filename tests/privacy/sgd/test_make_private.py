"""Private training: equal to plain training without noise, and as noisy as it says."""

import time

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from scipy import stats

from tfrwc import RWCCallback
from tfrwc.privacy import make_private, poisson_batches

N, BATCH = 64, 16


def dense():
    hidden = [layers.Flatten(), layers.Dense(8, "tanh")]
    return keras.Sequential([layers.Input((6, 6, 1)), *hidden, layers.Dense(3)])


def convolutional():
    inputs = x = layers.Input((6, 6, 1))
    for filters, strides in ((4, 1), (8, 2)):
        x = layers.Conv2D(filters, 3, strides, "same", kernel_regularizer="l2")(x)
        x = layers.ReLU()(layers.GroupNormalization(2)(x))
    skip = layers.Conv2D(8, 1, 2, "same")(inputs)
    x = layers.GlobalAveragePooling2D()(layers.Add()([x, skip]))
    return keras.Model(inputs, layers.Dense(3)(x))


@keras.saving.register_keras_serializable("tests")
class Attentive(keras.Model):
    """A subclassed model that is built by its first call."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.embed = layers.Dense(8)
        self.attention = layers.MultiHeadAttention(2, 4)
        self.norm = layers.LayerNormalization()
        self.out = layers.Dense(3)

    def call(self, x):
        x = self.embed(x[..., 0])
        x = self.norm(x + self.attention(x, x))
        return self.out(keras.ops.mean(x, axis=1))


MODELS = {"dense": dense, "convolutional": convolutional, "subclassed": Attentive}


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(N, 6, 6, 1)).astype(np.float32)
    return x, rng.integers(0, 3, N)


def loss():
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def private(model, **options):
    given = {"noise_multiplier": 1.0, "batch_size": BATCH, "train_size": N}
    return make_private(model, **(given | options))


def without_noise(model, **options):
    return private(model, noise_multiplier=0.0, clip=np.inf, **options)


def copies(name):
    """Two models with the same weights."""
    keras.utils.set_random_seed(1)
    models = [MODELS[name]() for _ in range(2)]
    for model in models:
        model(np.zeros((1, 6, 6, 1), np.float32))
    models[1].set_weights(models[0].get_weights())
    return models


def largest_difference(one, other):
    pairs = zip(one.get_weights(), other.get_weights(), strict=True)
    return max(np.abs(a - b).max() for a, b in pairs)


@pytest.mark.parametrize("physical", [None, 6], ids=["whole", "in parts"])
@pytest.mark.parametrize("name", MODELS)
def test_without_noise_it_is_plain_training(name, physical, data):
    plain, other = copies(name)
    model = without_noise(other, physical_batch_size=physical)
    histories = []
    for m in (plain, model):
        m.compile(keras.optimizers.SGD(0.1, momentum=0.9), loss(), metrics=["accuracy"])
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
        m.compile("adam", loss())
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
        m.compile("sgd", {"p": loss(), "q": "mse"}, loss_weights={"p": 1.0, "q": 0.3})
        history = m.fit(x, y, BATCH, 2, shuffle=False, verbose=0).history
    assert largest_difference(plain, other) < 1e-5
    assert history["q_loss"][0] > 0


def test_noise_has_the_stated_deviation(data):
    # Targets that the model meets exactly: gradients are 0, and a step is noise alone.
    # 10 seeds, each a chi-squared test at 1e-4: false alarms in 1e-3 of runs.
    model = keras.Sequential([layers.Input((4,)), layers.Dense(500, use_bias=False)])
    x, y = np.zeros((N, 4), np.float32), np.zeros((N, 500), np.float32)
    steps = []
    for seed in range(10):
        noisy = private(model, noise_multiplier=1.7, clip=0.3, insecure_seed=seed)
        noisy.compile(keras.optimizers.SGD(1.0), "mse")
        before = model.get_weights()[0]
        noisy.train_on_batch(x[:BATCH], y[:BATCH])
        step = (model.get_weights()[0] - before).ravel() / (1.7 * 0.3 / BATCH)
        low, high = stats.chi2.ppf([0.5e-4, 1 - 0.5e-4], step.size)
        assert low < (step**2).sum() < high
        steps.append(step)
    correlations = np.corrcoef(steps) - np.eye(10)
    assert np.abs(correlations).max() < 6 / np.sqrt(steps[0].size)


def test_noise_does_not_follow_global_seeds_and_is_never_drawn_twice():
    model = keras.Sequential([layers.Input((2,)), layers.Dense(50, use_bias=False)])
    x, y = np.zeros((BATCH, 2), np.float32), np.zeros((BATCH, 50), np.float32)
    seen = []
    for _ in range(2):
        keras.utils.set_random_seed(0)
        noisy = private(model)
        noisy.compile(keras.optimizers.SGD(1.0), "mse")
        start = noisy.get_weights()
        for _ in range(2):
            noisy.set_weights(start)  # with the count of steps
            before = model.get_weights()[0]
            noisy.train_on_batch(x, y)
            seen.append((model.get_weights()[0] - before).ravel())
    assert np.abs(np.corrcoef(seen) - np.eye(4)).max() < 0.6


def test_clipping_bounds_a_step(data):
    _, other = copies("dense")
    model = private(other, noise_multiplier=1e-9, clip=0.01)
    model.compile(keras.optimizers.SGD(1.0), loss())
    before = other.get_weights()
    model.train_on_batch(data[0][:BATCH] * 100, data[1][:BATCH])
    moved = [a - b for a, b in zip(other.get_weights(), before, strict=True)]
    assert np.sqrt(sum((m**2).sum() for m in moved)) <= 0.01 * (1 + 1e-4)


def test_a_ragged_batch_is_divided_by_the_nominal_size(data):
    moved = []
    for rows in (4, 1):
        _, other = copies("dense")
        model = private(other, noise_multiplier=1e-9, clip=1e-3)
        model.compile(keras.optimizers.SGD(1.0), loss())
        before = other.get_weights()
        x, y = (np.repeat(part[:1], rows, axis=0) for part in data)
        model.train_on_batch(x, y)
        moved.append(other.get_weights()[0] - before[0])
    np.testing.assert_allclose(moved[0], 4 * moved[1], rtol=1e-2, atol=1e-7)


def test_the_account_goes_on_after_a_checkpoint(data, tmp_path):
    def make(**options):
        model = private(
            dense(), epsilon=4.0, noise_multiplier=None, epochs=3, **options
        )
        model.compile("adam", loss())
        model.optimizer.build(model.trainable_variables)
        return model

    model = make()
    model.fit(*data, epochs=2, verbose=0)
    spent = model.privacy_spent()
    assert 0 < spent.epsilon < 4
    model.save_weights(tmp_path / "private.weights.h5")

    resumed = make()
    resumed.load_weights(tmp_path / "private.weights.h5")
    assert resumed.privacy_spent() == spent
    resumed.fit(*data, epochs=3, initial_epoch=2, verbose=0)
    assert resumed.privacy_spent().epsilon == pytest.approx(4.0, rel=1e-3)
    with pytest.raises(ValueError, match="lasts for 12 steps"):
        resumed.fit(*data, verbose=0)
    with pytest.raises(ValueError, match="lasts for 12 steps"):
        resumed.train_on_batch(data[0][:BATCH], data[1][:BATCH])

    other = make(delta=1e-9)
    other.load_weights(tmp_path / "private.weights.h5")
    with pytest.raises(ValueError, match="Give make_private the same noise_multiplier"):
        other.privacy_spent()


def test_backup_and_restore_keeps_the_account(data, tmp_path):
    class Stop(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                raise KeyboardInterrupt

    for stop in ([Stop()], []):
        model = private(dense())
        model.compile("adam", loss())
        backup = keras.callbacks.BackupAndRestore(tmp_path / "backup")
        try:
            model.fit(*data, epochs=3, callbacks=[backup, *stop], verbose=0)
        except KeyboardInterrupt:
            assert model.steps == 8
    assert model.steps == 12


def test_a_saved_model_comes_back(data, tmp_path):
    model = private(convolutional())
    model.compile("adam", loss(), metrics=["accuracy"])
    model.fit(*data, verbose=0)
    model.save(tmp_path / "private.keras")
    loaded = keras.saving.load_model(tmp_path / "private.keras")
    assert loaded.privacy_spent() == model.privacy_spent()
    assert largest_difference(loaded, model) == 0
    loaded.fit(*data, verbose=0)
    assert loaded.steps == 8
    loaded.model.save(tmp_path / "published.keras")
    published = keras.saving.load_model(tmp_path / "published.keras")
    np.testing.assert_array_equal(published(data[0]), loaded(data[0]))


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
        m.compile(
            keras.optimizers.SGD(rate, use_ema=True, ema_overwrite_frequency=3), loss()
        )
        m.fit(*data, batch_size=BATCH, epochs=2, shuffle=False, verbose=0)
    assert largest_difference(plain, other) < 1e-5


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
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


def test_poisson_batches(data):
    batches = poisson_batches(*data, batch_size=BATCH, insecure_seed=0)
    assert len(batches) == 4
    sizes = [len(batches[i][0]) for i in range(400)]
    # Mean of 400 binomial sizes: 5 deviations, a false alarm in 6e-7 of seeds.
    rate = BATCH / N
    assert abs(np.mean(sizes) - BATCH) < 5 * np.sqrt(N * rate * (1 - rate) / 400)
    assert np.var(sizes) == pytest.approx(N * rate * (1 - rate), rel=0.4)
    x, y, weight = batches[0]
    assert (weight == 1).all()
    rows = [int(np.flatnonzero((data[0] == row).all((1, 2, 3)))[0]) for row in x]
    np.testing.assert_array_equal(data[1][rows], y)
    assert len(set(rows)) == len(rows)


def test_poisson_batches_of_a_tf_data_set(data):
    examples = tf.data.Dataset.from_tensor_slices(data)
    batches = poisson_batches(examples, batch_size=BATCH)
    assert batches.train_size == N
    x, _, _ = batches[0]
    assert x.shape[1:] == (6, 6, 1)
    with pytest.raises(ValueError, match="infinite"):
        poisson_batches(examples.repeat(), batch_size=BATCH)


def test_the_statement_knows_how_batches_were_drawn(data):
    model = private(dense())
    model.compile("sgd", loss())
    batches = poisson_batches(*data, batch_size=BATCH)
    model.fit(batches, epochs=2, verbose=0)
    assert model.steps == 8
    assert model.statement().sampling == "poisson"
    model.fit(*data, verbose=0)
    statement = model.statement(images_per_patient=3)
    assert statement.sampling == "fixed"
    assert statement.steps == 12
    assert statement.epsilon == model.privacy_spent().epsilon
    assert statement.patient_epsilon > statement.epsilon
    text = statement.explain()
    assert "This assumes that shuffled batches" in text
    assert "All 3 images of a patient" in text
    assert 0 < statement.largest_advantage < 1


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
