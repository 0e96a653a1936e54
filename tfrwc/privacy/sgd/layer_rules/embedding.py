"""Embeddings."""

from keras import layers

from tfrwc.compat.extras import extra
from tfrwc.privacy.sgd import per_example as forms
from tfrwc.privacy.sgd.groups import Groups
from tfrwc.privacy.sgd.layer_rules.call import LayerCall, Tap
from tfrwc.privacy.sgd.layer_rules.table import register

with extra("privacy"):
    import tensorflow as tf


@register(layers.Embedding)
def embedding(call: LayerCall) -> Tap:
    """A table of vectors: each example changes the rows that it looks up."""
    outputs = call.watch(call.outputs())
    ids = tf.cast(call.inputs, tf.int32)
    ids = tf.reshape(ids, (tf.shape(call.inputs)[0] // call.views, -1))

    def gradients(
        source_gradients: list[tf.Tensor],
    ) -> list[forms.PerExample | forms.Ghost]:
        width = call.layer.output_dim
        g = tf.reshape(source_gradients[0], (tf.shape(ids)[0], -1, width))
        return [_of_rows(call.layer, ids, g)]

    return Tap(outputs, [outputs], gradients)


def _of_rows(layer: layers.Embedding, ids: tf.Tensor, g: tf.Tensor) -> forms.Ghost:
    """Gradients of the rows `ids` (examples, t), from g (examples, t, width)."""
    rows, width = layer.input_dim, layer.output_dim

    def square_norms() -> tf.Tensor:
        same = tf.cast(ids[:, :, None] == ids[:, None, :], tf.float32)
        products = tf.matmul(g, g, transpose_b=True)
        sizes = tf.sqrt(tf.linalg.diag_part(products))
        terms = sizes[:, :, None] * sizes[:, None, :]
        return forms.not_below(
            tf.reduce_sum(same * products, [1, 2]),
            tf.reduce_sum(same * terms, [1, 2]),
        )

    def weighted_sum(weights: tf.Tensor) -> tf.Tensor:
        weighted = tf.reshape(g * weights[:, None, None], (-1, width))
        return tf.math.unsorted_segment_sum(weighted, tf.reshape(ids, [-1]), rows)

    def values() -> tf.Tensor:
        return tf.einsum("btv,btd->bvd", tf.one_hot(ids, rows), g)

    def only(examples: tf.Tensor) -> forms.Ghost:
        return _of_rows(layer, ids, forms.masked(g, examples))

    def of_groups(groups: Groups) -> forms.Ghost:
        count = tf.shape(groups.places)[0]
        all_ids = tf.reshape(groups.padded(ids), (count, -1))
        return _of_rows(
            layer, all_ids, tf.reshape(groups.padded(g), (count, -1, width))
        )

    return forms.Ghost(
        layer.embeddings, square_norms, weighted_sum, values, only, of_groups
    )
