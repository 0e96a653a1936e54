"""Augmented views of an example in private training, clipped as one."""

import keras
import numpy as np
import pytest
from keras import layers

from tfrwc.privacy import make_private, poisson_batches

N, BATCH = 32, 8
RNG = np.random.default_rng(0)
X = RNG.normal(size=(N, 6, 6, 1)).astype(np.float32)
Y = RNG.integers(0, 2, N)


def network():
    keras.utils.set_random_seed(1)
    return keras.Sequential(
        [
            layers.Input((6, 6, 1)),
            layers.Conv2D(4, 3),
            layers.GroupNormalization(2),
            layers.Flatten(),
            layers.Dense(2),
        ]
    )


def private(**options):
    given = {"noise_multiplier": 1.0, "batch_size": BATCH, "train_size": N}
    model = make_private(network(), **(given | options))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.1), loss, metrics=["accuracy"])
    return model


def without_noise(**options):
    return private(noise_multiplier=0.0, clip=np.inf, **options)


def weights(model):
    return np.concatenate([w.ravel() for w in model.model.get_weights()])


@keras.saving.register_keras_serializable("tests")
class Shifted(layers.Layer):
    """Adds a number of its own to each row: no randomness to follow."""

    def call(self, x, training=None):
        if not training:
            return x
        count = keras.ops.shape(x)[0]
        shift = keras.ops.cast(keras.ops.arange(count) % 2, "float32")
        return x + keras.ops.reshape(shift, (-1, 1, 1, 1))


class Mixed(layers.Layer):
    """Mixes each example with the one before."""

    def call(self, x, training=None):
        return (x + keras.ops.roll(x, 1, axis=0)) / 2


@pytest.mark.parametrize("options", [{}, {"physical_batch_size": 3}])
@pytest.mark.usefixtures("unasked")
def test_without_noise_it_is_training_on_all_views(options):
    """Against Keras on a data set that has both views of each example."""
    model = without_noise(
        augmentation=Shifted(), augmentation_multiplicity=2, **options
    )
    model.fit(X, Y, shuffle=False, verbose=0)
    plain = network()
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    plain.compile(keras.optimizers.SGD(0.1), loss, jit_compile=False)
    both = np.repeat(X, 2, axis=0)
    both[1::2] += 1
    plain.fit(both, np.repeat(Y, 2), batch_size=2 * BATCH, shuffle=False, verbose=0)
    expected = np.concatenate([w.ravel() for w in plain.get_weights()])
    np.testing.assert_allclose(weights(model), expected, atol=1e-5)


@pytest.mark.usefixtures("unasked")
def test_views_are_drawn_for_each_step_and_only_in_training():
    model = private(
        augmentation=layers.RandomTranslation(0.3, 0.3, seed=0),
        augmentation_multiplicity=4,
    )
    before = model.predict(X, verbose=0)
    np.testing.assert_array_equal(model.predict(X, verbose=0), before)
    first, second = (
        np.asarray(model.augmentation(X[:1].repeat(4, 0), training=True))
        for _ in range(2)
    )
    assert len({view.tobytes() for view in (*first, *second)}) > 4
    model.fit(poisson_batches(X, Y, batch_size=BATCH), epochs=2, verbose=0)
    assert model.steps == 8
    alone = private()
    alone.fit(poisson_batches(X, Y, batch_size=BATCH), epochs=2, verbose=0)
    assert model.privacy_spent() == alone.privacy_spent()


@pytest.mark.usefixtures("unasked")
def test_what_views_add_stays_within_the_clip():
    moved = []
    for x in (X[:1], X[:1] * 0):
        model = private(
            noise_multiplier=1e-9,
            clip=0.01,
            batch_size=1,
            train_size=2,
            delta=0.01,
            augmentation=layers.RandomFlip(seed=0),
            augmentation_multiplicity=5,
        )
        before = weights(model)
        pair = np.concatenate([x, X[1:2]])
        model.fit(pair, Y[:2], steps_per_epoch=1, verbose=0)
        moved.append(weights(model) - before)
    for step in moved:
        assert np.linalg.norm(step) <= 0.1 * 0.01 * 1.001


@pytest.mark.usefixtures("unasked")
def test_it_is_saved_and_loaded(tmp_path):
    model = private(augmentation=layers.RandomFlip(), augmentation_multiplicity=3)
    model.fit(X, Y, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert isinstance(loaded.augmentation, layers.RandomFlip)
    assert loaded.augmentation_multiplicity == 3
    loaded.fit(X, Y, verbose=0)
    assert loaded.steps == 8


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"augmentation_multiplicity": 2}, ValueError, "all views .* are the same"),
        ({"augmentation_multiplicity": 0}, ValueError, "whole number of 1 or more"),
        ({"augmentation_multiplicity": 1.5}, ValueError, "whole number of 1 or more"),
        ({"augmentation": lambda x: x}, TypeError, "must be a Keras layer"),
    ],
)
def test_arguments(options, error, match):
    with pytest.raises(error, match=match):
        private(**options)


def test_weights_to_train_are_refused():
    augmentation = keras.Sequential([layers.Input((6, 6, 1)), layers.Conv2D(1, 1)])
    with pytest.raises(ValueError, match="has weights to train"):
        private(augmentation=augmentation)


@pytest.mark.parametrize("mixing", [Mixed(), layers.MixUp(), layers.CutMix()])
def test_mixing_is_refused(mixing):
    model = private(augmentation=mixing)
    with pytest.raises((ValueError, TypeError), match=r"augmentation|images"):
        model.fit(X, Y, verbose=0)


def test_usual_layers_are_taken():
    augmentation = keras.Sequential(
        [
            layers.RandomFlip("horizontal"),
            layers.RandomTranslation(0.1, 0.1),
            layers.RandomRotation(0.05),
            layers.RandomZoom(0.1),
            layers.GaussianNoise(0.1),
        ]
    )
    model = private(augmentation=augmentation, augmentation_multiplicity=2)
    model.fit(X, Y, verbose=0)
    assert model.steps == 4
