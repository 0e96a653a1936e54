"""All networks of `keras.applications`, without weights and for small images."""

import inspect
from functools import partial

import keras
from recording.real_models.table import MODELS, RealModel
from recording.real_models.training import compiled

# The smallest images that a network takes; 32 by 32 for the others.
SIZES = {"Xception": 71, "InceptionV3": 75, "InceptionResNetV2": 75}


def network(name):
    """A network with three classes, compiled."""
    side = SIZES.get(name, 32)
    options = {"weights": None, "input_shape": (side, side, 3)}
    if name.startswith("NASNet"):
        # With a top it takes images of one size only.
        options |= {"include_top": False, "pooling": "avg"}
    else:
        options |= {"classes": 3}
    return compiled(getattr(keras.applications, name)(**options))


NAMES = [
    name
    for name, function in vars(keras.applications).items()
    if inspect.isfunction(function) and name[0].isupper()
]
for _name in NAMES:
    if _name.startswith("NASNet") and keras.backend.backend() == "torch":
        continue  # Keras refuses to build it there
    MODELS[_name] = RealModel(partial(network, _name), epochs=1, trains_by_noise=True)
