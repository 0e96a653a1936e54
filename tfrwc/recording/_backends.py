"""What recording has to know of TensorFlow, JAX and PyTorch, each imported only
where it is Keras' backend."""

import importlib

import keras
import numpy as np

BACKEND = keras.backend.backend()
if BACKEND not in ("tensorflow", "jax", "torch"):
    raise ImportError(
        "RWCCallback records under the backends tensorflow, jax and torch. Received: "
        f"{BACKEND!r}. Set KERAS_BACKEND to one of them before Keras is imported."
    )
_library = importlib.import_module(BACKEND)
if BACKEND == "tensorflow":
    _read = _library.raw_ops.ReadVariableOp
    # NumPy has no name for bfloat16, so that its memory cannot be shared.
    _SHARED = (_library.float32, _library.float64)


def builds_in_first_step() -> bool:
    """Whether `fit` may build a model only in its first step.

    The trainers of JAX and PyTorch build a model before the first callback.
    """
    return BACKEND == "tensorflow"


def is_chief(model) -> bool:
    """Whether this process is the one of a distributed training that writes files."""
    if BACKEND == "tensorflow":
        return model.distribute_strategy.extended.should_checkpoint
    if BACKEND == "jax":
        return _library.process_index() == 0
    distributed = _library.distributed
    started = distributed.is_available() and distributed.is_initialized()
    return not started or distributed.get_rank() == 0


def tensor(variable):
    """The tensor of a variable, without a record of gradients."""
    value = variable.value
    if BACKEND == "torch":
        return value.detach()
    if BACKEND == "tensorflow":
        if hasattr(value, "values"):  # one copy per replica, or per part
            return value.value()
        # The same as value.value(), at half its overhead.
        return _read(resource=value.handle, dtype=value.dtype)
    return value


def in_host_memory(variables) -> bool:
    """Whether all variables lie whole in memory that NumPy can read in place."""
    return all(_is_in_host_memory(tensor(variable)) for variable in variables)


def _is_in_host_memory(tensor):
    if BACKEND == "tensorflow":
        return "CPU" in tensor.device
    if BACKEND == "jax":
        platforms = {device.platform for device in tensor.devices()}
        return platforms == {"cpu"} and tensor.is_fully_replicated
    return tensor.device.type == "cpu"


def host_array(variable):
    """A variable in host memory as an array, as a rule without a copy.

    Drop it before training goes on, which may change the memory that it shares.
    """
    value = tensor(variable)
    if BACKEND == "jax":
        return np.asarray(value)
    if BACKEND == "tensorflow":
        return (
            np.asarray(memoryview(value)) if value.dtype in _SHARED else value.numpy()
        )
    if value.dtype == _library.bfloat16:
        import ml_dtypes

        return value.view(_library.int16).numpy().view(ml_dtypes.bfloat16)
    return value.numpy()


def number(value) -> float:
    """A scalar tensor or variable as a number."""
    if isinstance(value, keras.Variable):
        value = tensor(value)
    return float(value)


def compiled(function, donate=False):
    """A function of tensors, compiled.

    Args:
        function: pure, of lists of tensors.
        donate: whether the memory of its first argument may become that of its
            results; that argument must not be used again.
    """
    if BACKEND == "jax":
        return _library.jit(function, donate_argnums=0 if donate else ())
    if BACKEND == "torch":
        return _library.no_grad()(function)
    step = _library.function(function, autograph=False)
    # One function per callback and model: many of them are no mistake.
    step._omit_frequent_tracing_warning = True
    return step
