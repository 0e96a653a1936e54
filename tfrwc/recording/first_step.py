"""Models that `fit` builds only within its first step."""

from collections.abc import Callable
from typing import Any

import keras

from tfrwc.recording import backends
from tfrwc.recording.step_hook import hook_of
from tfrwc.recording.watch import has_unbuilt_layers, tensors


def build_before_first_step(
    model: Any, then: Callable[[], None], waits: Callable[[], bool]
) -> None:
    """Have a model built just before the first step of its `fit`, then call `then`.

    A model that is built, or cannot be before its first step, has `then` called now.
    Should that step come late, in a loop by hand, `waits` tells whether to call it.

    Otherwise the trainer would make the initial weights within its first step, at the
    end of which they are gone. The shapes to build from are those of the step's data.

    Raises:
        ValueError: in that step, if the model cannot be built from those shapes.
    """
    if not (backends.builds_in_first_step() and _waits_for_its_weights(model)):
        then()
        return
    if not model.compiled:  # a loop by hand builds it, and nothing tells when
        return
    hook = hook_of(model)
    step = hook.step

    def build_then_step(iterator: Any) -> Any:
        hook.step = step
        if hasattr(iterator, "element_spec"):
            build(iterator.element_spec)
        # train_on_batch, which has none, has built the model before.
        if waits():
            then()
        return hook.step(iterator)

    def build(spec: Any) -> None:
        x, is_built = spec, model.built
        try:
            x, _, _ = keras.utils.unpack_x_y_sample_weight(spec)
            model(
                keras.tree.map_structure(
                    lambda spec: keras.KerasTensor(spec.shape, spec.dtype.name), x
                )
            )
        except Exception as error:  # whatever the model's own code raises
            # A model trained through its parts (a GAN) need not have a `call`, and one
            # that was built may have layers that it never calls.
            if not is_built and has_unbuilt_layers(model, include_self=False):
                raise ValueError(
                    f"Model {model.name!r} was not built before fit, and could not "
                    f"be built from the shapes of its data {x} ({error}). Its "
                    "initial weights are needed: call the model on one batch "
                    "before fit."
                ) from error

    hook.step = build_then_step


def _waits_for_its_weights(model: Any) -> bool:
    if not isinstance(model, keras.Model) or not has_unbuilt_layers(model):
        return False
    # In a loop by hand, a model that is trained through its parts is never built.
    in_fit = model.train_function is not None
    has_all = not has_unbuilt_layers(model, include_self=False) and bool(tensors(model))
    return in_fit or not has_all
