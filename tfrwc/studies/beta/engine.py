"""Where sweeps are trained: in this process, or by Apache Beam.

That is no setting of a study: a sweep's numbers do not depend on it.
"""

from contextlib import contextmanager
from contextvars import ContextVar

_BEAM = ContextVar("options of Beam's pipelines", default=None)


@contextmanager
def beam(options):
    """Train sweeps by Beam within this context.

    Args:
        options: `apache_beam.options.pipeline_options.PipelineOptions`.
    """
    token = _BEAM.set(options)
    try:
        yield
    finally:
        _BEAM.reset(token)


def fit(sweep, x, path):
    """Train a `tfrwc.disentangle.BetaSweep`, or go on with it.

    Args:
        sweep: to be trained.
        x: examples.
        path: .npz file of what to go on from; by Beam a folder beside it, which all
            workers must reach.
    """
    options = _BEAM.get()
    if options is None:
        return sweep.fit(x, path)
    return sweep.fit_on_beam(x, path.with_suffix(""), options=options)
