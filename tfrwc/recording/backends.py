"""What recording has to know of TensorFlow, JAX and PyTorch, each imported only
where it is Keras' backend."""

import importlib
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from tfrwc.compat.extras import keras_backend

with keras_backend():
    import keras

BACKEND = keras.backend.backend()
if BACKEND not in ("tensorflow", "jax", "torch"):
    raise ImportError(
        "RWCCallback records under the backends tensorflow, jax and torch. Received: "
        f"{BACKEND!r}. Set KERAS_BACKEND to one of them before Keras is imported."
    )
_library = importlib.import_module(BACKEND)
# Groups of variables in the state of JAX' trainer.
_STATE = (
    "trainable_variables",
    "non_trainable_variables",
    "optimizer_variables",
    "metrics_variables",
)
if BACKEND == "tensorflow":
    _read = _library.raw_ops.ReadVariableOp
    # NumPy has no name for bfloat16, so that its memory cannot be shared.
    _SHARED = (_library.float32, _library.float64)


def builds_in_first_step() -> bool:
    """Whether `fit` may build a model only in its first step.

    The trainers of JAX and PyTorch build a model before the first callback.
    """
    return bool(BACKEND == "tensorflow")


def is_chief(model: Any) -> bool:
    """Whether this process is the one of a distributed training that writes files."""
    if BACKEND == "tensorflow":
        # A layer in a loop by hand, which is no model, has none of its own.
        strategy = getattr(model, "distribute_strategy", None)
        strategy = strategy or _library.distribute.get_strategy()
        return bool(strategy.extended.should_checkpoint)
    if BACKEND == "jax":
        return bool(_library.process_index() == 0)
    distributed = _library.distributed
    started = distributed.is_available() and distributed.is_initialized()
    return not started or bool(distributed.get_rank() == 0)


def has_compiled_steps(model: Any) -> bool:
    """Whether a training step is compiled, and runs on one device of one process."""
    if BACKEND == "tensorflow":
        return not _library.distribute.has_strategy() and (
            type(model.distribute_strategy).__name__ == "_DefaultDistributionStrategy"
        )
    if BACKEND == "jax":
        alone = bool(_library.process_count() == 1)
        return alone and keras.distribution.distribution() is None
    return False  # PyTorch runs them part by part


def readers(variables: list[Any], model: Any = None) -> list[Callable[[], Any]]:
    """For each variable a function that returns its tensor, as `tensor` does.

    Args:
        variables: list of built `keras.Variable`.
        model: the model in whose `fit` they are called. With JAX, a tensor is then
            taken from the trainer's state while that holds it; `variable.value` would
            first need Keras to attach the state of the whole model.
    """
    if BACKEND == "tensorflow":
        return [_tensorflow_reader(variable) for variable in variables]
    if BACKEND == "torch":
        return [_torch_reader(variable) for variable in variables]
    places = {} if model is None else places_in_state(model)
    return [_jax_reader(v, model, places.get(id(v))) for v in variables]


def _optimizer_variables(model: Any) -> list[Any]:
    """Those that the trainer holds; none of a model that was not compiled."""
    return list(getattr(getattr(model, "optimizer", None), "variables", ()))


def places_in_state(model: Any) -> dict[int, tuple[int, int]]:
    """Where JAX' trainer has the values of a model's variables, by the id of each.

    Returns:
        The number of the group, as in `_STATE`, and the place in it.
    """
    groups = (
        model.trainable_variables,
        model.non_trainable_variables,
        _optimizer_variables(model),
    )
    return {
        id(variable): (number, place)
        for number, group in enumerate(groups)
        for place, variable in enumerate(group)
    }


def logs_of_step(model: Any, result: Any) -> Any:
    """The logs of what a train function returned, and the weights made readable."""
    if BACKEND != "jax":
        return result
    logs, state = result
    # As the trainer does after the call; past Keras' search of attributes for layers,
    # which would take longer than a record.
    vars(model)["_jax_state"] = dict(zip(_STATE, state, strict=True))
    return logs


def host_arrays(tensors: Sequence[Any]) -> list[npt.NDArray[Any]]:
    """Tensors as arrays in host memory, all fetched at once."""
    if BACKEND == "jax" and not _is_in_host_memory(tensors[0]):
        return list(_library.device_get(list(tensors)))
    return [np.asarray(tensor) for tensor in tensors]


