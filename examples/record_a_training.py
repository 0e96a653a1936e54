"""Record how much each layer changes in a training, and read the file again.

    python examples/record_a_training.py

Trains a small network on scikit-learn's digits and writes run.parquet here.
"""

import keras
from sklearn.datasets import load_digits

from tfrwc import RWCCallback, load_recording

x, y = load_digits(return_X_y=True)
model = keras.Sequential(
    [*(keras.layers.Dense(64, "relu") for _ in range(4)), keras.layers.Dense(10)]
)
model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
callback = RWCCallback("run.parquet", measures=("l1_ratio", "cosine"))
model.fit(x / 16, y, epochs=5, callbacks=[callback], verbose=0)

recording = load_recording("run.parquet")
changes = recording.values("l1_ratio")  # (5 epochs, 5 layers)
for layer, change in zip(recording.layers["name"], changes.T, strict=True):
    print(f"{layer}: {change[0]:.3f} in the first epoch, {change[-1]:.3f} in the last")
