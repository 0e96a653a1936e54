"""Dense layers, also those that attention layers consist of."""

from keras import layers

from tfrwc.compat.extras import extra
from tfrwc.privacy.sgd import per_example as forms
from tfrwc.privacy.sgd.layer_rules.any_layer import any_layer
from tfrwc.privacy.sgd.layer_rules.call import LayerCall, Tap
from tfrwc.privacy.sgd.layer_rules.linear import bias, linear
from tfrwc.privacy.sgd.layer_rules.table import register

with extra("privacy"):
    import tensorflow as tf


@register(layers.Dense)
def dense(call: LayerCall) -> Tap:
    """A dense layer, over the last axis of inputs of any rank and size."""
    variable = call.layer.kernel

    def gradients(a: tf.Tensor, g: tf.Tensor) -> list[forms.PerExample | forms.Ghost]:
        kernel: forms.PerExample | forms.Ghost
        if a.shape.rank == 2 and call.views == 1:
            kernel = forms.outer(variable, a, g)
        else:
            kernel = forms.product(variable, [call.positions(a)], call.positions(g))
        return [kernel, *bias(call, g)]

    return linear(call, gradients)


@register(layers.EinsumDense)
def einsum_dense(call: LayerCall) -> Tap:
    """An Einstein summation whose first axis is that of the examples."""
    equation = call.layer.equation
    operands, result = equation.split("->")
    inputs, weight = operands.split(",")
    example = inputs[0]
    if "." in equation or example != result[0] or example in weight:
        return any_layer(call)

    def gradients(a: tf.Tensor, g: tf.Tensor) -> list[forms.PerExample | forms.Ghost]:
        values = tf.einsum(f"{inputs},{result}->{example}{weight}", a, g)
        values = tf.reduce_sum(call.by_example(values), axis=1)
        return [forms.PerExample(call.layer.kernel, values), *bias(call, g)]

    return linear(call, gradients)