def _tensorflow_reader(variable: Any) -> Callable[[], Any]:
    value = variable.value
    if hasattr(value, "values"):  # one copy per replica, or per part
        return value.value  # type: ignore[no-any-return]
    # The same as value.value(), at half its overhead.
    return partial(_read, resource=value.handle, dtype=value.dtype)


def _torch_reader(variable: Any) -> Callable[[], Any]:
    return lambda: variable.value.detach()


def _jax_reader(
    variable: Any, model: Any, place: tuple[int, int] | None
) -> Callable[[], Any]:
    if place is None:
        return lambda: variable.value
    group, number = _STATE[place[0]], place[1]

    def read() -> Any:
        # The trainer takes the values of variables away for as long as it holds them,
        # or (train_on_batch) leaves those from before the step.
        held = not getattr(model, "_jax_state_synced", True)
        if variable._value is None or (held and model._jax_state is not None):
            return model._jax_state[group][number]
        return variable.value

    return read


def tensor(variable: Any) -> Any:
    """The tensor of a variable, without a record of gradients."""
    [read] = readers([variable])
    return read()


def in_host_memory(variables: Iterable[Any]) -> bool:
    """Whether all variables lie whole in memory that NumPy can read in place."""
    return all(_is_in_host_memory(tensor(variable)) for variable in variables)


def _is_in_host_memory(tensor: Any) -> bool:
    if BACKEND == "tensorflow":
        return "CPU" in tensor.device
    if BACKEND == "jax":
        platforms = {device.platform for device in tensor.devices()}
        return platforms == {"cpu"} and bool(tensor.is_fully_replicated)
    return bool(tensor.device.type == "cpu")


def host_array(tensor: Any) -> npt.NDArray[Any]:
    """A tensor in host memory as an array, as a rule without a copy.

    Drop that of a variable before training goes on, which may change the memory that
    it shares.
    """
    array: npt.NDArray[Any]
    if BACKEND == "jax":
        array = np.asarray(tensor)
    elif BACKEND == "tensorflow":
        shared = tensor.dtype in _SHARED
        array = np.asarray(memoryview(tensor)) if shared else tensor.numpy()
    elif tensor.dtype == _library.bfloat16:
        import ml_dtypes

        array = tensor.view(_library.int16).numpy().view(ml_dtypes.bfloat16)
    else:
        array = tensor.numpy()
    return array


def bits(tensor: Any) -> Any:
    """The elements of a tensor, bit by bit, as whole numbers that can be summed."""
    if BACKEND == "tensorflow":
        kind = {1: "int8", 2: "int16", 4: "int32", 8: "int64"}[tensor.dtype.size]
        return _library.cast(_library.bitcast(tensor, kind), "int64")
    if BACKEND == "jax":
        kind = f"uint{8 * min(tensor.dtype.itemsize, 4)}"
        return _library.lax.bitcast_convert_type(tensor, kind).astype("int32")
    kind = getattr(_library, f"int{8 * tensor.dtype.itemsize}")
    return tensor.contiguous().view(kind).to(_library.int64)


def number(tensor: Any) -> float:
    """A tensor of one element as a number."""
    # JAX' own conversion takes five times as long as NumPy's.
    return float(np.asarray(tensor) if BACKEND == "jax" else tensor)


def unchanging(tensor: Any) -> Any:
    """A tensor that stays what it is when training goes on."""
    # A metric may return its state, which PyTorch changes in place.
    return tensor.detach().clone() if BACKEND == "torch" else tensor


def compiled(function: Callable[..., Any], donate: bool = False) -> Callable[..., Any]:
    """A function of tensors, compiled.

    Args:
        function: pure, of lists of tensors.
        donate: whether the memory of its first argument may become that of its
            results; that argument must not be used again.
    """
    step: Callable[..., Any]
    if BACKEND == "jax":
        step = _library.jit(function, donate_argnums=0 if donate else ())
    elif BACKEND == "torch":
        step = _library.no_grad()(function)
    else:
        traced = _library.function(function, autograph=False)
        # One function per callback and model: many of them are no mistake.
        traced._omit_frequent_tracing_warning = True
        step = traced
    return step
