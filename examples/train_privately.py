"""Train a network by DP-SGD, and say what that guarantees.

    python examples/train_privately.py

Formally private: noise from a key of the operating system, and batches that are drawn
as the account takes them to be. Needs the extra `tfrwc[privacy]`.
"""

import keras
from sklearn.datasets import load_digits

from tfrwc.privacy import make_private, poisson_batches

BATCH_SIZE, EPOCHS = 256, 5

x, y = load_digits(return_X_y=True)
model = keras.Sequential([keras.layers.Dense(64, "relu"), keras.layers.Dense(10)])
private = make_private(
    model, epsilon=3.0, batch_size=BATCH_SIZE, epochs=EPOCHS, train_size=len(x)
)
private.compile(
    keras.optimizers.Adam(0.01),
    keras.losses.SparseCategoricalCrossentropy(from_logits=True),
)
private.fit(poisson_batches(x / 16, y, batch_size=BATCH_SIZE), epochs=EPOCHS, verbose=0)
print(private.statement().explain())
private.model.save("private_digits.keras")  # the trained model, to publish
