"""The table of models: how each is built, and what its files do not tell."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

MODELS = {}


@dataclass(frozen=True)
class RealModel:
    """A model, and what is expected of its checkpoints.

    Attributes:
        build: a function that returns a built and compiled model, or one with the
            inputs and targets of its training.
        epochs: of its training.
        trains_by_noise: whether weights change by random numbers, since a compiled
            step of so large a network takes minutes to make.
        untold: why a ``.keras`` file does not tell all; empty if it tells all.
        known_depths: how many of the rows have a depth nevertheless.
        other_kernels: why files without a model have other kernels than the callback,
            and in `more` and `fewer` paths that end so.
        no_kernels: what the error says where a callback has no kernels to watch.
        refused: what the error says for files without a model.
        refused_by_model: what it says for files with ``model=``.
        sees_first_epoch: whether the weights before the first epoch can be saved.
    """

    build: Callable[[], Any]
    epochs: int = 2
    trains_by_noise: bool = False
    untold: str = ""
    known_depths: int = 0
    other_kernels: str = ""
    more: tuple[str, ...] = ()
    fewer: tuple[str, ...] = ()
    no_kernels: str = ""
    refused: str = ""
    refused_by_model: str = ""
    sees_first_epoch: bool = True

    def has_for_kernel(self, row: Any) -> bool:
        """Whether files without a model have a weight among the kernels."""
        if self.more and row.path.endswith(self.more):
            return True
        return row.is_kernel and not (self.fewer and row.path.endswith(self.fewer))


def model(needs: bool = True, **options: Any) -> Callable[[Any], Any]:
    """Register the function below as a model.

    Args:
        needs: whether this version of Keras has what it takes.
        options: of `RealModel`.
    """

    def register(build: Callable[[], Any]) -> Callable[[], Any]:
        if needs:
            MODELS[build.__name__] = RealModel(build, **options)
        return build

    return register
