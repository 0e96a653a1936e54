"""What the machine of a step has on Kubeflow: processors, memory, an accelerator."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tfrwc._common.checks import is_number, whole_number


@dataclass(frozen=True)
class Resources:
    """Of one step.

    Args:
        cpu: how many virtual processors it may have, such as 4, or 0.5.
        memory: how much memory it may have, in GB.
        accelerator: its type by the name that the platform has for it, such as
            "NVIDIA_TESLA_T4" on Vertex AI, or "nvidia.com/gpu" on Kubeflow; empty for
            none.
        accelerators: how many of that type.

    Raises:
        ValueError: if what must be a number is none above 0.
    """

    cpu: float
    memory: float
    accelerator: str = ""
    accelerators: int = 1

    def __post_init__(self) -> None:
        for name in ("cpu", "memory"):
            value = getattr(self, name)
            if not (is_number(value) and value > 0):
                raise ValueError(
                    f"{name} must be a number above 0. Received: {value!r}."
                )
        whole_number(self.accelerators, "accelerators")

    def specification(self) -> Any:
        """As the specification of a pipeline has it."""
        # Only here, as TFX runs elsewhere without it.
        from kfp.pipeline_spec.pipeline_spec_pb2 import PipelineDeploymentConfig

        kind = PipelineDeploymentConfig.PipelineContainerSpec.ResourceSpec
        spec = kind(cpu_limit=self.cpu, memory_limit=self.memory)
        if self.accelerator:
            spec.accelerator.type = self.accelerator
            spec.accelerator.count = self.accelerators
        return spec


def provide(nodes: Iterable[Any], resources: Mapping[str, Resources]) -> None:
    """Give TFX components their machines; others get what the platform gives.

    Args:
        nodes: TFX components.
        resources: by name of the component, such as ``"RWCTrainer"``, for all steps of
            it; or by the id of one step, which comes before that.

    Raises:
        ValueError: if there is none of a name.
    """
    nodes = list(nodes)
    names = {name for node in nodes for name in _names(node)}
    if unknown := sorted(resources.keys() - names):
        raise ValueError(
            f"No step and no component of the pipeline is called {', '.join(unknown)}. "
            f"There are: {', '.join(sorted(names))}."
        )
    for node in nodes:
        given = [resources[name] for name in _names(node) if name in resources]
        if given:
            node.with_platform_config(given[0].specification())


def _names(node: Any) -> tuple[str, str]:
    return node.id, type(node).__name__
