"""Training a model of a battery for one step."""

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
    private.fit(x, y, verbose=0)
    return private
