"""Training a model of a battery for one step."""

import warnings

import keras

from tfrwc.privacy import make_private


def train(model, x, y, batch_size, **options):
    """One private epoch; a refusal must come before anything is learned."""
    private = make_private(
        model,
        noise_multiplier=1.0,
        batch_size=batch_size,
        train_size=len(y),
        **options,
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    private.compile(keras.optimizers.SGD(0.1), loss)
    with warnings.catch_warnings():
        # Of few whole numbers some examples are equal.
        warnings.filterwarnings("ignore", "Of the [0-9]+ images")
        private.fit(x, y, verbose=0)
    return private
