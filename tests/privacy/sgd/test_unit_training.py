"""Private training whose unit has several examples, such as a patient with images."""

import zipfile

import keras
import numpy as np
import pytest
import tensorflow as tf
from privacy.sgd.patients import (
    IDS,
    RNG,
    UNITS,
    X,
    Y,
    loss,
    network,
    private,
    weights,
    without_noise,
)

from tfrwc.privacy import make_private, poisson_batches
from tfrwc.privacy.statement import statement_from_dict

pytestmark = pytest.mark.usefixtures("unasked")


def step(made, *data, **options):
    """The change of the weights by one step, without noise."""
    before = weights(made.model)
    made.fit(*data, verbose=0, **options)
    assert made.steps == 1
    return weights(made.model) - before


def plain_step(x, y, sample_weight):
    """Of plain Keras."""
    model = network()
    model.compile(keras.optimizers.SGD(1.0), loss(), run_eagerly=True)
    before = weights(model)
    model.train_on_batch(x, y, sample_weight=sample_weight)
    return weights(model) - before


def shares(ids):
    """Weights with which the mean over examples is that over units."""
    sizes = np.array([(ids == name).sum() for name in ids])
    return len(ids) / (len(set(ids)) * sizes)


def test_without_noise_and_clip_it_is_plain_training_on_means_of_units():
    moved = step(without_noise(), X, Y)
    np.testing.assert_allclose(moved, plain_step(X, Y, shares(IDS)), atol=1e-6)


def test_of_equal_units_it_is_plain_training():
    ids = np.repeat(np.arange(5), 4)
    moved = step(without_noise(units=ids, batch_size=5), X, Y)
    np.testing.assert_allclose(moved, plain_step(X, Y, None), atol=1e-6)


def test_weights_of_examples_and_classes_multiply_their_losses():
    weight = RNG.uniform(0.5, 2, len(X))
    classes = {0: 1.0, 1: 3.0, 2: 0.5}
    moved = step(without_noise(), X, Y, sample_weight=weight, class_weight=classes)
    of_class = np.array([classes[y] for y in Y])
    expected = plain_step(X, Y, shares(IDS) * weight * of_class)
    np.testing.assert_allclose(moved, expected, atol=1e-6)


