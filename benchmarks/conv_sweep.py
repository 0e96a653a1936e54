"""What limits a sweep of convolutional β-VAEs: a roofline of one training step.

    TF_NUM_INTRAOP_THREADS=1 python benchmarks/conv_sweep.py

4 members on sprites of 32 x 32 pixels, batches of 64. Milliseconds of processor time
for a step of one member: by Keras' fit, which is one after another; by BetaSweep; and
as far as it goes by other ways to run the convolutions of all members at once, forward
and back: each by itself in one program, as groups of channels of one convolution, which
TensorFlow has on CPUs only through XLA, and through XLA each by itself. Beside it the
floor: the multiplications of a step over what a product of two large matrices does in a
second. What Keras takes over the floor is the most that any sweep can gain. Prints and
writes conv_sweep.json.
"""

import json
import os
import platform
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

from tfrwc import __version__
from tfrwc.datasets import sprites
from tfrwc.disentangle import BetaSweep, BetaVAE

SIZE, MEMBERS, BATCH, STEPS = 32, 4, 64, 12
X = sprites.generate(SIZE).pixels[: BATCH * STEPS]
# Of the encoder: filters, size of the kernel. All strides are 2.
LAYERS = [(32, 4), (32, 4), (64, 2), (64, 2)]


def build(seed):
    return BetaVAE(X.shape[1:], 10, encoder="conv", likelihood="bernoulli", seed=seed)


def milliseconds(run, times):
    """Processor time of a call, after one that traces and compiles."""
    run()
    began = time.process_time()
    for _ in range(times):
        run()
    return (time.process_time() - began) / times * 1e3


def by_keras():
    vae = build(0)
    vae.compile("adam", jit_compile=False)
    epoch = milliseconds(lambda: vae.fit(X, batch_size=BATCH, verbose=0), 3)
    return epoch / STEPS


def by_sweep():
    """The difference of two lengths, in which all but the steps cancels."""

    def seconds(epochs):
        sweep = BetaSweep([1.0, 4.0], [0, 1], build, epochs=epochs, batch_size=BATCH)
        began = time.process_time()
        sweep.fit(X)
        return time.process_time() - began

    return (seconds(5) - seconds(2)) / 3 / STEPS / MEMBERS * 1e3


def kernels():
    """Of the convolutions of all members, each (members, size, size, in, out)."""
    rng, channels, made = np.random.default_rng(0), 1, []
    for filters, size in LAYERS:
        shape = (MEMBERS, size, size, channels, filters)
        made.append(tf.constant(0.1 * rng.normal(size=shape), tf.float32))
        channels = filters
    return made


def each_by_itself(x, weights):
    """Sums of squares of features (members,), a convolution for each member."""
    total = []
    for member in range(MEMBERS):
        y = x
        for w in weights:
            y = tf.nn.relu(tf.nn.conv2d(y, w[member], 2, "SAME"))
        total.append(tf.reduce_sum(y**2))
    return tf.stack(total)


def as_groups(x, weights):
    """The same, of which each layer is one convolution with a group per member."""
    y = tf.tile(x, (1, 1, 1, MEMBERS))
    for w in weights:
        _, height, width, channels, filters = w.shape
        shape = (height, width, channels, MEMBERS * filters)
        kernel = tf.reshape(tf.transpose(w, (1, 2, 3, 0, 4)), shape)
        y = tf.nn.relu(tf.nn.conv2d(y, kernel, 2, "SAME"))
    count, height, width, _ = y.shape
    y = tf.reshape(y, (count, height, width, MEMBERS, -1))
    return tf.reduce_sum(y**2, axis=(0, 1, 2, 4))


def of_convolutions(features, through_xla):
    """Milliseconds for a member, forward and back."""
    x, weights = tf.constant(X[:BATCH]), kernels()

    @tf.function(autograph=False, jit_compile=through_xla)
    def gradients():
        with tf.GradientTape() as tape:
            tape.watch(weights)
            loss = tf.reduce_sum(features(x, weights))
        return tape.gradient(loss, weights)

    return milliseconds(gradients, 10) / MEMBERS


def multiplications(vae):
    """Of a step of one member, forward and twice as many back."""
    one, side, channels = 0, SIZE, 1
    for filters, size in LAYERS:
        side //= 2
        one += side**2 * size**2 * channels * filters
        channels = filters
    convolutions = 3 * BATCH * one
    for layer in [*vae.encoder.layers, *vae.decoder.layers, *vae.head.layers]:
        if isinstance(layer, keras.layers.Dense):
            one += int(np.prod(layer.kernel.shape))
        elif isinstance(layer, keras.layers.Conv2DTranspose):
            positions = int(np.prod(layer.input.shape[1:3]))
            one += positions * int(np.prod(layer.kernel.shape))
    return convolutions, 3 * BATCH * one


def product():
    """Multiplications per millisecond of processor time, of two large matrices."""
    a = tf.constant(np.random.default_rng(0).normal(size=(1500, 1500)), tf.float32)
    return 1500**3 / milliseconds(lambda: tf.matmul(a, a).numpy(), 5)


def main():
    convolutions, whole = multiplications(build(0))
    rate = product()
    step = {"floor": whole / rate, "keras": by_keras(), "sweep": by_sweep()}
    alone = {
        "floor": convolutions / rate,
        "each_by_itself": of_convolutions(each_by_itself, False),
        "each_by_itself_xla": of_convolutions(each_by_itself, True),
        "groups_xla": of_convolutions(as_groups, True),
    }
    results = {
        "machine": f"{os.cpu_count()} cores, {platform.machine()}",
        "versions": {
            "tfrwc": __version__,
            "keras": keras.__version__,
            "tensorflow": tf.__version__,
        },
        "threads": os.environ.get("TF_NUM_INTRAOP_THREADS", "all"),
        "members": MEMBERS,
        "gigaflops": round(2 * rate / 1e6, 1),
        "ms_of_a_step": {name: round(ms, 2) for name, ms in step.items()},
        "ms_of_the_encoders_convolutions": {
            name: round(ms, 2) for name, ms in alone.items()
        },
        "most_that_can_be_gained": round(step["keras"] / step["floor"], 2),
        "gained": round(step["keras"] / step["sweep"], 2),
    }
    text = json.dumps(results, indent=1)
    Path(__file__).with_suffix(".json").write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    main()
