"""Per-example gradients of each kind of layer: a table of rules that users add to.

A rule calls a layer on a whole batch, and says how the gradients of the layer's weights
for every single example follow from tensors of that one call. Layers without a rule are
differentiated example by example (`any_layer`), which is right, but can be slow. A
layer of your own becomes fast by a rule of your own:

>>> import keras
>>> import numpy as np
>>> import tensorflow as tf
>>> from tfrwc.privacy.sgd import clipping, layer_rules
>>> class Scale(keras.Layer):
...     def build(self, input_shape):
...         self.factor = self.add_weight(shape=input_shape[-1:], initializer="ones")
...
...     def call(self, inputs):
...         return inputs * self.factor
>>> @layer_rules.register(Scale)
... def scale(call):
...     outputs = call.watch(call.outputs())
...
...     def gradients(source_gradients):
...         products = source_gradients[0] * call.inputs
...         values = tf.reduce_sum(call.positions(products), axis=1)
...         return [layer_rules.PerExample(call.layer.factor, values)]
...
...     return layer_rules.Tap(outputs, [outputs], gradients)

The gradients have the norms that one example after the other has:

>>> model = keras.Sequential([keras.Input((5, 3)), Scale(), keras.layers.Dense(2)])
>>> x = np.random.default_rng(0).normal(size=(4, 5, 3)).astype(np.float32)
>>> def losses(outputs):
...     return tf.reduce_sum(outputs**2, axis=[1, 2])
>>> def norm(example):
...     with tf.GradientTape() as tape:
...         loss = losses(model(example[None]))[0]
...     weights = [variable.value for variable in model.trainable_variables]
...     return tf.linalg.global_norm(tape.gradient(loss, weights))
>>> sums = clipping.clipped_sums(clipping.prepare(model), losses, x, clip=1.0)
>>> np.allclose(sums.norms, [norm(example) for example in x], rtol=1e-4)
True
>>> layer_rules.unregister(Scale)

A private model tries every rule before its first step, on made-up examples, and refuses
to train if the gradients of the examples do not add up to that of their batch.

Each module of this folder holds one family of layers, and registers its rules when it
is imported: a new family is a new file.
"""

import importlib
import pkgutil

from tfrwc.privacy.sgd.layer_rules.any_layer import any_layer
from tfrwc.privacy.sgd.layer_rules.call import LayerCall, Rule, Tap
from tfrwc.privacy.sgd.layer_rules.table import (
    register,
    registered_classes,
    rule_of,
    unregister,
)
from tfrwc.privacy.sgd.per_example import Ghost, PerExample

__all__ = [
    "Ghost",
    "LayerCall",
    "PerExample",
    "Rule",
    "Tap",
    "any_layer",
    "register",
    "registered_classes",
    "rule_of",
    "unregister",
]

for _name in sorted(module.name for module in pkgutil.iter_modules(__path__)):
    importlib.import_module(f"{__name__}.{_name}")
