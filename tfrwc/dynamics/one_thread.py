"""Many small fits on one thread.

The matrices are small, and where others use the processors, threads of BLAS and OpenMP
that wait for each other take some 15 times as long as one.
"""

from contextlib import AbstractContextManager
from functools import cache

import sklearn.cluster  # noqa: F401  # loads the libraries that are limited
from threadpoolctl import ThreadpoolController


def one_thread() -> AbstractContextManager[object]:
    """Within it, BLAS and OpenMP use one thread in all of the process."""
    limited: AbstractContextManager[object] = _controller().limit(limits=1)
    return limited


@cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()  # looks at all loaded libraries: once is enough