@pytest.mark.parametrize("noise", [0.0, 1.0])
def test_with_one_example_each_it_is_training_on_examples(noise):
    ends = []
    for of_units in (False, True):
        ids = {"unit": "user", "units": np.arange(len(X))} if of_units else {}
        ids = ids or {"train_size": len(X), "unit": "example", "units": None}
        made = private(noise_multiplier=noise, insecure_seed=1, **ids)
        names = np.arange(len(X)) if of_units else None
        batches = poisson_batches(X, Y, batch_size=4, insecure_seed=2, units=names)
        made.fit(batches, epochs=2, verbose=0)
        ends.append(weights(made.model))
    np.testing.assert_allclose(*ends, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("clip", [0.05, 0.5])
def test_the_sum_of_clipped_means_whatever_the_size_of_parts(clip):
    moved = []
    for size in (None, 5, 7, 100):
        made = without_noise(clip=clip, physical_batch_size=size)
        moved.append(step(made, X, Y))
    for other in moved[1:]:
        np.testing.assert_allclose(other, moved[0], atol=1e-6)
    # Of each unit alone: a step of one unit is its own clipped gradient.
    alone = []
    for name in dict.fromkeys(IDS):
        own = name == IDS
        gradient = plain_step(X[own], Y[own], None)
        alone.append(gradient * min(1, clip / np.linalg.norm(gradient)))
    np.testing.assert_allclose(moved[0], np.mean(alone, axis=0), atol=1e-6)


@pytest.mark.filterwarnings("ignore:The weights were changed by something else")
def test_of_many_images_some_are_drawn_anew_in_each_step():
    made = without_noise(images_per_unit=1)
    batches = poisson_batches(X, Y, batch_size=UNITS, units=IDS)
    steps = []
    for _ in range(6):
        made.model.set_weights(network().get_weights())
        made.fit(batches, verbose=0)
        steps.append(weights(made.model))
    assert len({s.tobytes() for s in steps}) > 1
    assert "up to 1 images of each patient" in made.statement().explain()


def test_epsilon_is_that_of_the_unit():
    made = private(epsilon=3.0, noise_multiplier=None, epochs=5, delta=0.01)
    batches = poisson_batches(X, Y, units=IDS, batch_size=4)
    made.fit(batches, epochs=5, verbose=0)
    other = make_private(
        network(), epsilon=3.0, batch_size=4, epochs=5, train_size=UNITS, delta=0.01
    )
    assert made.noise_multiplier == other.noise_multiplier
    statement = made.statement()
    assert 2.9 < statement.epsilon <= 3.0
    assert statement.unit == "patient"
    assert statement.train_size == UNITS
    assert statement.patient_epsilon == statement.epsilon
    assert statement.sampling == "poisson"
    assert statement.summary().endswith("for a patient")
    words = statement.explain()
    assert "10 steps on 8 patients, about 4 in each step" in words
    assert "One patient with all images: epsilon" in words
    assert "whether a patient was among them" in words
    assert statement_from_dict(statement.to_dict()) == statement
    with pytest.raises(ValueError, match="Epsilon is for a patient with all images"):
        made.statement(images_per_patient=3)
    with pytest.raises(ValueError, match="lasts for 10 steps"):
        made.fit(batches, verbose=0)


@pytest.mark.filterwarnings("ignore:.* images are of several patients:UserWarning")
def test_equal_images_of_a_unit_are_its_own_and_those_of_several_are_told():
    x, y = X.copy(), Y.copy()
    own = np.flatnonzero(IDS == "person3")
    x[own], y[own] = x[own[0]], y[own[0]]
    made = private()
    made.fit(poisson_batches(x, y, units=IDS, batch_size=4), verbose=0)
    assert not any("images are of" in note for note in made.statement().rests_on)
    other = np.flatnonzero(IDS == "person5")
    x[other[0]], y[other[0]] = x[own[0]], y[own[0]]
    made = private()
    made.fit(poisson_batches(x, y, units=IDS, batch_size=4), verbose=0)
    [note] = [n for n in made.statement().rests_on if "images are of" in n]
    assert "one of 2: epsilon is for each patient by itself" in note


def test_arrays_are_cut_into_shuffled_batches_of_whole_units():
    made = private()
    made.fit(X, Y, epochs=2, verbose=0)
    statement = made.statement()
    assert statement.steps == 4
    assert statement.sampling == "fixed"
    assert statement.epsilon_without_sampling > statement.epsilon


def test_a_tf_data_set_has_a_column_of_units():
    features = {"image": X, "patient": IDS}
    data = tf.data.Dataset.from_tensor_slices((features, Y))
    batches = poisson_batches(data, units="patient", batch_size=4)
    assert batches.train_size == UNITS
    x, y, more = batches.with_images_per_unit(None)[0]
    assert x.shape[1:] == (4, 4, 1)
    assert len(x) == len(y) == (more["places"] >= 0).sum()
    private(units=None, train_size=UNITS).fit(batches, verbose=0)
    with pytest.raises(ValueError, match="'person', and x of image, patient"):
        poisson_batches(data, units="person", batch_size=4)


def test_plain_keras_takes_batches_of_units_as_any_others():
    batches = poisson_batches(X, Y, units=IDS, batch_size=4)
    made = private()
    made.fit(batches, verbose=0)
    assert np.isfinite(made.evaluate(batches, verbose=0)).all()
    plain = keras.models.clone_model(made.model)
    plain.compile("sgd", "sparse_categorical_crossentropy", jit_compile=False)
    history = plain.fit(batches, validation_data=batches, verbose=0)
    assert np.isfinite([*history.history.values()]).all()


def test_a_file_has_the_account_and_no_name_of_a_unit(tmp_path):
    made = private()
    made.fit(poisson_batches(X, Y, units=IDS, batch_size=4), epochs=2, verbose=0)
    made.save(tmp_path / "private.keras")
    with zipfile.ZipFile(tmp_path / "private.keras") as archive:
        for name in archive.namelist():
            assert b"person" not in archive.read(name)
    loaded = keras.saving.load_model(tmp_path / "private.keras")
    assert loaded.statement() == made.statement()
    with pytest.raises(ValueError, match="Which examples are of one patient"):
        loaded.fit(X, Y, verbose=0)
    loaded.fit(poisson_batches(X, Y, units=IDS, batch_size=4), verbose=0)
    assert loaded.steps == 6
    assert loaded.statement().unit == "patient"


def test_weights_have_one_unit():
    made = private()
    made.fit(poisson_batches(X, Y, units=IDS, batch_size=4), verbose=0)
    with pytest.raises(ValueError, match="before with the unit 'patient', of which"):
        private(made.model, unit="example", units=None, train_size=len(X))
    again = private(made.model, noise_multiplier=2.0)
    again.fit(poisson_batches(X, Y, units=IDS, batch_size=4), verbose=0)
    assert again.steps == 4


def test_how_many_images_a_step_has_is_said_of_the_last_training():
    made = private(images_per_unit=3)
    made.fit(X, Y, verbose=0)
    assert "up to 3 images of each patient" in made.statement().explain()
    assert len(made.statement().rests_on) == 1
    again = private(made.model, images_per_unit=2)
    again.fit(X, Y, verbose=0)
    statement = again.statement()
    assert statement.steps == 4
    assert "up to 2 images of each patient" in statement.explain()
    assert "Of the 2 trainings of these weights" in statement.rests_on[-1]


def test_labels_and_weights_may_change_their_shape():
    made, weight = private(), np.ones(len(X), np.float32)
    for axes in ((), (1,), ()):
        y, given = Y.reshape(-1, *axes), weight.reshape(-1, *axes)
        made.fit(X, y, sample_weight=given, verbose=0)
        batches = poisson_batches(X, y, weight, units=IDS, batch_size=4)
        made.fit(batches, verbose=0)
    assert made.steps == 12
