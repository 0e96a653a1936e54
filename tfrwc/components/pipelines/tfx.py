"""The components of this package on TFX.

>>> from tfx import v1 as tfx                                  # doctest: +SKIP
>>> from tfrwc.components.pipelines.tfx import nodes           # doctest: +SKIP
>>> pipeline = tfx.dsl.Pipeline(                               # doctest: +SKIP
...     pipeline_name="private", pipeline_root=root,
...     components=list(nodes(steps).values()),
... )

TFX imports the executor of a node by its name, in whichever process the node runs:
``tfrwc.components.pipelines.tfx.RWCTrainerExecutor`` is made when it is asked for.

Needs TFX, in an environment of its own: see `make tfx-check`.
"""

from collections.abc import Iterable
from typing import Any

from tfrwc import components
from tfrwc.components.engine import tfx
from tfrwc.components.engine.step import Step


def nodes(steps: Iterable[Step]) -> dict[str, Any]:
    """TFX components of steps; see `tfrwc.components.engine.tfx.nodes`.

    Args:
        steps: of components of this package, or of others, which only a process that
            called this can run.

    Raises:
        ValueError: as `tfrwc.components.engine.tfx.nodes`.
    """
    steps = list(steps)
    for step in steps:
        if step.component.name in components.__all__:
            # So that another component of that name is refused.
            __getattr__(f"{step.component.name}Executor")
    return tfx.nodes(steps, executors=__name__)


def __getattr__(name: str) -> Any:
    component = name.removesuffix("Executor")
    if component == name or component not in components.__all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return tfx.executor(getattr(components, component), __name__)
