"""Which epoch a training is in."""

import keras
import numpy as np

from tfrwc._common import activity
from tfrwc.studies.epochs import fit

X = np.ones((32, 3), np.float32)


class Told(keras.callbacks.Callback):
    """What is shown before each batch, and what is foreseen before each epoch."""

    def __init__(self):
        super().__init__()
        self.labels, self.remaining = [], []

    def on_train_batch_begin(self, batch, logs=None):
        self.labels.append(activity._NOW.get().label)

    def on_epoch_begin(self, epoch, logs=None):
        self.remaining.append(activity._NOW.get().remaining())


def trained(capsys, **options):
    model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", jit_compile=False)
    told = Told()
    fit(model, X, X[:, :1], batch_size=16, callbacks=[told], **options)
    assert capsys.readouterr() == ("", ""), "Keras' own bar is not shown"
    return told


def test_each_batch_is_in_its_epoch(capsys):
    told = trained(capsys, epochs=3, validation_data=(X, X[:, :1]))
    one, two = told.labels[:2], told.labels[2:4]
    assert one == ["epoch 1 of 3"] * 2
    assert len(set(two)) == 1
    assert two[0].startswith("epoch 2 of 3, loss ")
    assert told.labels[5].startswith("epoch 3 of 3, loss ")
    assert told.remaining[0] is None
    assert told.remaining[1] > told.remaining[2] / 2 > 0


def test_epochs_of_an_earlier_process_are_counted_but_not_timed(capsys):
    told = trained(capsys, epochs=40, initial_epoch=38)
    assert told.labels[0] == "epoch 39 of 40"
    # By the epoch that was trained, and not by forty.
    assert 0 < told.remaining[1] < 60


def test_a_training_that_is_over_says_nothing_more(capsys):
    trained(capsys, epochs=1)
    assert activity._NOW.get() is None
