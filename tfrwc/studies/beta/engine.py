"""Where sweeps are trained: in this process, or by Apache Beam.

That is no setting of a study: a sweep's numbers do not depend on it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import numpy as np

from tfrwc.disentangle import BetaSweep

_BEAM: ContextVar[Any] = ContextVar("options of Beam's pipelines", default=None)


@contextmanager
def beam(options: Any) -> Iterator[None]:
    """Train sweeps by Beam within this context.

    Args:
        options: `apache_beam.options.pipeline_options.PipelineOptions`.
    """
    token = _BEAM.set(options)
    try:
        yield
    finally:
        _BEAM.reset(token)


def fit(sweep: BetaSweep, x: np.ndarray, path: Path | None) -> BetaSweep:
    """Train a `tfrwc.disentangle.BetaSweep`, or go on with it.

    Args:
        sweep: to be trained.
        x: examples.
        path: .npz file of what to go on from; by Beam a folder beside it, which all
            workers must reach.

    Raises:
        ValueError: if Beam is to train it, and there is no path.
    """
    options = _BEAM.get()
    if options is None:
        return sweep.fit(x, path)
    if path is None:
        raise ValueError("Sweeps by Beam need a path for what its workers train.")
    return sweep.fit_on_beam(x, path.with_suffix(""), options=options)
