"""Dropout masks of recurrent cells: drawn for a batch, and used again for its rows.

A cell of Keras draws its masks through two methods, once in each call of its layer.
"""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

import keras

_METHODS = ("get_dropout_mask", "get_recurrent_dropout_mask")

Masks: TypeAlias = dict[str, Any]  # by number of the cell and name of the method


def cells_of(layer: keras.Layer) -> list[keras.Layer]:
    """The cells of a layer that draw masks."""
    return [cell for cell in layer._flatten_layers() if hasattr(cell, _METHODS[0])]


@contextlib.contextmanager
def recorded(cells: Sequence[keras.Layer]) -> Iterator[Masks]:
    """Note the masks that cells draw within the block, in the dictionary it yields."""
    masks: Masks = {}

    def recording(key: str, draw: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def drawn(step_input: Any) -> Any:
            return masks.setdefault(key, draw(step_input))

        return drawn

    with _replaced(cells, recording):
        yield masks


@contextlib.contextmanager
def replayed(cells: Sequence[keras.Layer], masks: Masks) -> Iterator[None]:
    """Within the block, cells use masks that were drawn before."""
    with _replaced(cells, lambda key, draw: lambda step_input: masks.get(key)):
        yield


@contextlib.contextmanager
def _replaced(
    cells: Sequence[keras.Layer],
    by: Callable[[str, Callable[[Any], Any]], Callable[[Any], Any]],
) -> Iterator[None]:
    for number, cell in enumerate(cells):
        for name in _METHODS:
            vars(cell)[name] = by(f"{number} {name}", getattr(cell, name))
    try:
        yield
    finally:
        for cell in cells:
            for name in _METHODS:
                del vars(cell)[name]
