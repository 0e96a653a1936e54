"""What layers share that are linear in their inputs: the tap, and the bias."""

from collections.abc import Callable

from tfrwc.compat.extras import extra
from tfrwc.privacy.sgd.layer_rules.call import LayerCall, Tap, without
from tfrwc.privacy.sgd.per_example import Ghost, PerExample

with extra("privacy"):
    import tensorflow as tf


def linear(
    call: LayerCall,
    gradients: Callable[[tf.Tensor, tf.Tensor], list[PerExample | Ghost]],
) -> Tap:
    """Tap a layer between its linear part and its activation.

    Args:
        call: of a layer with an attribute `activation`.
        gradients: function of the inputs, float32, and of the gradients of the linear
            part, to the per-example gradients of the weights.
    """
    with without(call.layer, "activation"):
        outputs = call.watch(call.outputs())
    activation = call.layer.activation
    return Tap(
        outputs if activation is None else activation(outputs),
        [outputs],
        lambda source_gradients: gradients(
            tf.cast(call.inputs, tf.float32), source_gradients[0]
        ),
    )


def bias(call: LayerCall, g: tf.Tensor) -> list[PerExample]:
    """Of a bias that is added to outputs with gradients g: a list of one, or none."""
    variable = call.layer.bias
    if variable is None:
        return []
    shape = variable.shape
    g = call.by_example(g)
    lead = g.shape.rank - 1 - len(shape)
    axes = [i + 1 for i in range(lead)]
    axes += [i + 1 + lead for i, n in enumerate(shape) if n == 1]
    values = tf.reduce_sum(g, axes) if axes else g
    return [PerExample(variable, tf.reshape(values, (-1, *shape)))]
