"""Dense layers inside others: shared ones, and those of attention."""

import keras
from keras import layers
from privacy.sgd.oracles import check, images


class Shared(keras.Model):
    """One dense layer used twice, and an attention over its outputs."""

    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(4, "tanh")
        self.attention = layers.MultiHeadAttention(2, 3)
        self.norm = layers.LayerNormalization()

    def call(self, x):
        x = self.dense(self.dense(x))
        return self.norm(x + self.attention(x, x))


def test_shared_layers_and_attention():
    model = Shared()
    model(images(5, 4))
    check(model, images(5, 4))
