"""The components on TFX: its engine in place of `tfrwc.components.engine.local`.

Steps are those of the local runner, and so are the functions that they run. Here each
becomes a node of a TFX pipeline:

>>> from tfx import v1 as tfx                                  # doctest: +SKIP
>>> pipeline = tfx.dsl.Pipeline(                               # doctest: +SKIP
...     pipeline_name="private", pipeline_root=root, components=nodes(steps), ...
... )

A list of inputs becomes as many inputs, numbered: Kubeflow takes no unions.

Needs TFX, in an environment of its own: see `make tfx-check`.
"""

from tfx.dsl.components.base.base_component import BaseComponent
from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.types import Artifact, ComponentSpec, channel_utils, standard_artifacts
from tfx.types.component_spec import ChannelParameter, ExecutionParameter

from tfrwc import components
from tfrwc.components.engine import artifacts
from tfrwc.components.engine.staging import staged
from tfrwc.components.engine.step import in_order


def artifact_type(kind):
    """The TFX type that has the name of a kind of `Artifact`."""
    standard = getattr(standard_artifacts, kind.__name__, None)
    if standard is not None and standard.TYPE_NAME == kind.TYPE_NAME:
        return standard
    return _OWN.setdefault(
        kind, _class(kind.__name__, Artifact, TYPE_NAME=kind.TYPE_NAME)
    )


def _class(name, base, **attributes):
    return type(name, (base,), {"__module__": __name__} | attributes)


_OWN = {}
TfrwcRecording, TfrwcTrends, TfrwcPrivacyStatement = map(
    artifact_type,
    (
        artifacts.TfrwcRecording,
        artifacts.TfrwcTrends,
        artifacts.TfrwcPrivacyStatement,
    ),
)


def nodes(steps) -> dict:
    """TFX components of steps, by id of step, in an order in which they can run.

    Args:
        steps: list of `tfrwc.components.engine.step.Step`.

    Raises:
        ValueError: as `step.in_order`, or if two components have
            one name.
    """
    made = {}
    for step in in_order(steps):
        made[step.id] = _node(step, made)
    return made


def _node(step, made):
    component = step.component
    channels = {}
    for name, given in step.inputs.items():
        for i, channel in enumerate(given):
            key = f"{name}_{i}" if component.inputs[name].many else name
            channels[key] = made[channel.step.id].outputs[channel.name]
    outputs = {name: artifact_type(kind) for name, kind in component.outputs.items()}
    parameters = component.parameters.items()
    spec = _class(
        f"{component.name}Spec",
        ComponentSpec,
        INPUTS={k: ChannelParameter(type=c.type) for k, c in channels.items()},
        OUTPUTS={k: ChannelParameter(type=kind) for k, kind in outputs.items()},
        PARAMETERS={k: ExecutionParameter(type=kind) for k, kind in parameters},
    )
    node = _class(
        component.name,
        BaseComponent,
        SPEC_CLASS=spec,
        EXECUTOR_SPEC=ExecutorClassSpec(_executor(component)),
    )
    new = {k: channel_utils.as_channel([kind()]) for k, kind in outputs.items()}
    return node(spec(**channels, **new, **step.parameters)).with_id(step.id)


class _Executor(BaseExecutor):
    """Runs the function of a component."""

    COMPONENT = None

    def Do(self, input_dict, output_dict, exec_properties):
        component = self.COMPONENT
        arguments = dict.fromkeys(component.inputs)
        for name, wanted in component.inputs.items():
            if wanted.many:
                arguments[name] = _listed(name, input_dict)
            elif input_dict.get(name):
                [arguments[name]] = input_dict[name]
        for name in component.outputs:
            [arguments[name]] = output_dict[name]
        arguments |= {name: exec_properties[name] for name in component.parameters}
        given = [one for listed in input_dict.values() for one in listed]
        made = [arguments[name] for name in component.outputs]
        with staged(given, made):
            component.function(**arguments)


def _listed(name, inputs):
    """The artifacts of ``<name>_0``, ``<name>_1`` and so on; None if there are none."""
    found, i = [], 0
    while artifacts_of := inputs.get(f"{name}_{i}"):
        found += artifacts_of
        i += 1
    return found or None


def _executor(component):
    """The class that TFX imports by its name, in whichever process the node runs."""
    name = f"{component.name}Executor"
    made = globals().setdefault(name, _class(name, _Executor, COMPONENT=component))
    if made.COMPONENT is not component:
        raise ValueError(
            f"There is another component {component.name}. Give each its own name: TFX "
            "finds them by that."
        )
    return made


for _name in components.__all__:
    _executor(getattr(components, _name))
