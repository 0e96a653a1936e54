"""Per-example gradients of weights, from a layer's inputs and output gradients.

Two forms. `PerExample` holds them. `Ghost` never forms them unless asked: norms come
from Gram matrices of inputs and output gradients (Goodfellow, arXiv:1510.01799; Li et
al., arXiv:2110.05679), and the sum of the clipped ones is one ordinary weight gradient
(Bu et al., arXiv:2210.00038).

Where the unit of privacy has several examples, `grouped` gives the gradients of units:
norms of sums come from Gram matrices over all examples of a unit.

All arrays are float32. Throughout, `a` are inputs of a layer, and `g` the gradients of
its outputs.
"""

import math
from collections.abc import Callable

import keras

from tfrwc.compat.extras import extra
from tfrwc.privacy.sgd.groups import Groups

with extra("privacy"):
    import tensorflow as tf

# Forming a gradient costs about as much in memory traffic as this many multiplications
# per value: a rough estimate, from 1e11 operations and 1e10 bytes in a second.
_COST_OF_A_VALUE = 60
# Norms must not be told too small, or more than the clip comes into a sum. What terms
# of this share of a sum are lost in its rounding, where large ones cancel; and numbers
# below the second are taken for 0 by the processor.
_ROUNDING, _LEAST = 1e-6, 2.0**-126


class PerExample:
    """Gradients of a variable, one for each example of a batch.

    Args:
        variable: of Keras.
        values: the gradients (batch, *shape of the variable), float32.
    """

    def __init__(self, variable: keras.Variable, values: tf.Tensor) -> None:
        self.variable = variable
        self.values = values

    def square_norms(self) -> tf.Tensor:
        """Squares of the L2 norms, (batch,)."""
        return tf.reduce_sum(tf.square(_flat(self.values)), axis=1)

    def weighted_sum(self, weights: tf.Tensor) -> tf.Tensor:
        """Their sum over the batch, each times its weight (batch,)."""
        total = tf.linalg.matvec(_flat(self.values), weights, transpose_a=True)
        return tf.reshape(total, self.variable.shape)

    def only(self, examples: tf.Tensor) -> "PerExample":
        """The same gradients, but 0 where `examples`, bool (batch,), is False."""
        return PerExample(self.variable, masked(self.values, examples))

    def grouped(self, groups: Groups) -> "PerExample":
        """The gradients of units: sums of those of their examples."""
        return PerExample(self.variable, groups.sums(self.values))


class PerExampleBlocks(PerExample):
    """Gradients of a kernel, in blocks that are not joined: that would copy them.

    Args:
        variable: of Keras, of the shape (..., in, out).
        blocks: for each leading index, in row-major order, the gradients
            (batch, in, out), float32.
    """

    def __init__(self, variable: keras.Variable, blocks: list[tf.Tensor]) -> None:
        self.variable = variable
        self.blocks = blocks

    @property
    def values(self) -> tf.Tensor:  # type: ignore[override]
        """The gradients (batch, *shape of the variable), joined at each look."""
        joined = tf.stack(self.blocks, axis=1)
        return tf.reshape(joined, (-1, *self.variable.shape))

    def square_norms(self) -> tf.Tensor:
        """Squares of the L2 norms, (batch,)."""
        return tf.add_n(
            [tf.reduce_sum(tf.square(_flat(block)), axis=1) for block in self.blocks]
        )

    def weighted_sum(self, weights: tf.Tensor) -> tf.Tensor:
        """Their sum over the batch, each times its weight (batch,)."""
        totals = [
            tf.linalg.matvec(_flat(block), weights, transpose_a=True)
            for block in self.blocks
        ]
        return tf.reshape(tf.stack(totals), self.variable.shape)

    def only(self, examples: tf.Tensor) -> "PerExampleBlocks":
        """The same gradients, but 0 where `examples`, bool (batch,), is False."""
        blocks = [masked(block, examples) for block in self.blocks]
        return PerExampleBlocks(self.variable, blocks)

    def grouped(self, groups: Groups) -> "PerExampleBlocks":
        """The gradients of units: sums of those of their examples."""
        blocks = [groups.sums(block) for block in self.blocks]
        return PerExampleBlocks(self.variable, blocks)


class Ghost:
    """Gradients of a variable that are not formed.

    Args:
        variable: of Keras.
        square_norms, weighted_sum, only: functions with the meaning of the methods of
            `PerExample`.
        values: function without arguments to the gradients, for where they are needed
            after all.
        of_groups: function of the groups of a batch to the gradients of its units;
            None to form them.
    """

    def __init__(
        self,
        variable: keras.Variable,
        square_norms: Callable[[], tf.Tensor],
        weighted_sum: Callable[[tf.Tensor], tf.Tensor],
        values: Callable[[], tf.Tensor],
        only: "Callable[[tf.Tensor], PerExample | Ghost]",
        of_groups: "Callable[[Groups], PerExample | Ghost] | None" = None,
    ) -> None:
        self.variable = variable
        self.square_norms = square_norms
        self.weighted_sum = weighted_sum
        self.only = only
        self._values = values
        self.of_groups = of_groups

    @property
    def values(self) -> tf.Tensor:
        """The gradients (batch, *shape of the variable), computed at each look."""
        return self._values()

    def grouped(self, groups: Groups) -> "PerExample | Ghost":
        """The gradients of units: sums of those of their examples."""
        if self.of_groups is None:
            return PerExample(self.variable, groups.sums(self.values))
        form = self.of_groups(groups)
        if isinstance(form, Ghost):
            # That of the examples themselves, without zeros between them.
            weighted_sum = self.weighted_sum
            form.weighted_sum = lambda weights: weighted_sum(
                groups.of_examples(weights)
            )
        return form


