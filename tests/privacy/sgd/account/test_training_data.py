"""What fit is given is counted where it can be, and else the statement says so."""

import keras
import numpy as np
import pytest
import scipy.sparse
import tensorflow as tf

from tfrwc.privacy import poisson_batches
from tfrwc.privacy.sgd.account.training_data import (
    GUESSABLE,
    MAPPED_ON_TRUST,
    ORDER_ON_TRUST,
    training_data,
)
from tfrwc.privacy.sgd.settings import TrainingSettings

N, BATCH = 32, 8
X, Y = np.arange(4.0 * N).reshape(N, 4), np.arange(N)
SETTINGS = TrainingSettings(train_size=N, batch_size=BATCH, noise_multiplier=1.0)


def examined(x, y=None, settings=SETTINGS, **options):
    return training_data(x, y, options, settings)


def refused(x, y=None, match="The account is for", **options):
    with pytest.raises(ValueError, match=match):
        examined(x, y, **options)


def dataset(count=N):
    return tf.data.Dataset.from_tensor_slices((X[:count], Y[:count]))


class Batches(keras.utils.PyDataset):
    def __init__(self, count, **options):
        super().__init__(**options)
        self.count = count

    @property
    def num_batches(self):
        return self.count

    def __getitem__(self, index):
        return X[:BATCH], Y[:BATCH]


def test_arrays():
    data = examined(X, Y)
    assert (data.drawn, data.steps, data.passes) == ("passes", 4, 1)
    assert not data.has_batches
    assert data.notes == ()
    assert data.copies is None
    assert examined(X, Y, shuffle=False).drawn == "ordered"
    assert examined(X, Y, steps_per_epoch=9).passes == 4  # most passes that it begins
    refused(X[:-1], Y[:-1])
    refused(X, Y, validation_split=0.25)
    assert examined(X, Y, validation_split=0.25, validation_data=(X, Y)).steps == 4
    larger = np.concatenate([X, X[:11] + 0.5])
    assert examined(larger, np.arange(43), validation_split=0.25).steps == 4
    refused(X, Y, batch_size=4)


def test_several_passes_over_less_are_said():
    x, y = np.tile(X[:8], (4, 1)), np.tile(Y[:8], 4)
    for data in (
        examined(x, y),
        examined(poisson_batches(x, y, batch_size=BATCH)),
        examined(tf.data.Dataset.from_tensor_slices((x, y)).batch(BATCH)),
        examined(
            tf.data.Dataset.zip(*map(tf.data.Dataset.from_tensor_slices, (x, y))).batch(
                BATCH
            )
        ),
    ):
        assert data.copies == (32, 8, 4)
    assert "images_per_patient=4" in data.copies.note


def test_an_image_with_several_labels_is_one_image():
    images, labels = np.tile(X[:16], (2, 1)).reshape(N, 2, 2), np.arange(N)
    samples = poisson_batches(images, labels, batch_size=BATCH)
    for data in (examined(images, labels), examined(samples)):
        assert data.copies == (32, 16, 2)
    # Rows of a table may be alike by chance.
    assert examined(images.reshape(N, 4), labels).copies is None


def test_files_that_are_read_several_times_are_counted():
    names = tf.data.Dataset.from_tensor_slices(
        ([f"{i % 8}.png" for i in range(N)], Y % 2)
    )
    images = names.map(lambda name, y: (tf.io.decode_raw(name, tf.uint8)[None], y))
    assert examined(images.batch(BATCH)).copies == (32, 8, 4)


def test_batches_that_are_mixed_by_a_function_are_on_trust():
    mixed = dataset().batch(BATCH).map(lambda x, y: (0.5 * x + 0.5 * x[::-1], y))
    assert MAPPED_ON_TRUST in examined(mixed).notes


def test_samples_that_can_be_drawn_again_are_said():
    samples = poisson_batches(X, Y, batch_size=BATCH, insecure_seed=1)
    assert examined(samples).notes == (GUESSABLE,)


@pytest.mark.parametrize(
    "x", [None, X.tolist(), scipy.sparse.csr_matrix(X), tf.ragged.constant([[1]] * N)]
)
def test_what_is_no_array_is_refused(x):
    refused(x, Y, match="Private training takes arrays")


def test_poisson_samples():
    data = examined(poisson_batches(X, Y, batch_size=BATCH))
    assert (data.drawn, data.steps, data.notes) == ("poisson", 4, ())
    refused(poisson_batches(X, Y, batch_size=4))
    refused(poisson_batches(X[:16], Y[:16], batch_size=BATCH))
    samples = poisson_batches(X, Y, batch_size=BATCH)
    samples.use_multiprocessing = True
    refused(samples, match="draw the same ones")

    class Own(type(samples)):
        def __getitem__(self, index):
            return X, Y, np.ones(N)

    own = Own((X, Y, np.ones(N)), BATCH, np.random.default_rng(0))
    assert examined(own).drawn == "fixed"


