"""What a private step does beside its sums of gradients, looked at as it is traced.

Metrics may change themselves alone, and what comes after the noise may use nothing of
the batch but noisy gradients. A step that runs in Python cannot be looked at.
"""

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import keras

from tfrwc.compat.extras import extra
from tfrwc.compat.graph_effects import (
    outside_of_graphs,
    outside_of_variables,
    written_by,
)
from tfrwc.privacy.sgd.independence.training_state import (
    is_seed,
    name_of,
    variables_of,
)
from tfrwc.privacy.sgd.operations import layer_of

with extra("privacy"):
    import tensorflow as tf


@contextlib.contextmanager
def measuring(
    model: keras.Model,
    own: Sequence[keras.Variable],
    others: Sequence[keras.Variable] = (),
) -> Iterator[list[Any]]:
    """Within the block, metrics are computed, which may not write what a step uses.

    Args:
        model: that is trained or evaluated.
        own: variables of the metrics.
        others: variables that are no metric's, beside those of the model.

    Yields:
        A list, to which operations are added that do what no graph shows.

    Raises:
        ValueError: if an operation may write a variable of the model, but for seeds, or
            one that is no metric's and that the graph has used before.
    """
    graph = _graph()
    outside: list[Any] = []
    if graph is None:
        yield outside
        return
    variables = [*variables_of(model), *(v.value for v in others)]
    by_handle = {id(v.handle): v for v in variables}
    kept = _captured(graph) - {id(v.value.handle) for v in own} | by_handle.keys()
    before = len(graph.get_operations())
    yield outside
    operations = graph.get_operations()[before:]
    outside += outside_of_variables(operations)
    for handle in map(outside_of_graphs, written_by(operations)):
        variable = by_handle.get(id(handle))
        if id(handle) in kept and (variable is None or not is_seed(variable, model)):
            name = "a variable" if variable is None else name_of(variable, model)
            raise ValueError(
                f"A metric, the loss, or the model in evaluation changes {name}, which "
                "training uses, by the batch and without noise. Metrics may change "
                "their own variables alone, and layers none."
            )


@contextlib.contextmanager
def after_noise(model: keras.Model, known: Sequence[tf.Tensor]) -> Iterator[None]:
    """Within the block, nothing may be computed from tensors that were made before.

    Args:
        model: that is trained.
        known: tensors that say nothing of the batch but what has noise.

    Raises:
        ValueError: if an operation takes another one of before.
    """
    graph = _graph()
    if graph is None:
        yield
        return
    before = len(graph.get_operations())
    yield
    operations = graph.get_operations()[before:]
    late = {operation.name for operation in operations}
    allowed = {tensor.name for tensor in known}
    captures = getattr(graph, "captures", ())
    allowed |= {t.name for outer, t in captures if outside_of_graphs(outer) is not None}
    for operation in operations:
        for tensor in operation.inputs:
            maker = tensor.op
            if maker.name in late or maker.type == "Const" or tensor.name in allowed:
                continue
            layer = layer_of(maker.name, [model])
            where = f"layer {layer!r}" if layer else f"operation {maker.name!r}"
            raise ValueError(
                "A regularizer, a constraint, the learning rate or the optimizer "
                f"computes with something of the batch, of {where}, which has neither "
                "clip nor noise. They may use the weights and the gradients of a step "
                "alone."
            )


def _captured(graph: Any) -> set[int]:
    """Ids of what a graph, and those around it, have captured outside of all graphs."""
    captured: set[int] = set()
    while graph is not None:
        outer = (known for known, _ in getattr(graph, "captures", ()))
        captured |= {id(known) for known in outer if not tf.is_symbolic_tensor(known)}
        graph = getattr(graph, "outer_graph", None)
    return captured


def _graph() -> Any:
    return None if tf.executing_eagerly() else tf.compat.v1.get_default_graph()
