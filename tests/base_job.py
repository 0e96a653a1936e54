"""What a base installation does: no TensorFlow, and Keras on another backend.

Run in an empty folder; it prints the names of the packages of extras that it loaded.
"""

import sys

import keras
import numpy as np
from missing import OF_EXTRAS
from sklearn.datasets import load_digits

from tfrwc import Recording, RWCCallback, load_recording
from tfrwc.disentangle import theory
from tfrwc.dynamics import OnlineTrends, TrendClusterer, depth_effect, suggest_freeze
from tfrwc.report import canvas, figures, page  # noqa: F401  # they load

x, y = load_digits(return_X_y=True)
hidden = [keras.layers.Dense(64 if i % 2 else 32, "relu") for i in range(6)]
model = keras.Sequential([*hidden, keras.layers.Dense(10, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
saved = keras.callbacks.ModelCheckpoint("checkpoints/{epoch}.keras")
callback = RWCCallback("run.parquet")
model.fit(x / 16, y, epochs=5, callbacks=[callback, saved], verbose=0)

recording = load_recording("run.parquet")
values = recording.values("l1_ratio")
assert values.shape == (5, 7)
assert np.isfinite(values).all()
assert (values > 0).all()
again = Recording.from_checkpoints("checkpoints")
np.testing.assert_allclose(again.values("l1_ratio"), values[1:], rtol=1e-4)

trends = TrendClusterer().fit(values.T)
assert len(trends.labels_) == 7
online = OnlineTrends()
for record in values:
    online.partial_fit(record)
assert len(online.labels_) == 7
assert set(depth_effect([recording])["effect"]) >= {"depth", "size"}
assert len(suggest_freeze(recording)) == 7
assert 1.21 < theory.optimal_beta(theory.mixing(cosine=0.6), sigma=0.5).beta < 1.22
print(sorted({name.partition(".")[0] for name in sys.modules} & set(OF_EXTRAS)))
