"""Group the layers of a network by the course of their change, and rank them.

    python examples/layers_that_learn_alike.py

Trains a network of twelve layers on scikit-learn's digits. `TrendClusterer` says which
layers learn alike, `suggest_freeze` which have hardly changed for some time.
"""

import keras
from sklearn.datasets import load_digits

from tfrwc import RWCCallback
from tfrwc.dynamics import TrendClusterer, suggest_freeze

keras.utils.set_random_seed(0)
x, y = load_digits(return_X_y=True)
model = keras.Sequential(
    [*(keras.layers.Dense(32, "relu") for _ in range(11)), keras.layers.Dense(10)]
)
model.compile(
    keras.optimizers.SGD(0.05, momentum=0.9),
    keras.losses.SparseCategoricalCrossentropy(from_logits=True),
)
callback = RWCCallback()
model.fit(x / 16, y, epochs=20, callbacks=[callback], verbose=0)

recording = callback.recording
trends = TrendClusterer(random_state=0).fit(recording.values().T)
layers = recording.layers.assign(trend=trends.labels_)  # -1: like no others
print(layers[["name", "depth", "trend"]].to_string(index=False))
advice = suggest_freeze(recording)
print(advice[["layer", "low_records", "confidence"]].head(3).to_string(index=False))
