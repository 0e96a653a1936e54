"""The measures of relative change, a file for each.

>>> print(describe())  # doctest: +ELLIPSIS
l1_ratio            sum |d| / sum |w| (arXiv:2011.06735, eq. 1)
l2_ratio            ‖d‖₂ / ‖w‖₂
...

Here w are the weights before and d is their change. A measure of your own is a
`Measure` that is registered, from then on known by its name to `RWCCallback`,
`Recording.from_checkpoints` and `tfrwc.dynamics.relative_change`. This one is the share
of the weights that change their sign:

>>> import numpy as np
>>> from tfrwc.dynamics import relative_change
>>> from tfrwc.recording.measures import Measure, register
>>> def in_memory(old, new, change, magnitude):
...     return magnitude(change), np.sum(np.sign(old) != np.sign(new)), old.size
>>> def on_device(ops, old, new, change):
...     signs = ops.cast(ops.not_equal(ops.sign(old), ops.sign(new)), old.dtype)
...     return ops.sum(ops.abs(change)), ops.sum(signs), ops.sum(ops.ones_like(old))
>>> register(
...     Measure(
...         name="sign_changes",
...         summary="share of the weights that change their sign",
...         definition=lambda old, change: np.mean(
...             np.sign(old) != np.sign(old + change)
...         ),
...         sums=("sum |d|", "changes of sign", "number of elements"),
...         value=lambda _, signs, size: signs / size,
...         block_sums=in_memory,
...         device_sums=on_device,
...     )
... )
>>> relative_change([1.0, -2.0, 3.0, 4.0], [1.5, 2.0, 3.0, 4.5], "sign_changes")
0.25

A measure that comes with the package is a file in this folder with such an object,
called `MEASURE`.
"""

import pkgutil
from collections.abc import Iterable
from importlib import import_module

from tfrwc._common.registry import Registry
from tfrwc.recording.measures.measure import Measure

__all__ = ["REGISTRY", "Measure", "check_measures", "describe", "lookup", "register"]

REGISTRY: Registry[Measure] = Registry("measure")


def register(measure: Measure) -> None:
    """Make a measure known by its name.

    Raises:
        TypeError: if it is no `Measure`.
        ValueError: if another measure has its name.
    """
    if not isinstance(measure, Measure):
        raise TypeError(
            "register takes a tfrwc.recording.measures.Measure. Received: "
            f"{type(measure).__name__}."
        )
    REGISTRY.register(measure.name, measure)


def lookup(names: Iterable[str]) -> tuple[Measure, ...]:
    """The measures of these names.

    Raises:
        ValueError: if one is not registered.
    """
    return tuple(REGISTRY[name] for name in names)


def check_measures(names: str | Iterable[str]) -> tuple[str, ...]:
    """Return one or more names of measures as a tuple.

    Raises:
        ValueError: if one is not registered or is there twice, or if there is none.
    """
    if isinstance(names, str):
        names = (names,)
    checked = tuple(names) if isinstance(names, Iterable) else ()
    registered = all(isinstance(name, str) and name in REGISTRY for name in checked)
    if not checked or not registered or len(set(checked)) < len(checked):
        raise ValueError(
            f"measures must be one or more of {', '.join(REGISTRY)}, each once. "
            f"Received: {names!r}."
        )
    return checked


def describe() -> str:
    """A table of all measures as text: a line each, with name and formula."""
    width = max(map(len, REGISTRY))
    return "\n".join(
        f"{name:{width}}  {measure.summary}" for name, measure in REGISTRY.items()
    )


def _register_those_of_this_folder() -> None:
    modules = [
        import_module(f"{__name__}.{module.name}")
        for module in pkgutil.iter_modules(__path__)
    ]
    measures = [module.MEASURE for module in modules if hasattr(module, "MEASURE")]
    for measure in sorted(measures, key=lambda measure: (measure.order, measure.name)):
        register(measure)


_register_those_of_this_folder()
