"""One of two workers: `TF_CONFIG=... python multi_worker.py FOLDER`."""

import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf

# Before anything else of TensorFlow.
strategy = tf.distribute.MultiWorkerMirroredStrategy()

import keras  # noqa: E402
import numpy as np  # noqa: E402
from recording.battery.helpers import Oracle, data, network  # noqa: E402

from tfrwc import RWCCallback  # noqa: E402


def main(folder):
    with strategy.scope():
        model = network()
    batches = tf.data.Dataset.from_tensor_slices(data()).batch(32)
    batches = strategy.experimental_distribute_dataset(batches)

    @tf.function
    def step(batch):
        strategy.run(model.train_step, args=(batch,))

    # Keras' own fit fails under this strategy (its issue 20585), with or without
    # callbacks, when it averages the metrics of the workers.
    callback, oracle = RWCCallback(folder / "run.parquet"), Oracle()
    callbacks = keras.callbacks.CallbackList([callback, oracle], model=model)
    callbacks.on_train_begin()
    for epoch in range(3):
        callbacks.on_epoch_begin(epoch)
        for batch in batches:
            step(batch)
        callbacks.on_epoch_end(epoch)
    callbacks.on_train_end()
    oracle.check(callback.recording)
    np.save(folder / "values.npy", callback.recording.values())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
