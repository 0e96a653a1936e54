"""The account of private steps."""

import weakref

import keras
import pytest
import tensorflow as tf
from conftest import living
from privacy.sgd import small
from privacy.sgd.models import BATCH, dense, loss, private

from tfrwc.privacy import poisson_batches


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


# An error instead of TensorFlow's own warning would be kept, with all that it has seen.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_trained_model_that_nobody_needs_is_freed():
    def trained():
        model = small.private()
        model.compile("sgd", small.loss())
        model.fit(small.X, small.Y, verbose=0)
        return [weakref.ref(model), weakref.ref(model.model)]

    trained()  # the first makes what stays
    before = living(tf.Graph)
    gone = trained()  # no variable of this function is left
    keras.backend.clear_session()
    assert living(tf.Graph) <= before
    assert [each() for each in gone] == [None, None]
