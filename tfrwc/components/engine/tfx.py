"""TFX in place of `tfrwc.components.engine.local`: steps as nodes of its pipelines.

Steps are those of the local runner, and so are the functions that they run. A list of
inputs becomes as many inputs, numbered, because Kubeflow takes no unions.

Needs TFX, in an environment of its own: see `make tfx-check`.
"""

import json
import sys
import warnings
from collections.abc import Iterable
from typing import Any

from tfx.dsl.components.base.base_component import BaseComponent
from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.orchestration.data_types import RuntimeParameter
from tfx.types import Artifact, ComponentSpec, channel_utils, standard_artifacts
from tfx.types.component_spec import ChannelParameter, ExecutionParameter

from tfrwc.components.engine import artifacts
from tfrwc.components.engine.budget import check_no_budget
from tfrwc.components.engine.component import Component
from tfrwc.components.engine.identity import check_reads, identity, unknown
from tfrwc.components.engine.staging import staged
from tfrwc.components.engine.step import Step, in_order
from tfrwc.datasets.fingerprint import fingerprint


def artifact_type(kind: type[artifacts.Artifact]) -> type:
    """The TFX type that has the name of a type of artifacts of this package."""
    standard: type | None = getattr(standard_artifacts, kind.__name__, None)
    if standard and getattr(standard, "TYPE_NAME", None) == kind.TYPE_NAME:
        return standard
    if kind not in _OWN_TYPES:
        _OWN_TYPES[kind] = _class(
            kind.__name__, Artifact, __name__, TYPE_NAME=kind.TYPE_NAME
        )
    return _OWN_TYPES[kind]


def _class(name: str, base: type, module: str, **attributes: Any) -> type:
    return type(name, (base,), {"__module__": module} | attributes)


# Names of a parameter of each step, and of a property of each of its outputs.
_IDENTITY, _FINGERPRINT = "tfrwc_identity", "tfrwc_fingerprint"
_OWN_TYPES: dict[type[artifacts.Artifact], type] = {}
# TFX imports them by these names.
TfrwcRecording = artifact_type(artifacts.TfrwcRecording)
TfrwcTrends = artifact_type(artifacts.TfrwcTrends)
TfrwcPrivacyStatement = artifact_type(artifacts.TfrwcPrivacyStatement)


def nodes(steps: Iterable[Step], executors: str = __name__) -> dict[str, Any]:
    """TFX components of steps.

    Args:
        steps: in any order.
        executors: name of the module, imported already, by which other processes find
            the executors of the components.

    Returns:
        TFX components by id of step, in an order in which they can run.

    Raises:
        ValueError: if steps share an id, one that is needed is missing, or two
            components have one name.
    """
    done: dict[str, Any] = {}
    for step in in_order(steps):
        done[step.id] = _node(step, done, executors)
    return done


def _node(step: Step, done: dict[str, Any], executors: str) -> Any:
    component = step.component
    channels = {}
    for name, inputs in step.inputs.items():
        for i, channel in enumerate(inputs):
            key = f"{name}_{i}" if component.inputs[name].many else name
            channels[key] = done[channel.step.id].outputs[channel.name]
    outputs = {name: artifact_type(kind) for name, kind in component.outputs.items()}
    kinds = component.parameters | {_IDENTITY: str}
    parameters = step.parameters | {_IDENTITY: _identity(step)}
    for name, asked in step.asked.items():
        parameters[name] = RuntimeParameter(
            asked, component.parameters[name], step.parameters[name]
        )
    spec = _class(
        f"{component.name}Spec",
        ComponentSpec,
        __name__,
        INPUTS={k: ChannelParameter(type=c.type) for k, c in channels.items()},
        OUTPUTS={k: ChannelParameter(type=kind) for k, kind in outputs.items()},
        PARAMETERS={k: ExecutionParameter(type=kind) for k, kind in kinds.items()},
    )
    node = _class(
        component.name,
        BaseComponent,
        __name__,
        SPEC_CLASS=spec,
        EXECUTOR_SPEC=ExecutorClassSpec(executor(component, executors)),
    )
    new = {k: channel_utils.as_channel([kind()]) for k, kind in outputs.items()}
    return node(spec(**channels, **new, **parameters)).with_id(step.id)


def _identity(step: Step) -> str:
    """What TFX knows code and files by; for its caches, that is one more parameter."""
    try:
        known = identity(step)
        if step.asked and known["reads"]:
            # It may be other files than those that are known here.
            known["reads"] = unknown()
    except (OSError, ValueError, KeyError) as error:
        warnings.warn(
            f"What {step.id} reads is not here ({error}), so that caches cannot know "
            "it. It will run each time that its pipeline is made.",
            RuntimeWarning,
            stacklevel=4,
        )
        known = {"reads": unknown()}
    return json.dumps(known, sort_keys=True)


def executor(component: Component, module: str) -> type:
    """The class that runs a component, as an attribute of a module.

    TFX imports it by its name, such as ``RWCTrainerExecutor``, from that module.

    Args:
        component: to be run.
        module: name of a module that is imported already.

    Raises:
        ValueError: if the module has the executor of another component of that name.
    """
    name = f"{component.name}Executor"
    attributes = vars(sys.modules[module])
    if name not in attributes:
        attributes[name] = _class(name, _Executor, module, COMPONENT=component)
    if attributes[name].COMPONENT is not component:
        raise ValueError(
            f"There is another component {component.name}. Give each its own name: TFX "
            "finds them by that."
        )
    executor_class: type = attributes[name]
    return executor_class


class _Executor(BaseExecutor):
    """Runs the function of a component."""

    COMPONENT: Component

    def Do(
        self,
        input_dict: dict[str, list[Any]],
        output_dict: dict[str, list[Any]],
        exec_properties: dict[str, Any],
    ) -> None:
        component = self.COMPONENT
        arguments: dict[str, Any] = dict.fromkeys(component.inputs)
        for name, annotation in component.inputs.items():
            if annotation.many:
                arguments[name] = _listed(name, input_dict)
            elif input_dict.get(name):
                [arguments[name]] = input_dict[name]
        for name in component.outputs:
            [arguments[name]] = output_dict[name]
        parameters = {name: exec_properties[name] for name in component.parameters}
        reads = json.loads(exec_properties[_IDENTITY])["reads"]
        inputs = [artifact for listed in input_dict.values() for artifact in listed]
        outputs = [arguments[name] for name in component.outputs]
        check_no_budget(artifact.uri for artifact in outputs)
        component.check(**parameters)  # as those that are asked for were not yet
        check_reads(component.name, component, parameters, reads)
        with staged(inputs, outputs):
            _check_whole(inputs)
            component.function(**arguments, **parameters)
            check_reads(component.name, component, parameters, reads)
            for artifact in outputs:
                made = fingerprint(artifact.uri, times=False)
                artifact.set_string_custom_property(_FINGERPRINT, made)


def _check_whole(inputs: Iterable[Any]) -> None:
    """Check that inputs of this package's components are as they were made."""
    for artifact in inputs:
        was = artifact.get_string_custom_property(_FINGERPRINT)
        if was and was != fingerprint(artifact.uri, times=False):
            raise OSError(
                f"{artifact.uri} was altered after it was made. Delete that folder to "
                "have it made again."
            )


def _listed(name: str, inputs: dict[str, list[Any]]) -> list[Any] | None:
    """The artifacts of ``<name>_0``, ``<name>_1`` and so on; None if there are none."""
    listed: list[Any] = []
    i = 0
    while artifacts_of := inputs.get(f"{name}_{i}"):
        listed += artifacts_of
        i += 1
    return listed or None
