"""tensorflow-probability beside Keras 3.

TensorFlow Probability 0.22, which tensorflow-privacy asks for, looks for the old Keras
in `tf.keras` while it is imported. It gets that of the package tf_keras for as long;
afterwards `tf.keras` is Keras 3 as before.

>>> from tfrwc.compat.tensorflow_probability import distributions as tfd
>>> float(tfd.Normal(0.0, 1.0).prob(0.0))  # doctest: +ELLIPSIS
0.398...
"""

import contextlib
from importlib.metadata import version

import tensorflow as tf
import tf_keras


@contextlib.contextmanager
def _old_keras():
    """Point `keras` of TensorFlow's modules at tf_keras, and put it back."""
    modules = (tf, tf.compat.v2)
    before = [vars(module).get("keras") for module in modules]
    for module in modules:
        vars(module)["keras"] = tf_keras
    try:
        yield
    finally:
        for module, keras in zip(modules, before, strict=True):
            if keras is None:
                del vars(module)["keras"]  # TensorFlow loads it when it is asked for
            else:
                vars(module)["keras"] = keras


_KNOWS_KERAS_3 = tuple(map(int, version("tensorflow-probability").split(".")[:2])) >= (
    0,
    24,
)
with contextlib.nullcontext() if _KNOWS_KERAS_3 else _old_keras():
    import tensorflow_probability as tfp

    distributions = tfp.distributions  # loaded when it is first asked for: here