def masked(values: tf.Tensor, examples: tf.Tensor) -> tf.Tensor:
    """Values (batch, ...), but 0 where `examples`, bool (batch,), is False."""
    mask = tf.reshape(examples, (-1, *[1] * (values.shape.rank - 1)))
    return tf.where(mask, values, 0.0)


def outer(variable: keras.Variable, a: tf.Tensor, g: tf.Tensor) -> Ghost:
    """Of a kernel (in, out) that takes a (batch, in) to outputs with gradients g."""
    return Ghost(
        variable,
        lambda: _squares(a) * _squares(g),
        lambda weights: tf.matmul(a, g * weights[:, None], transpose_a=True),
        lambda: a[:, :, None] * g[:, None, :],
        lambda examples: outer(variable, masked(a, examples), masked(g, examples)),
        lambda groups: product(variable, [groups.padded(a)], groups.padded(g)),
    )


def product(
    variable: keras.Variable,
    a: list[tf.Tensor],
    g: tf.Tensor,
    grams: Callable[[], tf.Tensor] | None = None,
) -> PerExample | Ghost:
    """Of a kernel that takes a (batch, positions, in) to (batch, positions, out).

    Args:
        variable: of the shape (..., in, out), its leading axes in `a`.
        a: a list of arrays (batch, positions, in), one for each leading index.
        g: gradients of the outputs, (batch, positions, out). The number of positions
            may be unknown before it runs.
        grams: function without arguments to the products of `a` at each two positions,
            summed over leading indices, (batch, positions, positions), where they cost
            less than from `a`; or None.

    Returns:
        The form that costs less.
    """
    rows, columns = len(a) * a[0].shape[-1], g.shape[-1]
    positions = g.shape[1]  # None if that is not known
    if positions is None or not is_ghost_cheaper(positions, rows, columns):
        return PerExampleBlocks(variable, _blocks(a, g))
    joined = tf.concat(a, axis=-1)

    def square_norms() -> tf.Tensor:
        inputs = grams() if grams else tf.matmul(joined, joined, transpose_b=True)
        outputs = tf.matmul(g, g, transpose_b=True)
        return gram_norms(inputs, outputs, rows, columns)

    def weighted_sum(weights: tf.Tensor) -> tf.Tensor:
        total = tf.tensordot(joined, g * weights[:, None, None], [[0, 1], [0, 1]])
        return tf.reshape(total, variable.shape)

    def only(examples: tf.Tensor) -> PerExample | Ghost:
        parts = [masked(part, examples) for part in a]
        return product(variable, parts, masked(g, examples))

    return Ghost(
        variable,
        square_norms,
        weighted_sum,
        lambda: PerExampleBlocks(variable, _blocks(a, g)).values,
        only,
        lambda groups: product(
            variable, [_joined(groups, part) for part in a], _joined(groups, g)
        ),
    )


def is_ghost_cheaper(positions: int, rows: int, columns: int) -> bool:
    """Whether Gram matrices cost less than the gradients (rows, columns)."""
    return positions**2 * (rows + columns) < _COST_OF_A_VALUE * rows * columns


def gram_norms(
    inputs: tf.Tensor, outputs: tf.Tensor, rows: int, columns: int
) -> tf.Tensor:
    """Squares of the norms of aᵀg, not below them.

    Args:
        inputs, outputs: products of a (batch, t, rows), and of g (batch, t, columns),
            at each two positions, (batch, t, t).
        rows, columns: as above.
    """
    norms = [tf.sqrt(tf.linalg.diag_part(gram)) for gram in (inputs, outputs)]
    sizes = tf.reduce_sum(norms[0] * norms[1], axis=1)
    squares = tf.reduce_sum(inputs * outputs, axis=[1, 2])
    # What squares too small for the processor can add, beside what they meet.
    least = outputs.shape[1] * _LEAST
    lost = tf.linalg.trace(inputs) * (columns * least)
    lost += tf.linalg.trace(outputs) * (rows * least)
    return not_below(squares, tf.square(sizes)) + lost


def not_below(squares: tf.Tensor, terms: tf.Tensor) -> tf.Tensor:
    """Squares of norms, for sums in which large terms may have cancelled.

    Args:
        squares: the sums, as they were computed, (batch,).
        terms: sums of the sizes of their terms, (batch,).
    """
    return tf.maximum(squares, 0.0) + _ROUNDING * terms


def _squares(values: tf.Tensor) -> tf.Tensor:
    """Squares of the norms of values (batch, n), with what is lost of tiny ones."""
    return tf.reduce_sum(tf.square(values), axis=1) + values.shape[1] * _LEAST


def _joined(groups: Groups, values: tf.Tensor) -> tf.Tensor:
    """Values (examples, positions, n) as (units, positions of all examples, n)."""
    padded = groups.padded(values)
    most, positions, width = padded.shape[1:]
    return tf.reshape(padded, (-1, most * positions, width))


def _blocks(a: list[tf.Tensor], g: tf.Tensor) -> list[tf.Tensor]:
    return [tf.matmul(part, g, transpose_a=True) for part in a]


def _flat(values: tf.Tensor) -> tf.Tensor:
    return tf.reshape(values, (-1, math.prod(values.shape[1:])))
