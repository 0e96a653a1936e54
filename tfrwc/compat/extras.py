"""Packages that only a part of this one needs, and how to get them."""

import contextlib
from collections.abc import Iterator


class MissingPackageError(ImportError):
    """A package is not installed; the message has the command that installs it."""


@contextlib.contextmanager
def extra(name: str) -> Iterator[None]:
    """Imports in this context say how to install what is missing.

    >>> with extra("vae"):  # doctest: +SKIP
    ...     import tensorflow_probability

    Args:
        name: of the extra in setup.py that brings the packages.

    Raises:
        MissingPackageError: if a package is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        # A missing module of a package that is there has another cause.
        if error.name is None or "." in error.name:
            raise
        raise MissingPackageError(
            f"This needs the package {error.name}, which is not installed here. "
            f'Install it with: pip install "tfrwc[{name}]"',
            name=error.name,
        ) from error


@contextlib.contextmanager
def keras_backend() -> Iterator[None]:
    """Imports of Keras in this context say what to do where its backend is missing.

    Raises:
        MissingPackageError: if it is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name not in ("tensorflow", "jax", "torch"):
            raise
        raise MissingPackageError(
            f"Keras is set to the backend {error.name}, which is not installed here. "
            f"Set KERAS_BACKEND to one that is (tensorflow, jax or torch), or install "
            'one, for example with: pip install "tfrwc[tensorflow]"',
            name=error.name,
        ) from error
