"""tensorflow-probability beside Keras 3.

From 0.24 on it takes its Keras from the package tf_keras by itself, and leaves
`tf.keras` as it is.

>>> from tfrwc.compat.tensorflow_probability import distributions as tfd
>>> float(tfd.Normal(0.0, 1.0).prob(0.0))  # doctest: +ELLIPSIS
0.398...
"""

from tfrwc.compat.extras import extra

with extra("vae"):
    # Named since tensorflow-probability does not ask for them when it is installed.
    import tensorflow  # noqa: F401
    import tensorflow_probability as tfp
    import tf_keras  # noqa: F401

distributions = tfp.distributions
