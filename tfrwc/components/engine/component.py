"""Components: functions of artifacts and parameters, as steps of a pipeline.

A function becomes a component by its annotations, which are those of TFX:

>>> from tfrwc.components.engine.artifacts import Examples, Model
>>> @component
... def Trainer(
...     examples: InputArtifact[Examples],
...     model: OutputArtifact[Model],
...     epochs: Parameter[int] = 10,
... ):
...     ...

Called with keywords, it does not run but makes a step; outputs of steps are inputs of
others:

>>> trained = Trainer(examples=data.outputs["examples"])  # doctest: +SKIP

An engine (`local`, beside this file) runs steps, and calls the function with artifacts
and parameters. Annotations are read as they are, so that a module of components must
not have ``from __future__ import annotations``.
"""

import inspect
import math
import re
from dataclasses import dataclass

from tfrwc.components.engine.artifacts import Artifact
from tfrwc.components.engine.step import Channel, Step

_BY_KEYWORD = (
    inspect.Parameter.POSITIONAL_OR_KEYWORD,
    inspect.Parameter.KEYWORD_ONLY,
)


@dataclass(frozen=True)
class _Annotation:
    role: str
    type: type
    many: bool = False


class InputArtifact:
    """``InputArtifact[T]``, or ``InputArtifact[list[T]]`` of one or more.

    An input whose default is None may be left out of a step.
    """

    def __class_getitem__(cls, kind):
        if getattr(kind, "__origin__", None) is list:
            return _Annotation("input", _artifact_type(kind.__args__[0]), many=True)
        return _Annotation("input", _artifact_type(kind))


class OutputArtifact:
    """``OutputArtifact[T]``."""

    def __class_getitem__(cls, kind):
        return _Annotation("output", _artifact_type(kind))


class Parameter:
    """``Parameter[int]``, or of float, str or bool."""

    def __class_getitem__(cls, kind):
        if kind not in (int, float, str, bool):
            raise TypeError(
                f"A parameter is an int, float, str or bool. Received: {kind!r}."
            )
        return _Annotation("parameter", kind)


def _artifact_type(kind):
    if isinstance(kind, type) and issubclass(kind, Artifact) and kind.TYPE_NAME:
        return kind
    raise TypeError(
        "Annotate inputs and outputs with a type of tfrwc.components.engine.artifacts. "
        f"Received: {kind!r}."
    )


class Component:
    """See the module; made by `component`.

    Attributes:
        name: of the function.
        function: called by engines, with keywords.
        inputs: annotation by name.
        outputs: artifact type by name.
        parameters: type by name.
        defaults: of parameters, and None of inputs that may be left out.

    Raises:
        TypeError: if an argument is not annotated with one of the three, or cannot be
            given by keyword, or has a default of another type.
    """

    def __init__(self, function):
        self.name, self.function = function.__name__, function
        self.__doc__, self.__module__ = function.__doc__, function.__module__
        self.inputs, self.outputs, self.parameters, self.defaults = {}, {}, {}, {}
        for name, argument in inspect.signature(function).parameters.items():
            found = argument.annotation
            if not isinstance(found, _Annotation):
                raise TypeError(
                    f"Annotate the argument {name!r} of {self.name} with InputArtifact,"
                    f" OutputArtifact or Parameter. Received: {found!r}."
                )
            if argument.kind not in _BY_KEYWORD:
                raise TypeError(
                    f"Engines give arguments by keyword. {self.name} has the argument "
                    f"{argument}, of the kind: {argument.kind.description}."
                )
            if found.role == "input":
                self.inputs[name] = found
            elif found.role == "output":
                self.outputs[name] = found.type
            else:
                self.parameters[name] = found.type
            if argument.default is not inspect.Parameter.empty:
                self.defaults[name] = self._default(name, found, argument.default)
        for name in self.inputs:
            stem = re.sub(r"_[0-9]+$", "", name)
            if stem != name and stem in self.inputs and self.inputs[stem].many:
                raise TypeError(
                    f"{self.name} has the inputs {stem}, a list, and {name}, by which "
                    "TFX knows an element of that list. Give one another name."
                )

    def _default(self, name, found, value):
        if found.role == "parameter":
            return self._parameter(name, value)
        if found.role == "input" and value is None:
            return None
        raise TypeError(
            f"Of an input the default can be None, and an output has none. {self.name} "
            f"has {name}={value!r}."
        )

    def __call__(self, **arguments) -> Step:
        """Make a step.

        Raises:
            TypeError: for arguments that are unknown, missing or of another type.
            ValueError: for a number that is not finite.
        """
        known = [*self.inputs, *self.parameters]
        arguments = self.defaults | arguments
        missing = [name for name in known if name not in arguments]
        unknown = [name for name in arguments if name not in known]
        if missing or unknown:
            raise TypeError(
                f"{self.name} takes {', '.join(known)}. Missing: "
                f"{', '.join(missing) or 'none'}; unknown: "
                f"{', '.join(unknown) or 'none'}."
            )
        return Step(
            self,
            {
                name: self._channels(name, arguments[name])
                for name in self.inputs
                if arguments[name] not in (None, []) or name not in self.defaults
            },
            {name: self._parameter(name, arguments[name]) for name in self.parameters},
        )

    def _channels(self, name, value):
        wanted = self.inputs[name]
        channels = list(value) if wanted.many and isinstance(value, list) else [value]
        for channel in channels or [value]:
            if not isinstance(channel, Channel) or channel.type is not wanted.type:
                raise TypeError(
                    f"The input {name} of {self.name} takes "
                    f"{'a list of ' if wanted.many else ''}{wanted.type.TYPE_NAME}. "
                    f"Received: {channel!r}."
                )
        return channels

    def _parameter(self, name, value):
        kind = self.parameters[name]
        if kind is float and type(value) is int:
            value = float(value)
        if type(value) is not kind:
            raise TypeError(
                f"The parameter {name} of {self.name} is of type {kind.__name__}. "
                f"Received: {value!r}."
            )
        if kind is int and not -(2**63) <= value < 2**63:
            raise ValueError(
                f"The parameter {name} of {self.name} must fit into 64 bits, as ML "
                f"Metadata keeps numbers. Received: {value!r}."
            )
        if kind is float and not math.isfinite(value):
            raise ValueError(
                f"The parameter {name} of {self.name} must be finite, as ML Metadata "
                f"keeps numbers. Received: {value!r}."
            )
        return value


def component(function) -> Component:
    """Make a component of a function; see the module."""
    return Component(function)
