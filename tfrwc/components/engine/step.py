"""Steps of a pipeline: components with what they are given."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tfrwc.components.engine.artifacts import Artifact

if TYPE_CHECKING:
    from tfrwc.components.engine.component import Component

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


@dataclass(frozen=True)
class Channel:
    """An output of a step, before there is any artifact.

    Attributes:
        step: that will make it.
        name: of the output.
        type: of the artifact.
    """

    step: "Step"
    name: str
    type: type[Artifact]

    def __repr__(self) -> str:
        return f"{self.step.id}.outputs[{self.name!r}] ({self.type.TYPE_NAME})"


@dataclass(eq=False)
class Step:
    """A component with its inputs and parameters.

    Attributes:
        component: that it runs.
        inputs: list of `Channel` by name, without those left out.
        parameters: value by name.
        id: unique in a pipeline; by default the component's name.
        asked: by parameter, under what name TFX asks for it when the pipeline is run.
        outputs: `Channel` by name.
    """

    component: "Component"
    inputs: dict[str, list[Channel]]
    parameters: dict[str, Any]
    id: str = ""
    asked: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, Channel] = field(init=False)

    def __post_init__(self) -> None:
        self.id = self.id or self.component.name
        self.outputs = {
            name: Channel(self, name, kind)
            for name, kind in self.component.outputs.items()
        }

    def ask(self, parameter: str, name: str) -> "Step":
        """Have TFX ask for a parameter when the pipeline is run; its value here is then
        the default, and is what the local runner takes.

        Args:
            parameter: of the component.
            name: under which it is asked for; several steps may have one name.

        Returns:
            The step itself.

        Raises:
            ValueError: if there is no such parameter, or it is a bool, which TFX
                cannot ask for.
        """
        if self.component.parameters.get(parameter, bool) is bool:
            raise ValueError(
                f"{self.component.name} has no parameter {parameter!r} that can be "
                f"asked for. It has {', '.join(self.parameters) or 'none'}."
            )
        self.asked[parameter] = name
        return self

    def with_id(self, identifier: str) -> "Step":
        """Name this step, where a component is used more than once.

        Returns:
            The step itself.

        Raises:
            ValueError: if it could not be the name of a folder everywhere.
        """
        if not isinstance(identifier, str) or not _ID.fullmatch(identifier):
            raise ValueError(
                "A step's id has letters, digits, '_', '.' and '-', and begins with "
                f"one of the first two. Received: {identifier!r}."
            )
        self.id = identifier
        return self


def in_order(steps: Iterable[Step]) -> list[Step]:
    """Steps, each after those whose outputs it takes; otherwise in their own order.

    Raises:
        ValueError: if two have one id, or one takes outputs of a step that is not
            among them.
    """
    steps = list(steps)
    done: dict[str, Step] = {}
    ids = [step.id for step in steps]
    if repeated := sorted({name for name in ids if ids.count(name) > 1}):
        raise ValueError(
            f"Several steps are called {', '.join(repeated)}. Name them by with_id."
        )

    def needed(step: Step) -> list[Step]:
        return [channel.step for taken in step.inputs.values() for channel in taken]

    # By a stack, not by recursion: pipelines can be longer than that is deep.
    stack = steps[::-1]
    while stack:
        step = stack[-1]
        if step not in steps:
            raise ValueError(
                f"{step.id} is missing: a step takes its outputs, but it is not in the "
                "pipeline."
            )
        before = [other for other in needed(step) if other.id not in done]
        if before:
            stack += before[::-1]
        else:
            done.setdefault(stack.pop().id, step)
    return list(done.values())
