"""What a graph of TensorFlow does beside its outputs.

It may write variables, and it may run or keep what is in no variable: functions of
Python, tables, queues, iterators of data sets, files.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from tfrwc.compat.extras import extra

with extra("tensorflow"):
    import tensorflow as tf

_WRITES = re.compile(
    r"Assign\w*VariableOp|Resource(Scatter|Apply|SparseApply)\w+|"
    r"Resource(StridedSliceAssign|CountUpTo)|DestroyResourceOp|"
    r"Stateful(Uniform|StandardNormal|TruncatedNormal|RandomBinomial)\w*|Rng\w+"
)
_OF_FUNCTIONS = "func", "list(func)"  # types of attributes
# Operations that TensorFlow says have a state, which is that of variables, of one
# call, or of a generator of random numbers; or none.
_WITHIN = re.compile(
    rf"{_WRITES.pattern}|ReadVariableOp|VarHandleOp|VarIsInitializedOp|VariableShape|"
    r"ResourceGather\w*|_ReadVariablesOp|DisableCopyOnRead|MakeWeakResourceHandle|"
    r"\w*PartitionedCall|_?(While|If)|Case|XlaCallModule|XlaLaunch|_Arg|_Retval|"
    r"Random\w+|Parameterized\w+|Truncated\w+|Multinomial|NonDeterministicInts|"
    r"\w+CandidateSampler|SampleDistorted\w+|StatelessRandomGetAlg|"
    r"TensorArray\w+|Stack\w*|HashTable\w*|AnonymousHashTable|InitializeTable\w*|"
    r"LookupTable(Find|Size)\w*|Cudnn\w+|Empty|GuaranteeConst|DeviceIndex|Timestamp|"
    r"IsTensorFloat32Enabled|Assert|Print\w*|CheckNumerics\w*"
)


def operations_of(graph: tf.Graph) -> Iterator[tf.Operation]:
    """The operations of a graph, and of the functions that it calls."""
    yield from graph.get_operations()
    for function in graph._functions.values():
        inner = getattr(function, "graph", None)  # those of TensorFlow 1 have none
        if inner is not None:
            yield from operations_of(inner)


def outside_of_variables(
    operations: Iterable[tf.Operation],
) -> Iterator[tuple[tf.Operation, str]]:
    """Of some operations, those that run or keep what is in no variable.

    Printing is none of them.

    Yields:
        An operation, and the type of what it is, or of what is in the functions that it
        calls.
    """
    for operation in operations:
        kinds = [operation.type] if _kind(operation).is_outside else []
        for inner in _functions_of(operation):
            kinds += [kind for _, kind in outside_of_variables(inner.get_operations())]
        if kinds:
            yield operation, kinds[0]


def written_by(operations: Iterable[tf.Operation]) -> list[tf.Tensor]:
    """The handles, among their inputs, of variables that some operations may write."""
    written = []
    for operation in operations:
        if _WRITES.fullmatch(operation.type):
            written.append(operation.inputs[0])
        for inner in _functions_of(operation):
            places = {tensor.name: i for i, tensor in enumerate(inner.inputs)}
            # What a condition or a case depends on comes before what is handed on.
            given = list(operation.inputs)[-len(places) :]
            handles = map(_handed_on, written_by(inner.get_operations()))
            written += [given[places[h.name]] for h in handles if h.name in places]
    return written


def outside_of_graphs(tensor: tf.Tensor) -> tf.Tensor | None:
    """What graphs have captured as a tensor of theirs; None if it is made in one."""
    tensor = _handed_on(tensor)
    while tf.is_symbolic_tensor(tensor):
        captures = getattr(tensor.graph, "captures", ())
        outer = [known for known, inner in captures if inner.name == tensor.name]
        if not outer:
            return None
        tensor = outer[0]
    return tensor


def written_in(graph: tf.Graph) -> list[tf.Tensor]:
    """The handles, outside of all graphs, of the variables that a graph may write."""
    known = map(outside_of_graphs, written_by(graph.get_operations()))
    return list({id(handle): handle for handle in known if handle is not None}.values())


class _Kind(NamedTuple):
    """What is the same for all operations of a type.

    Attributes:
        is_outside: whether they run or keep what is in no variable.
        functions: names of their attributes that are functions.
    """

    is_outside: bool
    functions: tuple[str, ...]


_KINDS: dict[str, _Kind] = {}  # as each look at a definition takes a while


def _kind(operation: tf.Operation) -> _Kind:
    if operation.type not in _KINDS:
        definition = operation.op_def
        is_outside = definition.is_stateful and not _WITHIN.fullmatch(operation.type)
        functions = [a.name for a in definition.attr if a.type in _OF_FUNCTIONS]
        _KINDS[operation.type] = _Kind(
            is_outside or operation.type == "PyFuncStateless", tuple(functions)
        )
    return _KINDS[operation.type]


def _functions_of(operation: tf.Operation) -> Iterator[tf.Graph]:
    for name in _kind(operation).functions:
        value = operation.get_attr(name)
        for function in value if isinstance(value, list) else [value]:
            known = operation.graph._functions.get(function.name)
            inner = getattr(known, "graph", None)
            if inner is not None:
                yield inner


def _handed_on(tensor: tf.Tensor) -> tf.Tensor:
    while tf.is_symbolic_tensor(tensor) and tensor.op.type == "Identity":
        tensor = tensor.op.inputs[0]
    return tensor
