"""Entries of dp_sgd.py in Keras 3, and the networks for Keras 3 and tf_keras."""

import math
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

RATE, CLIP, NOISE, CLASSES = 0.1, 1.0, 1.0, 2
IN_A_UNIT = 4  # images


def small_cnn(layers, x):
    for filters, strides in ((16, 1), (32, 2), (64, 2)):
        x = layers.Conv2D(filters, 3, strides, padding="same")(x)
        x = layers.GroupNormalization(8, epsilon=1e-5)(x)
        x = layers.ReLU()(x)
    return x


def resnet18(layers, x):
    """`tfrwc.models.resnet` with GroupNorm of 32 groups in place of BatchNorm."""

    def conv_norm(x, filters, size, strides=1):
        x = layers.Conv2D(filters, size, strides, padding="same", use_bias=False)(x)
        return layers.GroupNormalization(32, epsilon=1e-5)(x)

    x = layers.ReLU()(conv_norm(x, 64, 3))
    for filters in (64, 128, 256, 512):
        for strides in (1 if filters == 64 else 2, 1):
            y = layers.ReLU()(conv_norm(x, filters, 3, strides))
            y = conv_norm(y, filters, 3)
            if strides > 1:
                x = conv_norm(x, filters, 1, strides)
            x = layers.ReLU()(layers.Add()([x, y]))
    return x


def tensors(keras, network, shape):
    """Input and logits of a network, of Keras 3 or tf_keras."""
    inputs = keras.layers.Input(shape)
    features = {"small_cnn": small_cnn, "resnet18": resnet18}[network]
    x = keras.layers.GlobalAveragePooling2D()(features(keras.layers, inputs))
    return inputs, keras.layers.Dense(CLASSES)(x)


def tensorflow(threads):
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    return tf


def in_memory(tf, images, labels):
    return tf.data.Dataset.from_tensor_slices((images, labels)).repeat()


def fit(keras, model, batches, meter):
    """Train by fit until the meter has enough."""
    meter.facts["parameters"] = sum(math.prod(w.shape) for w in model.trainable_weights)
    callback = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: meter.tick()
    )
    model.fit(
        batches,
        steps_per_epoch=meter.most,
        shuffle=False,
        verbose=0,
        callbacks=[callback],
    )


def entry(make_model, jit_compile):
    """Function that trains what `make_model(inputs, logits, batch, ...)` returns."""

    def run(network, images, labels, threads, meter):
        tf = tensorflow(threads)
        import keras

        if make_model is ours:
            import tfrwc.privacy  # noqa: F401, so that its import counts as one
        batches = in_memory(tf, images, labels)
        meter.start(keras=keras.__version__, tensorflow=tf.__version__)
        inputs, logits = tensors(keras, network, images.shape[2:])
        model = make_model(inputs, logits, images.shape[1], len(images))
        model.compile(
            keras.optimizers.SGD(RATE),
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            jit_compile=jit_compile,
        )
        fit(keras, model, batches, meter)

    return run


def plain(inputs, logits, batch, batches):
    import keras

    return keras.Model(inputs, logits)


def ours(inputs, logits, batch, batches):
    from tfrwc.privacy import make_private

    return make_private(
        plain(inputs, logits, batch, batches),
        noise_multiplier=NOISE,
        delta=1e-6,
        clip=CLIP,
        batch_size=batch,
        epochs=1,
        train_size=batch * batches,
    )


def units(network, images, labels, threads, meter):
    """The same images in each step, but four of one unit together."""
    tf = tensorflow(threads)
    import keras
    import numpy as np

    from tfrwc.privacy import make_private

    batches, batch = labels.shape
    x, y = images.reshape(-1, *images.shape[2:]), labels.reshape(-1)
    meter.start(keras=keras.__version__, tensorflow=tf.__version__)
    model = make_private(
        keras.Model(*tensors(keras, network, x.shape[1:])),
        noise_multiplier=NOISE,
        delta=1e-6,
        clip=CLIP,
        batch_size=batch // IN_A_UNIT,
        unit="patient",
        units=np.arange(len(x)) // IN_A_UNIT,
    )
    model.compile(
        keras.optimizers.SGD(RATE),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    meter.facts["parameters"] = sum(math.prod(w.shape) for w in model.trainable_weights)
    callback = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: meter.tick()
    )
    epochs = math.ceil(meter.most / batches)
    model.fit(x, y, epochs=epochs, verbose=0, callbacks=[callback])


def vectorized_map(inputs, logits, batch, batches):
    """Gradients of one example under `tf.vectorized_map`, as anyone would write it."""
    import keras
    import tensorflow as tf

    class PerExample(keras.Model):
        def clipped_gradients(self, example):
            x, y = example
            with tf.GradientTape() as tape:
                loss = self.compute_loss(y=y[None], y_pred=self(x[None], training=True))
            gradients = tape.gradient(loss, self.trainable_variables)
            # Not tf.clip_by_global_norm, whose norm falls back to a loop here.
            norm = tf.sqrt(tf.add_n([tf.reduce_sum(g**2) for g in gradients]))
            return loss, *(g / tf.maximum(norm / CLIP, 1.0) for g in gradients)

        def train_step(self, data):
            losses, *gradients = tf.vectorized_map(self.clipped_gradients, data)
            noisy = [
                tf.reduce_sum(g, 0) + tf.random.normal(g.shape[1:], stddev=NOISE * CLIP)
                for g in gradients
            ]
            self.optimizer.apply([g / batch for g in noisy], self.trainable_variables)
            return {"loss": tf.reduce_mean(losses)}

    return PerExample(inputs, logits)


ENTRIES = {
    "keras3": entry(plain, jit_compile=False),
    "keras3_xla": entry(plain, jit_compile=True),
    "keras3_tfrwc": entry(ours, jit_compile=False),
    "keras3_tfrwc_xla": entry(ours, jit_compile=True),
    "keras3_tfrwc_units": units,
    "keras3_vectorized_map": entry(vectorized_map, jit_compile=False),
}