HONEST = {
    "batches": lambda d: d.batch(BATCH),
    "static size": lambda d: d.batch(BATCH, drop_remainder=True),
    "shuffled": lambda d: d.cache().shuffle(9).batch(BATCH).prefetch(2),
    "changed": lambda d: d.map(lambda x, y: (x + 1, y)).batch(BATCH),
    "repeated": lambda d: d.shuffle(9).repeat().batch(BATCH),
    "batches repeated": lambda d: d.batch(BATCH).repeat(3),
    "of a larger one": lambda d: d.take(N).batch(BATCH),
}
SMALLER = {
    "batches": lambda d: d.batch(BATCH),
    "repeated": lambda d: d.repeat().batch(BATCH),
    "repeated to the size": lambda d: d.repeat(4).batch(BATCH),
    "batches repeated": lambda d: d.batch(BATCH).repeat(4),
    "shuffled between": lambda d: d.repeat(4).shuffle(99).batch(BATCH).prefetch(1),
    "repeated twice": lambda d: d.repeat(2).batch(BATCH).repeat(2),
}
UNKNOWN = {
    "some left out": lambda d: d.filter(lambda x, y: y > 3).batch(BATCH),
    "some repeated": lambda d: d.filter(lambda x, y: y > 3).repeat().batch(BATCH),
    "joined": lambda d: d.take(16).concatenate(d.take(16)).batch(BATCH),
    "a size that was claimed": lambda d: (
        d.take(8)
        .flat_map(lambda x, y: tf.data.Dataset.from_tensors((x, y)).repeat(4))
        .apply(tf.data.experimental.assert_cardinality(N))
        .batch(BATCH)
    ),
    "chosen from": lambda d: tf.data.Dataset.sample_from_datasets(
        [d.take(16), d.take(16)]
    ).batch(BATCH),
}


@pytest.mark.parametrize("name", HONEST)
def test_honest_sets(name):
    data = examined(HONEST[name](dataset()))
    assert data.drawn == "fixed"
    assert data.has_batches
    mapped = (MAPPED_ON_TRUST,) if name == "changed" else ()
    assert data.notes == (ORDER_ON_TRUST, *mapped)


@pytest.mark.parametrize("name", SMALLER)
def test_sets_of_fewer_examples_are_refused(name):
    refused(SMALLER[name](dataset(8)))


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_cannot_be_counted_is_said(name):
    notes = examined(UNKNOWN[name](dataset())).notes
    assert any("different ones" in note for note in notes)


def test_sets_of_other_batches_are_refused():
    refused(dataset().batch(4))
    refused(dataset().batch(16, drop_remainder=True))
    refused(dataset().concatenate(dataset()).batch(BATCH))
    uneven = TrainingSettings(train_size=N, batch_size=5, noise_multiplier=1.0)
    for rest in (True, False):
        data = examined(dataset().batch(5, drop_remainder=rest), settings=uneven)
        assert data.steps == (6 if rest else 7)


def test_sources_that_cannot_be_counted_are_said():
    def generator():
        yield X[:BATCH], Y[:BATCH]

    infinite = tf.data.Dataset.from_generator(
        generator,
        output_signature=(tf.TensorSpec((None, 4)), tf.TensorSpec((None,), tf.int64)),
    )
    for source, steps in (
        (Batches(4), 4),
        (Batches(None), None),
        (generator(), None),
        (iter([(X, Y)]), None),
        (infinite, None),
    ):
        data = examined(source)
        assert (data.drawn, data.steps) == ("fixed", steps)
        [note] = data.notes
        assert "32 different ones" in note
    refused(Batches(3))
    refused(Batches(8))


def test_a_torch_loader_counts_examples():
    torch = pytest.importorskip("torch")
    from torch.utils.data import DataLoader, TensorDataset

    pairs = TensorDataset(torch.zeros(N, 4), torch.zeros(N))
    data = examined(DataLoader(pairs, batch_size=BATCH, shuffle=True))
    assert (data.drawn, data.steps, data.has_batches) == ("fixed", 4, True)
    assert "a torch DataLoader" in data.notes[0]
    refused(DataLoader(pairs, batch_size=4))
    refused(DataLoader(TensorDataset(torch.zeros(8, 4)), batch_size=BATCH))
