"""TensorFlow Probability beside Keras 3, in processes that import it anew."""

import subprocess
import sys

import pytest

USES = {
    "distributions": """
        p, q = tfd.Normal(0.0, 1.0), tfd.Normal(1.0, 2.0)
        assert abs(float(tfd.kl_divergence(p, q)) - 0.4431471) < 1e-6
        full = tfd.MultivariateNormalTriL([0.0, 0.0], [[1.0, 0.0], [0.5, 1.0]])
        assert full.sample(3, seed=0).shape == (3, 2)
    """,
    "compiled": """
        @tf.function(jit_compile=True)
        def f(x):
            return tf.reduce_sum(tfd.Normal(x, 1.0).log_prob(0.0))
        with tf.GradientTape() as tape:
            x = tf.constant([1.0, 2.0]); tape.watch(x); y = f(x)
        assert tape.gradient(y, x).numpy().tolist() == [-1.0, -2.0]
    """,
    "inside fit": """
        class Model(keras.Model):
            def __init__(self):
                super().__init__()
                self.dense = keras.layers.Dense(2)
            def call(self, x):
                mean = self.dense(x)
                q = tfd.MultivariateNormalDiag(mean, tf.ones_like(mean))
                p = tfd.MultivariateNormalDiag(tf.zeros(2), tf.ones(2))
                self.add_loss(tf.reduce_mean(tfd.kl_divergence(q, p)))
                return q.sample(seed=0)
        model = Model()
        model.compile("adam", "mse")
        x = np.ones((8, 3), "float32")
        loss = model.fit(x, x[:, :2], epochs=1, verbose=0).history["loss"]
        assert np.isfinite(loss).all()
    """,
}


@pytest.mark.parametrize("use", USES)
def test_distributions_leave_keras_alone(use):
    lines = "\n".join(line[8:] for line in USES[use].splitlines())
    script = (
        "import sys, numpy as np, tensorflow as tf\n"
        "from tfrwc.compat.tensorflow_probability import distributions as tfd\n"
        "import keras\n"
        "assert tf.keras.__version__.startswith('3.') and keras.__version__[0] == '3'\n"
        "assert tf.compat.v2.keras.__version__.startswith('3.')\n" + lines
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
